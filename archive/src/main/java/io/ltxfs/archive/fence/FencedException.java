package io.ltxfs.archive.fence;

import io.ltxfs.archive.DatabaseArchive;
import java.io.IOException;

/** Another node has begun a higher epoch in the archive: this one is not the primary any more. */
public final class FencedException extends IOException {
    private static final long serialVersionUID = 1;

    private final long epoch;

    /**
     * A refusal.
     *
     * @param epoch that has begun (unsigned)
     * @param node that began it
     * @param mine the epoch of this node (unsigned)
     */
    public FencedException(DatabaseArchive database, long epoch, String node, long mine) {
        super(database.name() + ": epoch " + Long.toUnsignedString(epoch) + " of node '" + node
                + "' has begun in its archive " + database.store().describe(database.place())
                + ", and this node has epoch " + Long.toUnsignedString(mine)
                + ": it is not the primary any more and uploads nothing; see 'ltxfs status'");
        this.epoch = epoch;
    }

    /** The epoch that has begun (unsigned). */
    public long epoch() {
        return epoch;
    }
}
