package io.ltxfs.archive.upload;

import io.ltxfs.archive.ObjectFacts;
import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.feed.Transaction;
import io.ltxfs.database.log.TransactionHeader;
import java.io.IOException;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Leaves level 0 as {@code litestream replicate} wants to find it when it takes an archive over: the newest object has
 * one transaction. One that has several is replaced by two, first the last transaction, then those before it, then the
 * object is deleted; each step leaves everything restorable.
 */
final class Finish {
    private static final Logger LOG = LoggerFactory.getLogger(Finish.class);

    private final Encoder encoder;
    private final Spool spool;
    private final Uploader uploader;

    Finish(Encoder encoder, Spool spool, Uploader uploader) {
        this.encoder = encoder;
        this.spool = spool;
        this.uploader = uploader;
    }

    void run(DatabaseUpload db) throws IOException {
        List<Transaction> all = db.newest;
        int count = all.size();
        if (count < 2) {
            return;
        }
        long min = all.get(0).txid();
        long max = all.get(count - 1).txid();
        try {
            put(db, all.subList(count - 1, count), db.timestampMillis);
            put(db, all.subList(0, count - 1), db.timestampBeforeMillis);
        } catch (DiskException e) {
            // It is as good for ourselves and for a restore.
            LOG.debug("left the newest object as it is: database={} reason=\"{}\"", db.name, e.getMessage());
            db.newest = List.of();
            return;
        }
        uploader.checkTerm(db);
        db.archive.store().delete(db.archive.key(0, min, max));
        db.newest = List.of();
        db.newestMin = max;
    }

    private void put(DatabaseUpload db, List<Transaction> transactions, long timestampMillis) throws IOException {
        TransactionHeader first = transactions.get(0).header();
        TransactionHeader last = transactions.get(transactions.size() - 1).header();
        ObjectFacts facts = Facts.of(db, timestampMillis, first.preChecksum(), last);
        try (Spool.Item item = spool.create()) {
            encoder.level(transactions, first.txid(), timestampMillis, item);
            uploader.put(db, new Prepared.Part(db.archive.key(0, first.txid(), last.txid()), last.txid(), item, facts));
        }
    }
}
