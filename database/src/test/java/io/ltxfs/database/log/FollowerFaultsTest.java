package io.ltxfs.database.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.disk.Errno;
import io.ltxfs.database.feed.LogFeed;
import io.ltxfs.database.feed.Transaction;
import io.ltxfs.database.feed.TransactionFeed;
import io.ltxfs.database.sim.SimDisk;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A follower of the log between two steps: a read fails, or the log is trimmed. */
class FollowerFaultsTest {
    private final SimDisk disk = new SimDisk(7);
    private TransactionLog log;
    private LogFeed feed;

    /** What happens once, before a call of a method of the log. */
    private final Map<String, Step> before = new HashMap<>();

    @FunctionalInterface
    private interface Step {
        void run() throws DiskException;
    }

    @BeforeEach
    void open() throws Exception {
        log = TransactionLog.open(disk, new LogOptions(8 << 10, 16 << 10, true, false));
        TransactionLog hooked = (TransactionLog) Proxy.newProxyInstance(
                TransactionLog.class.getClassLoader(),
                new Class<?>[] {TransactionLog.class},
                (proxy, method, arguments) -> {
                    Step step = before.remove(method.getName());
                    if (step != null) {
                        step.run();
                    }
                    try {
                        return method.invoke(log, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
        feed = new LogFeed(hooked);
    }

    @Test
    void aMarkIsTakenAgainWhenWhatItDecidesCannotBeRead() throws Exception {
        long first = log.append(new LogRecord.Prepared(TestPages.delta("a", 1), PageSet.empty(), "mj", 0));
        long second = log.append(new LogRecord.Prepared(TestPages.delta("b", 1), PageSet.empty(), "mj", 0));
        long mark = log.append(new LogRecord.GroupCommit(List.of(first, second)));
        log.flushAndWait(mark);
        TransactionFeed.Follower follower = feed.follow("test", mark, () -> {});
        before.put(
                "scan",
                () -> before.put("scan", () -> {
                    throw new DiskException(Errno.EIO, "a fault of the test's");
                }));
        assertThrows(DiskException.class, follower::next);
        follower.release(mark);
        assertTrue(feed.keepFromLsn() <= mark, "the mark is not kept");
        assertEquals("a", given(follower).header().database());
        assertEquals("b", given(follower).header().database());
        assertNull(follower.next());
        assertFalse(follower.lost());
    }

    @Test
    void whatWasWithdrawnIsNotGivenWhenItIsTrimmedMeanwhile() throws Exception {
        log.append(new LogRecord.Committed(TestPages.delta("a", 1), PageSet.empty()));
        long withdrawn = log.append(new LogRecord.Committed(TestPages.delta("a", 2), PageSet.empty()));
        log.append(new LogRecord.Abort(withdrawn));
        for (int i = 1; i < 20; i++) {
            log.append(new LogRecord.Committed(TestPages.delta("b", i), TestPages.of(Map.of(1, new byte[4096]))));
        }
        log.flushAndWait(log.lastLsn());
        TransactionFeed.Follower follower = feed.follow("test", TransactionFeed.Kind.REPLICA, 0, () -> {});
        assertEquals(1, given(follower).txid());
        before.put("isWithdrawn", () -> log.trim(log.lastLsn()));
        assertNull(follower.next());
        assertTrue(log.firstLsn() > withdrawn);
        assertTrue(follower.lost());
        for (Transaction next = follower.next(); next != null; next = follower.next()) {
            assertEquals("b", next.header().database());
        }
    }

    @Test
    void aReadThatFailedOnceIsNoDamage() throws Exception {
        TransactionFeed.Follower follower = feed.follow("test", 0, () -> {});
        for (int i = 1; i < 5; i++) {
            log.append(new LogRecord.Committed(TestPages.delta("a", i), PageSet.empty()));
            log.flushAndWait(log.lastLsn());
            boolean[] fails = {i > 1};
            disk.faults((kind, path) -> {
                boolean now = fails[0] && kind == SimDisk.Kind.READ;
                fails[0] &= !now;
                return now ? Errno.EIO : 0;
            });
            if (i > 1) {
                assertThrows(DiskException.class, follower::next);
            }
            assertEquals(i, given(follower).txid());
        }
    }

    private static Transaction given(TransactionFeed.Follower follower) throws DiskException {
        Transaction next = follower.next();
        assertNotNull(next);
        return next;
    }
}
