package io.ltxfs.database.receive;

import io.ltxfs.database.Position;
import java.io.IOException;
import java.util.List;
import java.util.Map;

/**
 * Transactions of this node that another history does not have, kept as LTX files
 * {@code divergent/<database>/<txid>-<txid>.ltx} below the data directory, for people to look at. Nothing reads them
 * again, and nothing removes them.
 */
public interface Divergent {
    /** Where they lie below the data directory. */
    String DIRECTORY = "divergent";

    /**
     * What is kept.
     *
     * @param files how many LTX files: one a transaction, and whole images where the log does not reach back to the fork
     * @param bytes of all of them
     */
    record Kept(int files, long bytes) {
        /** Nothing. */
        public static final Kept NONE = new Kept(0, 0);

        /** With one more file. */
        public Kept plus(long fileBytes) {
            return new Kept(files + 1, bytes + fileBytes);
        }
    }

    /**
     * Keeps, durably, what the log has of a database and a history does not: what came after the last position that is in
     * both; everything there is, and an image of the database, if there is no such position. To be called before
     * {@link Receiver#replace}. Blocks on the disk.
     *
     * @param history positions of the other history, in any order; the last ones are enough
     * @return what was written now; nothing of it is written twice
     */
    Kept keep(String database, List<Position> history) throws IOException;

    /** What is kept of every database, by name; of those that nothing is kept of nothing is said. */
    Map<String, Kept> all();
}
