package io.ltxfs.database.log;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.disk.Errno;
import io.ltxfs.database.feed.LogFeed;
import io.ltxfs.database.feed.Transaction;
import io.ltxfs.database.feed.TransactionFeed.Follower;
import io.ltxfs.database.log.TransactionHeader.Image;
import io.ltxfs.database.sim.SimDisk;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What followers of a log are given, and what is kept for them. */
class TransactionFeedTest {
    private static final int PAGE_SIZE = 512;

    private final SimDisk disk = new SimDisk(1);
    private final List<String> wakes = new ArrayList<>();

    private TransactionLog log = open(disk, 8_000, 1L << 40);
    private LogFeed feed = new LogFeed(log);

    private static TransactionLog open(SimDisk disk, long segmentBytes, long maxBytes) {
        try {
            return TransactionLog.open(disk, new LogOptions(segmentBytes, maxBytes, true, false));
        } catch (DiskException e) {
            throw new IllegalStateException(e);
        }
    }

    private void bound(long segmentBytes, long maxBytes) throws DiskException {
        log.close();
        log = open(disk, segmentBytes, maxBytes);
        feed = new LogFeed(log);
    }

    @Test
    void givesWhatIsDurableAndWakesTheFollower() throws DiskException {
        Follower follower = feed.follow("f", 0, () -> wakes.add("wake"));
        wakes.clear();
        log.append(committed("a", 1));
        assertNull(follower.next());
        assertEquals(0, wakes.size());
        flush();
        assertFalse(wakes.isEmpty());
        assertEquals("a1", next(follower));
        assertNull(follower.next());
    }

    @Test
    void anOpenRecordHoldsBackUntilItIsSettled() throws DiskException {
        Follower follower = feed.follow("f", 0, () -> wakes.add("wake"));
        long lsn = log.appendOpen(committed("a", 1));
        log.append(committed("b", 1));
        flush();
        assertNull(follower.next());
        wakes.clear();
        log.settle(lsn);
        assertEquals(1, wakes.size());
        assertEquals("a1", next(follower));
        assertEquals("b1", next(follower));
    }

    @Test
    void anOpenRecordThatIsWithdrawnIsPassedOnceThatIsDurable() throws DiskException {
        Follower follower = feed.follow("f", 0, () -> {});
        long lsn = log.appendOpen(committed("a", 1));
        log.append(committed("b", 1));
        flush();
        log.append(new LogRecord.Abort(lsn));
        assertNull(follower.next());
        flush();
        assertEquals("b1", next(follower));
        log.append(committed("a", 1));
        flush();
        assertEquals("a1", next(follower));
        assertNull(follower.next());
    }

    @Test
    void whatIsDurableIsNotOpenedAgain() throws DiskException {
        Follower follower = feed.follow("f", 0, () -> {});
        long lsn = log.appendOpen(committed("a", 1));
        log.settle(lsn);
        assertTrue(log.reopen(lsn));
        flush();
        assertNull(follower.next());
        log.settle(lsn);
        assertFalse(log.reopen(lsn));
        assertEquals("a1", next(follower));
    }

    @Test
    void anOpenGroupMarkHoldsBackUntilEveryMemberIsWithdrawn() throws DiskException {
        Follower follower = feed.follow("f", 0, () -> {});
        long a = log.append(new LogRecord.Prepared(header("a", 1), page(1), "mj", 0));
        long b = log.append(new LogRecord.Prepared(header("b", 1), page(1), "mj", 0));
        log.appendOpen(new LogRecord.GroupCommit(List.of(a, b)));
        log.append(committed("c", 1));
        log.append(new LogRecord.Abort(a));
        flush();
        assertNull(follower.next());
        log.append(new LogRecord.Abort(b));
        flush();
        assertEquals("c1", next(follower));
        assertNull(follower.next());
    }

    @Test
    void aPreparedOneWaitsForItsMarkAndHoldsUpNobody() throws DiskException {
        Follower follower = feed.follow("f", 0, () -> {});
        long prepared = log.append(new LogRecord.Prepared(header("a", 1), page(1), "", 0));
        log.append(committed("b", 1));
        flush();
        Transaction b = follower.next();
        assertNotNull(b);
        assertEquals("b", b.header().database());
        follower.release(b.lsn() + 1);
        assertNull(follower.next());
        assertEquals(prepared, feed.keepFromLsn());
        log.append(new LogRecord.Commit(prepared));
        flush();
        Transaction a = follower.next();
        assertNotNull(a);
        assertEquals("a", a.header().database());
        assertTrue(a.lsn() > b.lsn());
        assertEquals(prepared, feed.keepFromLsn());
        follower.release(a.lsn() + 1);
        assertNull(follower.next());
        assertEquals(log.lastLsn() + 1, feed.keepFromLsn());
    }

    @Test
    void aMarkBehindTheReleasedBringsTheRecordBeforeIt() throws DiskException {
        long prepared = log.append(new LogRecord.Prepared(header("a", 1), page(1), "", 0));
        long b = log.append(committed("b", 1));
        flush();
        Follower follower = feed.follow("later", b + 1, () -> {});
        assertNull(follower.next());
        log.append(new LogRecord.Commit(prepared));
        flush();
        assertEquals("a1", next(follower));
        assertNull(follower.next());
    }

    @Test
    void theNextTransactionDecidesAPreparedOneWhoseMarkIsMissing() throws DiskException {
        Follower follower = feed.follow("f", 0, () -> {});
        long prepared = log.append(new LogRecord.Prepared(header("a", 1), page(1), "", 0));
        long second = log.append(committed("a", 2));
        flush();
        assertEquals("a1", next(follower));
        assertEquals("a2", next(follower));
        log.append(new LogRecord.Commit(prepared));
        flush();
        assertNull(follower.next());
        assertNull(feed.follow("later", second + 1, () -> {}).next());
    }

    @Test
    void readsNothingWhenThereIsNothingAndEachHeaderOnce() throws DiskException {
        Follower follower = feed.follow("f", 0, () -> {});
        int[] reads = {0};
        disk.faults((kind, path) -> {
            reads[0] += kind == SimDisk.Kind.READ ? 1 : 0;
            return 0;
        });
        for (int i = 1; i <= 200; i++) {
            log.append(committed("a", i));
            flush();
            assertEquals("a" + i, next(follower));
            int before = reads[0];
            assertNull(follower.next());
            assertNull(follower.next());
            assertEquals(before, reads[0]);
        }
        assertTrue(log.bytes() > 5 * 8_000, "one segment only");
        assertTrue(reads[0] <= 260, reads[0] + " reads for 200 records");
    }

    @Test
    void followsTheTailThatASyncThatFailedHasMoved() throws DiskException {
        Follower follower = feed.follow("f", 0, () -> {});
        for (int i = 1; i <= 3; i++) {
            log.append(committed("a", i));
        }
        flush();
        assertEquals("a1", next(follower));
        log.append(committed("a", 4));
        disk.faults((kind, path) -> kind == SimDisk.Kind.SYNC ? Errno.EIO : 0);
        try {
            flush();
        } catch (DiskException e) {
            assertEquals(Errno.EIO, e.errno());
        }
        disk.faults((kind, path) -> 0);
        log.append(committed("a", 5));
        flush();
        for (int i = 2; i <= 5; i++) {
            assertEquals("a" + i, next(follower));
        }
        assertNull(follower.next());
    }

    @Test
    void saysOnceThatTransactionsAreLostAndGoesOnBehindThem() throws DiskException {
        bound(8_000, 20_000);
        Follower slow = feed.follow("slow", 0, () -> {});
        Follower quick = feed.follow("quick", 0, () -> {});
        for (int i = 1; i <= 100; i++) {
            log.append(committed("a", i));
        }
        flush();
        assertEquals("a1", next(slow));
        for (Transaction t = quick.next(); t != null; t = quick.next()) {
            quick.release(t.lsn() + 1);
        }
        assertEquals(1, feed.keepFromLsn());
        assertTrue(feed.backlog() > 1, "backlog " + feed.backlog());
        assertEquals("slow", feed.last().orElse(""));
        log.trim(feed.keepFromLsn());
        assertEquals(1, log.firstLsn());
        log.trim(log.durableLsn());
        assertTrue(log.firstLsn() > 10);
        feed.trimmed();
        assertNull(slow.next());
        assertTrue(slow.lost());
        assertFalse(slow.lost());
        assertEquals("a" + log.firstLsn(), next(slow));
        assertFalse(slow.lost());
        assertFalse(quick.lost());
        slow.close();
        assertEquals(0, feed.backlog(), 0.2);
        assertTrue(feed.follow("again", 5, () -> {}).lost());
    }

    @Test
    void nothingIsLostWhereNoTransactionWasTrimmed() throws DiskException {
        bound(8_000, 20_000);
        long last = 0;
        for (int i = 1; i <= 20; i++) {
            last = log.append(committed("a", i));
        }
        for (int i = 0; i < 2_000; i++) {
            log.append(new LogRecord.Watermark("a", last));
        }
        flush();
        log.trim(log.durableLsn());
        assertTrue(log.firstLsn() > last + 1);
        Follower follower = feed.follow("back", last + 1, () -> {});
        assertNull(follower.next());
        assertFalse(follower.lost());
        log.append(committed("a", 21));
        flush();
        assertEquals("a21", next(follower));
    }

    /** Every way to be decided or not, followers that come, release and come back, against the list of what was decided. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void givesEachDatabasesTransactionsInOrder(long seed) throws DiskException {
        Random random = new Random(seed);
        Map<String, Long> txids = new HashMap<>();
        Map<String, Long> given = new HashMap<>();
        Map<String, Long> undecided = new TreeMap<>();
        Follower follower = feed.follow("f", 0, () -> {});
        long released = 0;
        for (int step = 0; step < 1_500; step++) {
            String name = "db" + random.nextInt(5);
            if (undecided.containsKey(name)) {
                long lsn = undecided.remove(name);
                if (random.nextInt(3) == 0) {
                    log.append(new LogRecord.Abort(lsn));
                } else {
                    txids.merge(name, 1L, Long::sum);
                    log.append(new LogRecord.Commit(lsn));
                }
            } else {
                step(random, name, txids, undecided);
            }
            if (random.nextInt(4) == 0) {
                flush();
            }
            for (int i = random.nextInt(4); i > 0; i--) {
                Transaction next = follower.next();
                if (next != null) {
                    String database = next.header().database();
                    assertEquals(given.getOrDefault(database, 0L) + 1, next.txid(), database + " seed " + seed);
                    given.put(database, next.txid());
                    if (random.nextInt(5) == 0) {
                        released = next.lsn();
                        follower.release(released);
                    }
                }
            }
            if (random.nextInt(60) == 0) {
                follower.close();
                follower = feed.follow("f", released, () -> {});
                given.clear();
                Follower again = follower;
                for (Transaction next = again.next(); next != null; next = again.next()) {
                    String database = next.header().database();
                    Long before = given.put(database, next.txid());
                    assertTrue(before == null || before + 1 == next.txid(), database + " seed " + seed);
                }
                follower.close();
                follower = feed.follow("f", 0, () -> {});
                given.clear();
            }
        }
        flush();
        for (Transaction next = follower.next(); next != null; next = follower.next()) {
            String database = next.header().database();
            assertEquals(given.getOrDefault(database, 0L) + 1, next.txid(), database + " seed " + seed);
            given.put(database, next.txid());
        }
        assertEquals(txids, given, "seed " + seed);
    }

    private void step(Random random, String name, Map<String, Long> txids, Map<String, Long> undecided)
            throws DiskException {
        long txid = txids.getOrDefault(name, 0L) + 1;
        switch (random.nextInt(7)) {
            case 0 -> undecided.put(name, log.append(new LogRecord.Prepared(header(name, txid), page(1), "", 0)));
            case 1 -> {
                long lsn = log.append(new LogRecord.Prepared(header(name, txid), page(1), "mj", 0));
                boolean both = !undecided.containsKey("other") && random.nextBoolean();
                long other = txids.getOrDefault("other", 0L) + 1;
                List<Long> members = both
                        ? List.of(lsn, log.append(new LogRecord.Prepared(header("other", other), page(2), "mj", 0)))
                        : List.of(lsn);
                long mark = log.appendOpen(new LogRecord.GroupCommit(members));
                flush();
                if (random.nextInt(3) == 0) {
                    for (long member : members) {
                        log.append(new LogRecord.Abort(member));
                    }
                } else {
                    log.settle(mark);
                    txids.put(name, txid);
                    if (both) {
                        txids.put("other", other);
                    }
                }
            }
            case 2 -> {
                long lsn = log.appendOpen(committed(name, txid));
                flush();
                log.append(new LogRecord.Abort(lsn));
            }
            case 3 -> {
                long first = log.append(new LogRecord.Prepared(header(name, txid), page(3), "", 0));
                long lsn = log.append(new LogRecord.Prepared(header(name, txid), page(1), "", first));
                log.append(new LogRecord.Commit(lsn));
                txids.put(name, txid);
            }
            default -> {
                log.append(committed(name, txid));
                txids.put(name, txid);
            }
        }
    }

    /** Merging is applying one by one. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void mergedIsWhatApplyingOneByOneGives(long seed) throws DiskException {
        Random random = new Random(seed);
        Follower follower = feed.follow("f", 0, () -> {});
        int size = 1 + random.nextInt(30);
        for (int i = 1; i <= 60; i++) {
            int before = size;
            size = Math.max(1, size + random.nextInt(21) - 10);
            Map<Integer, byte[]> changed = new TreeMap<>();
            for (int pgno = before + 1; pgno <= size; pgno++) {
                changed.put(pgno, bytes(random));
            }
            for (int c = random.nextInt(6); c > 0; c--) {
                changed.put(1 + random.nextInt(size), bytes(random));
            }
            TransactionHeader header = TestPages.header("a", i, PAGE_SIZE, size, Image.DELTA);
            PageSet pages = random.nextInt(3) == 0 && !changed.isEmpty()
                    ? TestPages.staged(log, changed)
                    : TestPages.of(changed);
            log.append(new LogRecord.Committed(header, pages));
        }
        flush();
        List<Transaction> all = new ArrayList<>();
        for (Transaction next = follower.next(); next != null; next = follower.next()) {
            all.add(next);
        }
        assertEquals(60, all.size());
        for (int run = 0; run < 40; run++) {
            int from = random.nextInt(60);
            List<Transaction> some = all.subList(from, from + 1 + random.nextInt(60 - from));
            TreeMap<Integer, byte[]> expected = new TreeMap<>();
            for (Transaction transaction : some) {
                expected.putAll(TestPages.read(log, transaction.entry()));
                expected.tailMap(transaction.header().commit() + 1).clear();
            }
            TreeMap<Integer, byte[]> merged = new TreeMap<>();
            feed.merged(some, (pgno, checksum, page) -> {
                assertTrue(merged.isEmpty() || merged.lastKey() < pgno, "not ascending, seed " + seed);
                byte[] bytes = new byte[page.remaining()];
                page.get(bytes);
                merged.put(pgno, bytes);
            });
            assertEquals(expected.keySet(), merged.keySet(), "seed " + seed);
            expected.forEach(
                    (pgno, bytes) -> assertArrayEquals(bytes, merged.get(pgno), "page " + pgno + " seed " + seed));
        }
    }

    @Test
    void aPageThatWasCutOffAndDidNotComeAgainIsLeftOut() throws DiskException {
        log.append(committed("a", 1, 5, Map.of(1, new byte[PAGE_SIZE], 5, new byte[PAGE_SIZE])));
        log.append(committed("a", 2, 2, Map.of(2, new byte[PAGE_SIZE])));
        log.append(committed("a", 3, 6, Map.of(6, new byte[PAGE_SIZE])));
        flush();
        Follower follower = feed.follow("f", 0, () -> {});
        List<Transaction> all = new ArrayList<>();
        for (Transaction next = follower.next(); next != null; next = follower.next()) {
            all.add(next);
        }
        List<Integer> pgnos = new ArrayList<>();
        feed.merged(all, (pgno, checksum, page) -> pgnos.add(pgno));
        assertEquals(List.of(1, 2, 6), pgnos);
    }

    private void flush() throws DiskException {
        log.flushAndWait(log.lastLsn());
    }

    private static @Nullable String next(Follower follower) throws DiskException {
        Transaction next = follower.next();
        return next == null ? null : next.header().database() + next.txid();
    }

    private static LogRecord.Committed committed(String database, long txid) {
        return new LogRecord.Committed(header(database, txid), page(1));
    }

    private static LogRecord.Committed committed(String database, long txid, int commit, Map<Integer, byte[]> pages) {
        return new LogRecord.Committed(
                TestPages.header(database, txid, PAGE_SIZE, commit, Image.DELTA), TestPages.of(pages));
    }

    private static TransactionHeader header(String database, long txid) {
        return TestPages.header(database, txid, PAGE_SIZE, 9, Image.DELTA);
    }

    private static PageSet page(int pgno) {
        return TestPages.of(Map.of(pgno, new byte[PAGE_SIZE]));
    }

    private static byte[] bytes(Random random) {
        byte[] bytes = new byte[PAGE_SIZE];
        random.nextBytes(bytes);
        return bytes;
    }
}
