package io.ltxfs.archive;

import java.util.List;

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
}
