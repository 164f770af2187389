package io.ltxfs.archive.compact;

import io.ltxfs.archive.ArchiveException;
import io.ltxfs.archive.DatabaseArchive;
import io.ltxfs.archive.DatabaseRecord;
import io.ltxfs.archive.ObjectFacts;
import io.ltxfs.archive.fence.StaleObjects;
import java.io.IOException;
import java.util.Optional;

/**
 * What a run of compaction knows of a database's epochs: what a deposed primary put is neither joined nor does it replace
 * anything, and nothing is deleted once another node has begun an epoch.
 */
final class Epochs {
    private final DatabaseArchive database;
    private final Optional<DatabaseRecord> record;

    private Epochs(DatabaseArchive database, Optional<DatabaseRecord> record) {
        this.database = database;
        this.record = record;
    }

    /**
     * Reads the record.
     *
     * @param epoch of this node (unsigned); 0 without a lease
     * @throws io.ltxfs.archive.fence.FencedException if a higher epoch has begun
     */
    static Epochs read(DatabaseArchive database, long epoch) throws IOException {
        Optional<DatabaseRecord> record = DatabaseRecord.load(database);
        if (record.isPresent()) {
            StaleObjects.check(database, record.get(), epoch);
        }
        return new Epochs(database, record);
    }

    /** Whether somebody put an object who was not the primary any more. */
    boolean isStale(ObjectFacts facts, long maxTxid) {
        return record.isPresent() && record.get().isStale(facts, maxTxid);
    }

    /** The same, as a failure. */
    void check(String key, ObjectFacts facts, long maxTxid) throws ArchiveException {
        if (isStale(facts, maxTxid)) {
            throw new ArchiveException(
                    ArchiveException.Kind.FOREIGN,
                    database.store().describe(key) + ": a node put it that was not the primary any more (epoch "
                            + Long.toUnsignedString(facts.epoch())
                            + "); it is moved aside when the primary looks next");
        }
    }

    /** Whether there was more than one, so that there may be such objects. */
    boolean several() {
        return record.isPresent() && record.get().epochs().size() > 1;
    }

    /** No epoch has begun since this was read. */
    void checkUnchanged() throws IOException {
        if (record.isPresent()) {
            long now =
                    DatabaseRecord.load(database).map(DatabaseRecord::lastEpoch).orElse(0L);
            if (now != record.get().lastEpoch()) {
                throw new ArchiveException(
                        ArchiveException.Kind.FOREIGN,
                        database.name() + ": epoch " + Long.toUnsignedString(now)
                                + " has begun in its archive meanwhile: nothing is deleted; it is tried again");
            }
        }
    }
}
