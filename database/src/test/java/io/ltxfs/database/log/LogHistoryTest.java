package io.ltxfs.database.log;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.log.TransactionHeader.Image;
import io.ltxfs.database.sim.SimDisk;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Rebuilds every position that the log says it has, against a plain copy of every state. */
class LogHistoryTest {
    private static final int PAGE_SIZE = 512;

    /** A committed state. */
    private record State(long lsn, long txid, Map<Integer, byte[]> pages) {}

    private final Map<String, List<State>> history = new HashMap<>();
    private Random random;
    private TransactionLog log;

    @ParameterizedTest
    @CsvSource({"1,12000,60000", "2,12000,60000", "3,8000,40000", "4,12000,30000", "5,6000,100000", "6,12000,15000"})
    void everyKeptPositionCanBeRebuilt(long seed, long segmentBytes, long maxBytes) throws Exception {
        random = new Random(seed);
        LogOptions options = new LogOptions(segmentBytes, maxBytes, true, false, seed % 2 == 0);
        SimDisk disk = new SimDisk(seed);
        log = TransactionLog.open(disk, options);
        int rebuilt = 0;
        int old = 0;
        for (int i = 0; i < 600; i++) {
            transaction("db" + (int) Math.sqrt(random.nextInt(16)));
            if (random.nextInt(20) == 0) {
                if (random.nextInt(8) == 0) {
                    // Any part of a trim that was not synced may be lost.
                    disk = trimAndCut(disk, options);
                } else {
                    log.trim(1 + (long) (log.lastLsn() * random.nextDouble() * 1.2));
                }
                if (random.nextInt(8) == 0) {
                    log.flushAndWait(log.lastLsn());
                    disk = disk.powerCut(random.nextLong());
                    log = TransactionLog.open(disk, options);
                    assertEquals(List.of(), log.damage());
                }
            }
            if (i % 40 == 0) {
                for (String database : history.keySet()) {
                    int count = rebuildAll(database);
                    rebuilt += count;
                    old += count > 1 ? 1 : 0;
                }
            }
        }
        log.trim(log.lastLsn());
        assertTrue(log.firstLsn() > 50, "nothing was trimmed");
        assertTrue(rebuilt > 50, "rebuilt " + rebuilt);
        assertTrue(old > 5, "old positions of " + old);
    }

    @Test
    void aFullDiskDropsOldPositionsRatherThanTransactions() throws Exception {
        random = new Random(3);
        SimDisk disk = new SimDisk(3);
        log = TransactionLog.open(disk, new LogOptions(12_000, 30_000, true, false));
        for (int i = 0; i < 60; i++) {
            transaction("db0");
        }
        long before = log.bytes();
        disk.capacity(disk.used());
        log.trim(log.lastLsn());
        assertTrue(log.bytes() < before, "nothing was trimmed");
        long first = log.firstTxid("db0");
        assertTrue(first == 0 || rebuildAll("db0") > 0);
        transaction("db0");
    }

    @Test
    void nothingIsTrimmedWhileTheLogIsHeld() throws Exception {
        random = new Random(4);
        log = TransactionLog.open(new SimDisk(4), new LogOptions(12_000, 30_000, true, false));
        for (int i = 0; i < 60; i++) {
            transaction("db0");
        }
        TransactionLog.Hold hold = log.hold();
        log.trim(log.lastLsn());
        assertEquals(1, log.firstLsn());
        hold.close();
        log.trim(log.lastLsn());
        assertTrue(log.firstLsn() > 1);
    }

    private SimDisk trimAndCut(SimDisk disk, LogOptions options) throws DiskException {
        log.flushAndWait(log.lastLsn());
        SimDisk[] image = {null};
        int[] countdown = {random.nextInt(25)};
        long seed = random.nextLong();
        SimDisk before = disk;
        disk.hook((kind, path) -> {
            if (countdown[0]-- == 0) {
                image[0] = before.powerCut(seed);
            }
        });
        log.trim(log.lastLsn());
        disk.hook((kind, path) -> {});
        if (image[0] == null) {
            return disk;
        }
        log = TransactionLog.open(image[0], options);
        assertEquals(List.of(), log.damage());
        return image[0];
    }

    private void transaction(String database) throws DiskException {
        List<State> states = history.computeIfAbsent(database, name -> new ArrayList<>());
        State last = states.isEmpty() ? new State(0, 0, Map.of()) : states.get(states.size() - 1);
        long txid = last.txid + 1;
        Map<Integer, byte[]> pages = new TreeMap<>(last.pages);
        Map<Integer, byte[]> changed = new TreeMap<>();
        int what = random.nextInt(100);
        Image image = Image.DELTA;
        if (last.pages.isEmpty() || what < 2) {
            image = Image.FULL;
            pages.clear();
            int size = 5 + random.nextInt(20);
            for (int pgno = 1; pgno <= size; pgno++) {
                changed.put(pgno, page());
            }
        } else if (what < 3) {
            image = Image.DROP;
            pages.clear();
        } else {
            int size = pages.size();
            if (what < 10) {
                for (int pgno = size; pgno > 1 + random.nextInt(size); pgno--) {
                    pages.remove(pgno);
                }
            } else if (what < 20) {
                for (int pgno = size + 1; pgno <= size + 4; pgno++) {
                    changed.put(pgno, page());
                }
            }
            int changes = random.nextInt(4);
            for (int c = 0; c < changes; c++) {
                changed.put(1 + random.nextInt(pages.size()), page());
            }
        }
        pages.putAll(changed);
        TransactionHeader header = TestPages.header(database, txid, PAGE_SIZE, pages.size(), image);
        PageSet set =
                changed.size() > 3 && random.nextBoolean() ? TestPages.staged(log, changed) : TestPages.of(changed);
        states.add(new State(append(header, set, changed), txid, pages));
    }

    /** Appends in one of the ways in which a transaction can become committed, some of them after being withdrawn. */
    private long append(TransactionHeader header, PageSet set, Map<Integer, byte[]> changed) throws DiskException {
        switch (random.nextInt(6)) {
            case 0 -> {
                long lsn = log.append(new LogRecord.Prepared(header, set, "", 0));
                log.append(new LogRecord.Commit(lsn));
                return lsn;
            }
            case 1 -> {
                long lsn = log.append(new LogRecord.Prepared(header, set, "mj", 0));
                log.append(new LogRecord.GroupCommit(List.of(lsn)));
                return lsn;
            }
            case 2 -> {
                long refused = log.append(new LogRecord.Committed(header, set));
                log.append(new LogRecord.Abort(refused));
                return log.append(new LogRecord.Committed(header, TestPages.of(changed)));
            }
            case 3 -> {
                long first = log.append(new LogRecord.Prepared(header, garbage(changed), "", 0));
                long lsn = log.append(new LogRecord.Prepared(header, set, "", first));
                log.append(new LogRecord.Commit(lsn));
                return lsn;
            }
            default -> {
                return log.append(new LogRecord.Committed(header, set));
            }
        }
    }

    private PageSet garbage(Map<Integer, byte[]> like) {
        Map<Integer, byte[]> other = new TreeMap<>();
        like.keySet().forEach(pgno -> other.put(pgno, page()));
        return TestPages.of(other);
    }

    private byte[] page() {
        byte[] page = new byte[PAGE_SIZE];
        random.nextBytes(page);
        return page;
    }

    private int rebuildAll(String database) throws DiskException {
        List<State> states = history.get(database);
        State last = states.get(states.size() - 1);
        long first = log.firstTxid(database);
        if (first == 0) {
            return 0;
        }
        assertTrue(first <= last.txid, "first " + first + " last " + last.txid);
        CatalogEntry begin = log.catalog().get(database);
        if (begin != null) {
            State state = states.get((int) begin.header().txid() - 1);
            assertEquals(state.lsn, begin.lsn());
        }
        int rebuilt = 0;
        for (State state : states.subList((int) first - 1, states.size())) {
            Map<Integer, byte[]> pages = new TreeMap<>();
            int[] previous = {0};
            log.pageVersions(database, state.lsn, (pgno, checksum, page) -> {
                assertTrue(pgno > previous[0]);
                previous[0] = pgno;
                byte[] bytes = new byte[page.remaining()];
                page.get(bytes);
                pages.put(pgno, bytes);
            });
            assertEquals(state.pages.keySet(), pages.keySet(), database + " at " + state.txid);
            for (Map.Entry<Integer, byte[]> page : state.pages.entrySet()) {
                assertArrayEquals(page.getValue(), pages.get(page.getKey()), database + " at " + state.txid);
            }
            rebuilt++;
        }
        return rebuilt;
    }
}
