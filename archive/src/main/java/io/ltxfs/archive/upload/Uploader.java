package io.ltxfs.archive.upload;

import io.ltxfs.archive.DatabaseRecord;
import io.ltxfs.archive.ObjectFacts;
import io.ltxfs.database.feed.Transaction;
import io.ltxfs.database.log.TransactionHeader;
import io.ltxfs.ltx.Txid;
import io.ltxfs.objectstore.ObjectBody;
import io.ltxfs.objectstore.ObjectStore;
import io.ltxfs.objectstore.PutOptions;
import io.ltxfs.objectstore.StoreException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Does what a {@link Job} says. Holds nothing of its own; a database is worked on by one thread at a time. */
final class Uploader {
    private static final Logger LOG = LoggerFactory.getLogger(Uploader.class);

    private final Encoder encoder;
    private final Spool spool;
    private final Images images;
    private final Opening opening;
    private final Finish finish;
    private final UploadCounters counters;
    private final UploadListener listener;
    private final Queues queues;

    Uploader(
            Encoder encoder,
            Spool spool,
            Images images,
            Opening opening,
            UploadCounters counters,
            UploadListener listener,
            Queues queues) {
        this.encoder = encoder;
        this.spool = spool;
        this.images = images;
        this.opening = opening;
        this.finish = new Finish(encoder, spool, this);
        this.counters = counters;
        this.listener = listener;
        this.queues = queues;
    }

    /**
     * Does the next thing for a database, if there is one.
     *
     * @return whether there was one
     * @throws RefusedException if it must not be archived there
     */
    boolean run(DatabaseUpload db) throws IOException, InterruptedException {
        if (!db.opened) {
            opening.open(db);
        }
        opening.checkRecord(db);
        long epoch = opening.epoch(db);
        if (Long.compareUnsigned(epoch, db.epoch) > 0) {
            opening.claim(db, epoch);
        }
        Prepared kept = db.kept;
        if (kept != null) {
            db.kept = null;
            putExport(db, kept);
            return true;
        }
        Job job = queues.next(db);
        if (job instanceof Job.Changes || job instanceof Job.Whole || job instanceof Job.Export) {
            db.beganNanos = System.nanoTime();
            db.began = true;
        }
        if (job instanceof Job.Changes changes) {
            put(db, changes);
        } else if (job instanceof Job.Whole whole) {
            put(db, whole);
        } else if (job instanceof Job.Export) {
            putExport(db, images.export(db, header -> queues.timeOf(db, header)));
        } else if (job instanceof Job.Drop drop) {
            drop(db, drop.transaction().header());
        } else if (job instanceof Job.Rest) {
            rest(db);
        }
        return job != null;
    }

    private void put(DatabaseUpload db, Job.Changes changes) throws IOException {
        checkFollows(db, changes.first());
        TransactionHeader first = changes.first().header();
        TransactionHeader last = changes.last().header();
        long[] times = times(db, changes.transactions());
        long time = times[times.length - 1];
        try (Prepared prepared = new Prepared(first.txid(), last.txid(), last, time, false, changes.transactions())) {
            ObjectFacts facts = Facts.of(db, time, first.preChecksum(), last);
            if (times.length > 1) {
                Spool.Item bundle = spool.create();
                prepared.parts.add(
                        new Prepared.Part(db.archive.bundleKey(first.txid(), last.txid()), last.txid(), bundle, facts));
                encoder.bundle(changes.transactions(), times, bundle);
            }
            Spool.Item object = spool.create();
            prepared.add(0, first.txid(), object, facts, db);
            encoder.level(changes.transactions(), first.txid(), time, object);
            putAll(db, prepared, changes);
            db.timestampBeforeMillis = times[Math.max(0, times.length - 2)];
        }
    }

    private void put(DatabaseUpload db, Job.Whole whole) throws IOException {
        if (whole.transaction().txid() == db.archivedTxid + 1) {
            checkFollows(db, whole.transaction());
        }
        try (Prepared prepared = images.of(db, whole.transaction())) {
            putAll(db, prepared, whole);
        }
    }

    /** An export cannot be made again: a part of it that may be there must be followed by the rest of it. */
    private void putExport(DatabaseUpload db, Prepared prepared) throws IOException, InterruptedException {
        boolean keep = false;
        try {
            queues.awaitCommitted(db, prepared.last);
            int done = 0;
            try {
                for (Prepared.Part part : prepared.parts) {
                    put(db, part);
                    done++;
                }
            } catch (StoreException e) {
                if (done > 0 || e.outcomeUnknown()) {
                    prepared.spill();
                    db.kept = prepared;
                    keep = true;
                }
                throw e;
            }
            completed(db, prepared);
        } finally {
            if (!keep) {
                prepared.close();
            }
        }
    }

    private void putAll(DatabaseUpload db, Prepared prepared, Job job) throws IOException {
        int done = 0;
        try {
            for (Prepared.Part part : prepared.parts) {
                put(db, part);
                done++;
            }
        } catch (StoreException e) {
            if (done > 0 || e.outcomeUnknown()) {
                db.frozen = job;
            }
            throw e;
        }
        completed(db, prepared);
    }

    private void completed(DatabaseUpload db, Prepared prepared) {
        db.frozen = null;
        db.objectTxid = prepared.maxTxid;
        db.newestMin = prepared.minTxid;
        db.timestampMillis = prepared.timestampMillis;
        db.pageSize = prepared.last.pageSize();
        db.empty = false;
        db.wantsImage = db.wantsImage && !prepared.image;
        db.newest = prepared.transactions.size() > 1 ? prepared.transactions : List.of();
        if (prepared.image) {
            counters.image();
        }
        counters.archived(Math.max(1, prepared.transactions.size()));
        queues.archived(db, prepared.maxTxid, prepared.last.postChecksum());
        listener.uploaded(new UploadListener.Uploaded(
                db.archive, db.lineage, prepared.minTxid, prepared.maxTxid, prepared.image, prepared.transactions));
    }

    /** The timestamps of transactions; they never go back within a database. */
    static long[] times(DatabaseUpload db, List<Transaction> transactions) {
        long[] times = new long[transactions.size()];
        long time = db.timestampMillis;
        for (int i = 0; i < times.length; i++) {
            time = Math.max(time, transactions.get(i).header().timeMillis());
            times[i] = time;
        }
        return times;
    }

    /** The log's history goes on where the archive's ends. */
    private static void checkFollows(DatabaseUpload db, Transaction first) throws RefusedException {
        long pre = first.header().preChecksum();
        if (db.archivedTxid != 0 && db.archivedChecksum != 0 && pre != db.archivedChecksum) {
            throw new RefusedException(
                    db,
                    String.format(
                            "its transaction %016x has checksum %016x, here it has %016x, so it is another history",
                            db.archivedTxid, db.archivedChecksum, pre));
        }
    }

    /** Puts one object; one that is there already must be the same. */
    void put(DatabaseUpload db, Prepared.Part part) throws IOException {
        ObjectStore store = db.archive.store();
        ObjectBody body = part.content().body();
        for (boolean moved = true; moved; ) {
            opening.epoch(db);
            try {
                store.put(
                        part.key(),
                        body,
                        PutOptions.create()
                                .with(part.facts().toMetadata())
                                .modifiedAt(part.facts().timestamp().orElseThrow()));
                counters.put(body.size());
                db.answered = true;
                return;
            } catch (StoreException e) {
                if (e.kind() != StoreException.Kind.PRECONDITION_FAILED) {
                    throw e;
                }
                opening.reread(db);
                moved = opening.movedAside(db, part.key(), part.maxTxid());
            }
        }
        checkIsOurs(db, part);
    }

    /** This node may write. */
    void checkTerm(DatabaseUpload db) throws NotPrimaryException {
        opening.epoch(db);
    }

    private static void checkIsOurs(DatabaseUpload db, Prepared.Part part) throws IOException {
        ObjectStore store = db.archive.store();
        String name = store.describe(part.key());
        ObjectFacts there;
        try {
            there = ObjectFacts.of(store.head(part.key()), name);
        } catch (StoreException e) {
            if (e.kind() != StoreException.Kind.NOT_FOUND) {
                throw e;
            }
            throw new StoreException(
                    StoreException.Kind.UNAVAILABLE,
                    true,
                    name + ": could not be put because it was there, and then it was not; it is tried again",
                    e);
        }
        if (!Facts.same(there, part.facts())) {
            throw new RefusedException(
                    db,
                    name + " is there already and "
                            + there.lineage()
                                    .map(lineage -> "belongs to lineage " + lineage
                                            + String.format(" with checksum %016x", there.postChecksum()))
                                    .orElse("was not written by ltxfs"));
        }
        LOG.debug("found an object put before: key={}", part.key());
    }

    private void drop(DatabaseUpload db, TransactionHeader header) throws IOException {
        DatabaseRecord.Drop drop =
                new DatabaseRecord.Drop(header.txid(), Math.max(db.timestampMillis, header.timeMillis()));
        DatabaseRecord.update(db.archive, current -> {
            DatabaseRecord record = opening.ours(db, current);
            if (record.drops().stream().anyMatch(known -> known.txid() == drop.txid())) {
                return record;
            }
            List<DatabaseRecord.Drop> drops = new ArrayList<>(record.drops());
            drops.add(drop);
            return new DatabaseRecord(record.lineage(), record.database(), record.epochs(), drops);
        });
        db.timestampMillis = drop.timeMillis();
        db.empty = true;
        db.wantsImage = false;
        db.newest = List.of();
        counters.archived(1);
        queues.archived(db, header.txid(), header.postChecksum());
        LOG.info("noted a drop in the archive: database={} txid={}", db.name, Txid.format(header.txid()));
    }

    private void rest(DatabaseUpload db) throws IOException {
        finish.run(db);
        opening.remember(db, false);
        queues.rested(db);
    }
}
