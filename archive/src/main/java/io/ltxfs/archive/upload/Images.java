package io.ltxfs.archive.upload;

import io.ltxfs.archive.ArchiveLayout;
import io.ltxfs.archive.ObjectFacts;
import io.ltxfs.database.feed.Transaction;
import io.ltxfs.database.log.TransactionHeader;
import io.ltxfs.ltx.LtxWriter;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Makes the objects of a whole database. The first one of an archive is in levels 0 and 1. A later one is a snapshot
 * first, and then in level 0, where it also covers what no object can say: a drop, lost transactions.
 */
final class Images {
    private final LocalDatabases databases;
    private final Encoder encoder;
    private final Spool spool;

    Images(LocalDatabases databases, Encoder encoder, Spool spool) {
        this.databases = databases;
        this.encoder = encoder;
        this.spool = spool;
    }

    /** Where the objects begin: one for the snapshot, and one for level 0 if it begins elsewhere. */
    private static List<Long> firstTxids(DatabaseUpload db) {
        return db.objectTxid == 0 ? List.of(1L) : List.of(1L, db.objectTxid + 1);
    }

    /** From a transaction that has every page. */
    Prepared of(DatabaseUpload db, Transaction transaction) throws IOException {
        TransactionHeader header = transaction.header();
        long time = Math.max(db.timestampMillis, header.timeMillis());
        List<Spool.Item> items = new ArrayList<>();
        try {
            for (long first : firstTxids(db)) {
                Spool.Item item = spool.create();
                items.add(item);
                encoder.level(List.of(transaction), first, time, item);
            }
            return assemble(db, header, time, items, List.of(transaction));
        } catch (IOException | RuntimeException e) {
            close(items);
            throw e;
        }
    }

    /**
     * From the database as it is.
     *
     * @param timeOf when a transaction was committed, milliseconds since the Unix epoch; the present if nobody knows
     */
    Prepared export(DatabaseUpload db, ToLongFunction<TransactionHeader> timeOf) throws IOException {
        List<Spool.Item> items = new ArrayList<>();
        List<LtxWriter> writers = new ArrayList<>();
        @Nullable TransactionHeader[] found = {null};
        try {
            databases.image(db.name, header -> {
                found[0] = header;
                long time = Math.max(db.timestampMillis, timeOf.applyAsLong(header));
                for (long first : firstTxids(db)) {
                    Spool.Item item = spool.create();
                    items.add(item);
                    writers.add(encoder.begin(
                            Encoder.levelHeader(header.pageSize(), header.commit(), first, header.txid(), time), item));
                }
                return new ImageChannel(writers);
            });
            TransactionHeader header = found[0];
            if (header == null) {
                throw new IOException(db.name + ": was not written");
            }
            for (LtxWriter writer : writers) {
                writer.finish();
            }
            return assemble(db, header, writers.get(0).header().timestampMillis(), items, List.of());
        } catch (IOException | RuntimeException e) {
            close(items);
            throw e;
        }
    }

    private static Prepared assemble(
            DatabaseUpload db,
            TransactionHeader header,
            long time,
            List<Spool.Item> items,
            List<Transaction> transactions) {
        long min = db.objectTxid + 1;
        long max = header.txid();
        Prepared prepared = new Prepared(min, max, header, time, true, transactions);
        boolean first = items.size() == 1;
        ObjectFacts whole = Facts.of(db, time, 0, header);
        prepared.add(first ? 0 : ArchiveLayout.SNAPSHOT_LEVEL, 1, items.get(0), whole, db);
        if (first) {
            prepared.add(1, 1, items.get(0), whole, db);
        } else {
            long pre = min == max ? header.preChecksum() : 0;
            prepared.add(0, min, items.get(1), Facts.of(db, time, pre, header), db);
        }
        return prepared;
    }

    private static void close(List<Spool.Item> items) throws IOException {
        for (Spool.Item item : items) {
            item.close();
        }
    }
}
