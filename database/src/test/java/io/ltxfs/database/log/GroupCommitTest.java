package io.ltxfs.database.log;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.disk.Errno;
import io.ltxfs.database.disk.PosixDisk;
import io.ltxfs.database.sim.SimDisk;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(300)
class GroupCommitTest {
    private static final LogOptions LEADER = new LogOptions(1 << 20, 1L << 40, true, true);

    private final SimDisk disk = new SimDisk(1);
    private final Semaphore syncsStarted = new Semaphore(0);
    private final Semaphore syncsAllowed = new Semaphore(0);
    private final AtomicInteger syncs = new AtomicInteger();

    private TransactionLog openWithHeldSyncs(boolean leader) throws DiskException {
        TransactionLog log = TransactionLog.open(disk, new LogOptions(1 << 20, 1L << 40, leader, true));
        disk.hook((kind, path) -> {
            if (kind == SimDisk.Kind.SYNC_START) {
                syncs.incrementAndGet();
                syncsStarted.release();
                syncsAllowed.acquireUninterruptibly();
            }
        });
        return log;
    }

    private static LogRecord record(long txid) {
        return new LogRecord.Committed(TestPages.delta("d" + txid, txid), TestPages.of(Map.of(1, new byte[4096])));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void whoComesWhileASyncRunsSharesTheNext(boolean leader) throws Exception {
        TransactionLog log = openWithHeldSyncs(leader);
        long first = log.append(record(1));
        Queue<Long> done = new ConcurrentLinkedQueue<>();
        Thread early = new Thread(() -> log.flush(first, failure -> done.add(first)));
        early.start();
        syncsStarted.acquire();
        for (int i = 2; i <= 6; i++) {
            long lsn = log.append(record(i));
            log.flush(lsn, failure -> {
                assertNull(failure);
                done.add(lsn);
            });
        }
        assertTrue(done.isEmpty());
        assertEquals(0, log.durableLsn());
        syncsAllowed.release();
        syncsStarted.acquire();
        await().atMost(Duration.ofSeconds(60)).until(() -> done.size() == 1);
        assertEquals(1, log.durableLsn());
        syncsAllowed.release();
        await().atMost(Duration.ofSeconds(60)).until(() -> done.size() == 6);
        assertEquals(2, syncs.get());
        assertEquals(6, log.durableLsn());
        log.flush(6, failure -> done.add(0L));
        assertEquals(7, done.size());
        syncsAllowed.release(100);
        early.join();
        log.close();
    }

    @Test
    void aFailedSyncIsToldToAllAndTheTailIsSaved() throws Exception {
        TransactionLog log = openWithHeldSyncs(true);
        long first = log.append(record(1));
        Queue<DiskException> failures = new ConcurrentLinkedQueue<>();
        AtomicInteger answered = new AtomicInteger();
        FlushCallback callback = failure -> {
            if (failure != null) {
                failures.add(failure);
            }
            answered.incrementAndGet();
        };
        Thread early = new Thread(() -> log.flush(first, callback));
        early.start();
        syncsStarted.acquire();
        long second = log.append(record(2));
        log.flush(second, callback);
        long third = log.append(record(3));
        List<LogEntry> before = TestPages.entries(log);
        disk.faults((kind, path) -> kind == SimDisk.Kind.SYNC ? Errno.EIO : 0);
        syncsAllowed.release(100);
        await().atMost(Duration.ofSeconds(60)).until(() -> answered.get() == 2);
        assertEquals(2, failures.size());
        assertEquals(Errno.EIO, failures.peek().errno());
        early.join();
        assertEquals(0, log.durableLsn());

        // The owners withdraw what was refused; what nobody waited for must not be lost.
        disk.faults((kind, path) -> 0);
        log.append(new LogRecord.Abort(first));
        long last = log.append(new LogRecord.Abort(second));
        log.flushAndWait(last);
        assertEquals(last, log.durableLsn());
        List<LogEntry> entries = TestPages.entries(log);
        assertEquals(5, entries.size());
        assertEquals(1, TestPages.read(log, entries.get((int) third - 1)).size());
        for (LogEntry entry : before) {
            assertEquals(1, TestPages.read(log, entry).size(), "the place that was known before the tail moved");
        }
        log.close();
        TransactionLog again = TransactionLog.open(disk.powerCut(3), LEADER);
        assertEquals(entries, TestPages.entries(again));
        again.close();
    }

    @Test
    void aFullDiskRefusesTransactionsButNotTheirMarks() throws Exception {
        LogOptions options = new LogOptions(100_000, 1L << 40, true, false);
        TransactionLog log = TransactionLog.open(disk, options);
        List<Long> written = new ArrayList<>();
        disk.capacity(disk.used() + 300_000);
        DiskException refused = null;
        for (int i = 1; refused == null; i++) {
            try {
                written.add(log.append(new LogRecord.Prepared(
                        TestPages.delta("d", i), TestPages.of(Map.of(1, new byte[4096])), "", 0)));
            } catch (DiskException e) {
                refused = e;
            }
        }
        assertEquals(Errno.ENOSPC, refused.errno());
        assertTrue(written.size() > 20);
        assertEquals(written.size(), log.lastLsn());
        for (int i = 0; i < 100; i++) {
            log.append(new LogRecord.Abort(written.get(written.size() - 1)));
        }
        log.flushAndWait(log.lastLsn());
        disk.capacity(Long.MAX_VALUE);
        long next = log.append(record(99));
        assertEquals(written.size() + 101, next);
        log.flushAndWait(next);
        TransactionLog again = TransactionLog.open(disk.powerCut(3), options);
        assertEquals(next, again.lastLsn());
    }

    @Test
    void manyThreadsGetEachTheirOwnDurableRecord(@TempDir Path directory) throws Exception {
        TransactionLog log = TransactionLog.open(new PosixDisk(directory), LEADER);
        int threads = 8;
        int each = 60;
        Queue<Long> lsns = new ConcurrentLinkedQueue<>();
        Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
        CountDownLatch start = new CountDownLatch(1);
        List<Thread> all = new ArrayList<>();
        for (int t = 0; t < threads; t++) {
            int number = t;
            Thread thread = new Thread(() -> {
                try {
                    start.await();
                    for (int i = 0; i < each; i++) {
                        long lsn = log.append(record(number * 1000L + i + 1));
                        log.flushAndWait(lsn);
                        assertTrue(log.durableLsn() >= lsn);
                        lsns.add(lsn);
                    }
                } catch (Exception | AssertionError e) {
                    failures.add(e);
                }
            });
            thread.start();
            all.add(thread);
        }
        start.countDown();
        for (Thread thread : all) {
            thread.join();
        }
        assertNull(failures.peek());
        Set<Long> distinct = new HashSet<>(lsns);
        assertEquals(threads * each, distinct.size());
        assertNotNull(lsns.peek());
        List<LogEntry> entries = TestPages.entries(log);
        log.close();
        TransactionLog again = TransactionLog.open(new PosixDisk(directory), LEADER);
        assertEquals(threads * each, again.lastLsn());
        assertEquals(entries, TestPages.entries(again));
        again.close();
    }

    @Test
    void whoIsServedWhileTheLogClosesIsTold() throws Exception {
        TransactionLog log = openWithHeldSyncs(true);
        CountDownLatch synced = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        log.onProgress(() -> {
            synced.countDown();
            awaitUninterruptibly(goOn);
        });
        long lsn = log.append(record(1));
        Thread leader = new Thread(() -> {
            try {
                log.flushAndWait(lsn);
            } catch (DiskException e) {
                throw new IllegalStateException(e);
            }
        });
        leader.start();
        syncsStarted.acquire();
        CountDownLatch told = new CountDownLatch(1);
        log.flush(lsn, failure -> told.countDown());
        syncsAllowed.release(100);
        synced.await();
        Thread closer = new Thread(() -> {
            try {
                log.close();
            } catch (DiskException e) {
                throw new IllegalStateException(e);
            }
        });
        closer.start();
        closer.join();
        goOn.countDown();
        leader.join();
        assertTrue(told.await(20, TimeUnit.SECONDS), "nobody answers the commit");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void anErrorDoesNotKeepTheNextSyncFromRunning(boolean leader) throws Exception {
        AtomicInteger calls = new AtomicInteger();
        GroupCommit group = new GroupCommit(
                () -> {
                    if (calls.incrementAndGet() <= 2) {
                        throw new InternalError("a fault of the test's");
                    }
                    return 5;
                },
                new LogOptions(1 << 20, 1L << 40, leader, true));
        group.start(0);
        assertThrows(DiskException.class, () -> group.flushAndWait(1));
        CountDownLatch failed = new CountDownLatch(1);
        group.flush(1, failure -> {
            if (failure != null) {
                failed.countDown();
            }
        });
        failed.await();
        group.flushAndWait(1);
        group.close();
    }

    @Test
    void oneCallbackThatFailsDoesNotTakeTheOthersAlong() throws Exception {
        TransactionLog log = openWithHeldSyncs(true);
        log.onProgress(() -> {
            throw new IllegalStateException("a fault of the test's");
        });
        long lsn = log.append(record(1));
        CountDownLatch told = new CountDownLatch(2);
        Thread first = new Thread(() -> log.flush(lsn, failure -> {
            told.countDown();
            throw new InternalError("a fault of the test's");
        }));
        first.start();
        syncsStarted.acquire();
        log.flush(lsn, failure -> told.countDown());
        syncsAllowed.release(100);
        assertTrue(told.await(20, TimeUnit.SECONDS), "a commit is not answered");
        first.join();
        log.close();
    }

    private static void awaitUninterruptibly(CountDownLatch latch) {
        boolean interrupted = false;
        while (true) {
            try {
                latch.await();
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
