package io.ltxfs.archive.compact;

import io.ltxfs.archive.upload.UploadListener.Uploaded;
import io.ltxfs.database.feed.Transaction;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What was uploaded since the newest object of level 1, as the log has it. Gives up where the log does not have it, or
 * where that would take too much memory; the archive has it all the same. For use by many threads at once.
 */
final class LogRange {
    /** How many transactions are remembered of a database. */
    private static final int TRANSACTIONS_MAX = 10_000;

    /** How many bytes of pages an object of level 1 is made of at once. */
    private static final long BYTES_MAX = CompactionPlan.LEVEL_1_BYTES_MAX;

    private final List<Transaction> transactions = new ArrayList<>();
    private String lineage = "";
    private long bytes;
    private boolean complete = true;
    private long maxTxid;

    /**
     * Consecutive transactions that end where an object of level 0 ends.
     *
     * @param lineage of the database
     */
    record Taken(List<Transaction> transactions, String lineage) {
        long minTxid() {
            return transactions.get(0).txid();
        }

        long maxTxid() {
            return transactions.get(transactions.size() - 1).txid();
        }
    }

    synchronized void add(Uploaded uploaded) {
        List<Transaction> added = uploaded.transactions();
        boolean known = !uploaded.image()
                && !added.isEmpty()
                && added.get(0).txid() == uploaded.minTxid()
                && added.get(added.size() - 1).txid() == uploaded.maxTxid()
                && added.size() == uploaded.maxTxid() - uploaded.minTxid() + 1;
        if (Long.compareUnsigned(uploaded.maxTxid(), maxTxid) <= 0) {
            // The newest object was replaced by two.
            return;
        }
        boolean follows = transactions.isEmpty() || uploaded.minTxid() == maxTxid + 1;
        maxTxid = uploaded.maxTxid();
        for (Transaction transaction : added) {
            bytes += (long) transaction.pages() * transaction.header().pageSize();
        }
        complete &= known && follows && transactions.size() + added.size() <= TRANSACTIONS_MAX && bytes <= BYTES_MAX;
        if (complete) {
            transactions.addAll(added);
            lineage = uploaded.lineage();
        } else {
            transactions.clear();
        }
    }

    /**
     * Takes what there is and begins anew.
     *
     * @param fromTxid the first transaction that is wanted
     * @return empty if that is not where it begins, or if something is missing
     */
    synchronized Optional<Taken> take(long fromTxid) {
        boolean usable =
                complete && !transactions.isEmpty() && transactions.get(0).txid() == fromTxid;
        Optional<Taken> taken = usable ? Optional.of(new Taken(List.copyOf(transactions), lineage)) : Optional.empty();
        transactions.clear();
        bytes = 0;
        complete = true;
        return taken;
    }
}
