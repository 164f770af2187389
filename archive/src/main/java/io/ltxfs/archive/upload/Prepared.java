package io.ltxfs.archive.upload;

import io.ltxfs.archive.ObjectFacts;
import io.ltxfs.database.feed.Transaction;
import io.ltxfs.database.log.TransactionHeader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Objects that are to be put one after the other, all of them before the archive has what they stand for. */
final class Prepared implements AutoCloseable {

    /** One object, and its last transaction. */
    record Part(String key, long maxTxid, Spool.Item content, ObjectFacts facts) {}

    final List<Part> parts = new ArrayList<>();
    final long minTxid;
    final long maxTxid;
    /** The last transaction. */
    final TransactionHeader last;

    final long timestampMillis;
    /** Whether the one in level 0 is a whole image. */
    final boolean image;
    /** What is in it, where the log has it. */
    final List<Transaction> transactions;

    Prepared(
            long minTxid,
            long maxTxid,
            TransactionHeader last,
            long timestampMillis,
            boolean image,
            List<Transaction> transactions) {
        this.minTxid = minTxid;
        this.maxTxid = maxTxid;
        this.last = last;
        this.timestampMillis = timestampMillis;
        this.image = image;
        this.transactions = transactions;
    }

    void add(int level, long firstTxid, Spool.Item content, ObjectFacts facts, DatabaseUpload db) {
        parts.add(new Part(db.archive.key(level, firstTxid, maxTxid), maxTxid, content, facts));
    }

    /** Keeps only files, for a long wait. */
    void spill() throws IOException {
        for (Part part : parts) {
            part.content().spill();
        }
    }

    @Override
    public void close() throws IOException {
        for (Part part : parts) {
            part.content().close();
        }
    }
}
