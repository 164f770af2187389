package io.ltxfs.archive;

import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * The small object beside the levels, changed by conditional writes only: which history this is, from which TXID each
 * epoch counts, and when the database was dropped. Archives that Litestream wrote have none.
 *
 * @param lineage identity of the history: chosen at random when it begins, never changed
 * @param database the database's name when it began
 * @param epochs in ascending order of epoch and of first TXID
 * @param drops in ascending order
 */
public record DatabaseRecord(String lineage, String database, List<Epoch> epochs, List<Drop> drops) {

    /**
     * From which transaction an epoch counts. An object whose last transaction belongs to this epoch or a later one, and
     * that was put under an earlier epoch, is not part of the history.
     *
     * @param epoch the lease epoch (unsigned); 0 without a lease
     * @param firstTxid the first transaction of it (unsigned)
     * @param node the id of the node that held the lease
     */
    public record Epoch(long epoch, long firstTxid, String node) {}

    /**
     * The database was removed.
     *
     * @param txid the transaction that did it
     * @param timeMillis when, milliseconds since the Unix epoch
     */
    public record Drop(long txid, long timeMillis) {}

    /** Copies the lists. */
    public DatabaseRecord {
        epochs = List.copyOf(epochs);
        drops = List.copyOf(drops);
    }

    /** The epoch that a transaction belongs to (unsigned); 0 if none had begun. */
    public long epochOf(long txid) {
        long found = 0;
        for (Epoch epoch : epochs) {
            if (Long.compareUnsigned(epoch.firstTxid(), txid) <= 0) {
                found = epoch.epoch();
            }
        }
        return found;
    }

    /** The last epoch that was claimed (unsigned); 0 if none was. */
    public long lastEpoch() {
        return epochs.isEmpty() ? 0 : epochs.get(epochs.size() - 1).epoch();
    }

    /** From which transaction on an object must have been put under the last epoch (unsigned); 0 if none was claimed. */
    public long lastEpochFirstTxid() {
        return epochs.isEmpty() ? 0 : epochs.get(epochs.size() - 1).firstTxid();
    }

    /** The last drop after a transaction, if there is one. */
    public Optional<Drop> dropAfter(long txid) {
        return drops.stream()
                .filter(drop -> Long.compareUnsigned(drop.txid(), txid) > 0)
                .reduce((a, b) -> b);
    }

    /**
     * Whether an object is not part of the history: a node put it that was not the primary any more.
     *
     * @param maxTxid its last transaction
     */
    public boolean isStale(ObjectFacts facts, long maxTxid) {
        return facts.lineage().isPresent() && Long.compareUnsigned(facts.epoch(), epochOf(maxTxid)) < 0;
    }

    /**
     * What to make of a record. May be called several times, with newer records, also with one that has the change
     * already: it must not make it twice.
     */
    @FunctionalInterface
    public interface Change {
        /**
         * The new record; the same one if there is nothing to change.
         *
         * @param current what is there
         */
        DatabaseRecord apply(Optional<DatabaseRecord> current) throws IOException;
    }

    /**
     * Reads a database's record.
     *
     * @throws ArchiveException {@link ArchiveException.Kind#DAMAGED} if it is no record, or one of a later version
     */
    public static Optional<DatabaseRecord> load(DatabaseArchive db) throws IOException {
        return RecordStore.load(db);
    }

    /**
     * Changes a database's record by a conditional put, again if somebody else was faster.
     *
     * @return what is there then
     */
    public static DatabaseRecord update(DatabaseArchive db, Change change) throws IOException {
        return RecordStore.update(db, change);
    }
}
