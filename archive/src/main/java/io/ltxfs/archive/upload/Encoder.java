package io.ltxfs.archive.upload;

import io.ltxfs.archive.bundle.BundleWriter;
import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.feed.Transaction;
import io.ltxfs.database.feed.TransactionFeed;
import io.ltxfs.database.log.TransactionHeader;
import io.ltxfs.database.log.TransactionLog.PageVisitor;
import io.ltxfs.ltx.LtxHeader;
import io.ltxfs.ltx.LtxWriter;
import io.ltxfs.ltx.PageCoding;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.List;

/** Makes the bytes of objects out of the log. */
public final class Encoder {
    /** With these, Litestream's verifier begins with a snapshot of its own instead of failing. */
    private static final int WAL_OFFSET = 32;

    private final TransactionFeed feed;
    private final PageCoding coding;

    /** Makes objects out of a log. */
    public Encoder(TransactionFeed feed, PageCoding coding) {
        this.feed = feed;
        this.coding = coding;
    }

    /** The header that an object of a level has: no database checksums. */
    static LtxHeader levelHeader(int pageSize, int commit, long minTxid, long maxTxid, long timestampMillis) {
        return LtxHeader.delta(pageSize, commit, minTxid, maxTxid, timestampMillis, 0)
                .withoutChecksums()
                .withWal(WAL_OFFSET, 0, 0, 0);
    }

    /** Begins an object. */
    LtxWriter begin(LtxHeader header, OutputStream out) throws IOException {
        return new LtxWriter(out, header, coding);
    }

    /**
     * Writes consecutive transactions as one object of a level.
     *
     * @param minTxid the first transaction that the object stands for, at most the first one's
     */
    public void level(List<Transaction> transactions, long minTxid, long timestampMillis, OutputStream out)
            throws IOException {
        TransactionHeader last = transactions.get(transactions.size() - 1).header();
        LtxWriter writer =
                begin(levelHeader(last.pageSize(), last.commit(), minTxid, last.txid(), timestampMillis), out);
        pages(
                visitor -> {
                    if (transactions.size() == 1) {
                        feed.pages(transactions.get(0), visitor);
                    } else {
                        feed.merged(transactions, visitor);
                    }
                },
                writer);
        writer.finish();
    }

    /**
     * Writes consecutive transactions as a bundle.
     *
     * @param timestampsMillis of each
     */
    public void bundle(List<Transaction> transactions, long[] timestampsMillis, OutputStream out) throws IOException {
        BundleWriter bundle = new BundleWriter(out);
        for (int i = 0; i < transactions.size(); i++) {
            Transaction transaction = transactions.get(i);
            TransactionHeader header = transaction.header();
            LtxWriter writer = bundle.begin(LtxHeader.delta(
                    header.pageSize(),
                    header.commit(),
                    header.txid(),
                    header.txid(),
                    timestampsMillis[i],
                    header.preChecksum()));
            pages(visitor -> feed.pages(transaction, visitor), writer);
            bundle.end(writer.finish(header.postChecksum()));
        }
        bundle.finish();
    }

    /** Gives pages to a visitor. */
    @FunctionalInterface
    private interface Source {
        void visit(PageVisitor visitor) throws DiskException;
    }

    private static void pages(Source source, LtxWriter writer) throws IOException {
        try {
            source.visit((pgno, checksum, page) -> {
                try {
                    writer.writePage(pgno, page, page.position());
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }
}
