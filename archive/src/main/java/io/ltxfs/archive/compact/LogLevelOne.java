package io.ltxfs.archive.compact;

import io.ltxfs.archive.DatabaseArchive;
import io.ltxfs.archive.LtxObject;
import io.ltxfs.archive.ObjectFacts;
import io.ltxfs.archive.upload.Encoder;
import io.ltxfs.archive.upload.Spool;
import io.ltxfs.database.feed.Transaction;
import io.ltxfs.database.log.TransactionHeader;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** Makes an object of level 1 and its bundle out of the log, without reading a byte of the archive. */
final class LogLevelOne {
    private final DatabaseArchive database;
    private final CompactionTools tools;
    private final Encoder encoder;
    private final LevelMaker maker;

    LogLevelOne(DatabaseArchive database, CompactionTools tools, Encoder encoder, LevelMaker maker) {
        this.database = database;
        this.tools = tools;
        this.encoder = encoder;
        this.maker = maker;
    }

    /**
     * Makes an object.
     *
     * @param after the time of the transaction before
     * @throws io.ltxfs.database.disk.DiskException if the log does not have the transactions any more
     */
    LtxObject make(LogRange.Taken taken, Instant after) throws IOException {
        List<Transaction> transactions = taken.transactions();
        TransactionHeader first = transactions.get(0).header();
        TransactionHeader last = transactions.get(transactions.size() - 1).header();
        long[] times = times(transactions, after);
        long time = times[times.length - 1];
        ObjectFacts facts = new ObjectFacts(
                Optional.of(Instant.ofEpochMilli(time)),
                Optional.of(taken.lineage()).filter(lineage -> !lineage.isEmpty()),
                last.epoch(),
                first.txid() == 1 ? 0 : first.preChecksum(),
                last.postChecksum(),
                Optional.of(new ObjectFacts.Owner(last.uid(), last.gid(), last.mode())));
        if (transactions.size() > 1) {
            try (Spool.Item item = tools.spool().create()) {
                encoder.bundle(transactions, times, item);
                maker.putBundle(first.txid(), last.txid(), facts, item);
            }
        }
        try (Spool.Item item = tools.spool().create()) {
            encoder.level(transactions, first.txid(), time, item);
            return maker.putObject(1, first.txid(), last.txid(), facts, item, last.commit(), OptionalLong.empty());
        }
    }

    /** They never go back within a database. */
    private static long[] times(List<Transaction> transactions, Instant after) {
        long[] times = new long[transactions.size()];
        long time = after.toEpochMilli();
        for (int i = 0; i < times.length; i++) {
            time = Math.max(time, transactions.get(i).header().timeMillis());
            times[i] = time;
        }
        return times;
    }
}
