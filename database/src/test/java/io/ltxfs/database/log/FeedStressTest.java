package io.ltxfs.database.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.disk.PosixDisk;
import io.ltxfs.database.feed.LogFeed;
import io.ltxfs.database.feed.Transaction;
import io.ltxfs.database.feed.TransactionFeed.Follower;
import io.ltxfs.database.log.TransactionHeader.Image;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Writers that commit, withdraw and prepare at the same time, followers that read pages, and a log that is trimmed and
 * uses its files again meanwhile, on a real disk.
 */
class FeedStressTest {
    private static final int WRITERS = 4;
    private static final int COMMITS = 1_500;
    private static final int PAGE_SIZE = 512;

    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    private final Map<String, Long> committed = new ConcurrentHashMap<>();
    private final AtomicBoolean done = new AtomicBoolean();

    @Test
    @Timeout(600)
    void everyFollowerGetsEveryTransactionOnce(@TempDir Path directory) throws Exception {
        LogOptions options = new LogOptions(64 << 10, 256 << 10, true, true);
        try (TransactionLog log = TransactionLog.open(new PosixDisk(directory), options)) {
            LogFeed feed = new LogFeed(log);
            List<Reader> readers = List.of(new Reader(feed, "a"), new Reader(feed, "b"));
            List<Thread> threads = new ArrayList<>();
            for (int w = 0; w < WRITERS; w++) {
                String name = "db" + w;
                Random random = new Random(w);
                threads.add(start("writer-" + w, () -> write(log, name, random)));
            }
            List<Thread> helpers = new ArrayList<>();
            readers.forEach(reader -> helpers.add(start("reader-" + reader.name, reader::run)));
            helpers.add(start("trimmer", () -> {
                while (!done.get() && failure.get() == null) {
                    log.trim(Math.min(log.durableLsn(), feed.keepFromLsn()));
                    TimeUnit.MILLISECONDS.sleep(1);
                }
            }));
            for (Thread thread : threads) {
                thread.join();
            }
            log.flushAndWait(log.lastLsn());
            done.set(true);
            readers.forEach(reader -> reader.woken.release());
            for (Thread thread : helpers) {
                thread.join();
            }
            assertNull(failure.get(), () -> String.valueOf(failure.get()));
            assertTrue(log.firstLsn() > 1, "nothing was trimmed");
            for (Reader reader : readers) {
                assertEquals(committed, reader.given);
            }
        }
    }

    /** Does what may fail. */
    @FunctionalInterface
    private interface Body {
        void run() throws Exception;
    }

    private Thread start(String name, Body body) {
        Thread thread = new Thread(
                () -> {
                    try {
                        body.run();
                    } catch (Exception | AssertionError e) {
                        failure.compareAndSet(null, e);
                    }
                },
                name);
        thread.start();
        return thread;
    }

    private void write(TransactionLog log, String name, Random random) throws DiskException {
        long txid = 0;
        while (txid < COMMITS && failure.get() == null) {
            // The page says which transaction it belongs to, and whether that was withdrawn.
            TransactionHeader header = TestPages.header(name, txid + 1, PAGE_SIZE, 9, Image.DELTA);
            switch (random.nextInt(8)) {
                case 0 -> {
                    long lsn = log.appendOpen(new LogRecord.Committed(header, page(txid + 1, true)));
                    if (random.nextBoolean()) {
                        log.flushAndWait(lsn);
                        // Time for the followers to be wrong.
                        LockSupport.parkNanos(300_000);
                    }
                    log.flushAndWait(log.append(new LogRecord.Abort(lsn)));
                }
                case 1 -> {
                    long lsn = log.append(new LogRecord.Prepared(header, page(txid + 1, false), "", 0));
                    log.flushAndWait(lsn);
                    if (random.nextInt(4) == 0) {
                        log.flushAndWait(log.append(new LogRecord.Abort(lsn)));
                    } else {
                        log.append(new LogRecord.Commit(lsn));
                        txid++;
                    }
                }
                case 2 -> {
                    long lsn = log.append(new LogRecord.Committed(header, page(txid + 1, false)));
                    if (log.reopen(lsn)) {
                        log.flushAndWait(log.append(new LogRecord.Abort(lsn)));
                    } else {
                        txid++;
                    }
                }
                default -> {
                    long lsn = log.appendOpen(new LogRecord.Committed(header, page(txid + 1, false)));
                    log.settle(lsn);
                    txid++;
                    if (random.nextBoolean()) {
                        log.flushAndWait(lsn);
                    }
                }
            }
        }
        committed.put(name, txid);
    }

    private static PageSet page(long txid, boolean withdrawn) {
        byte[] page = new byte[PAGE_SIZE];
        java.nio.ByteBuffer.wrap(page).putLong(0, txid).putInt(8, withdrawn ? 1 : 0);
        return TestPages.of(Map.of(1, page));
    }

    private final class Reader {
        final String name;
        final Semaphore woken = new Semaphore(0);
        final Map<String, Long> given = new HashMap<>();
        private final LogFeed feed;
        private final Follower follower;

        Reader(LogFeed feed, String name) {
            this.feed = feed;
            this.name = name;
            this.follower = feed.follow(name, 0, woken::release);
        }

        void run() throws Exception {
            boolean last;
            do {
                last = done.get();
                if (!last) {
                    woken.tryAcquire(10, TimeUnit.SECONDS);
                    woken.drainPermits();
                }
                for (Transaction next = follower.next(); next != null; next = follower.next()) {
                    take(next);
                }
                assertTrue(!follower.lost(), "lost");
            } while (!last && failure.get() == null);
        }

        private void take(Transaction next) throws DiskException {
            String database = next.header().database();
            assertEquals(given.getOrDefault(database, 0L) + 1, next.txid(), database);
            given.put(database, next.txid());
            feed.pages(next, (pgno, checksum, page) -> {
                assertEquals(next.txid(), page.getLong(0));
                assertEquals(0, page.getInt(8), "a withdrawn transaction");
            });
            feed.merged(List.of(next), (pgno, checksum, page) -> assertEquals(next.txid(), page.getLong(0)));
            follower.release(next.lsn() + 1);
        }
    }
}
