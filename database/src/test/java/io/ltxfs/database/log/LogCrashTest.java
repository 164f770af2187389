package io.ltxfs.database.log;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.disk.Errno;
import io.ltxfs.database.sim.PowerLoss;
import io.ltxfs.database.sim.SimDisk;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Cuts the power and kills the process after every operation on the disk, faults included, and looks at what the log
 * holds then: what was told to be durable, in front of nothing but what was appended, in order.
 */
class LogCrashTest {
    private static final LogOptions OPTIONS = new LogOptions(12_000, 1L << 40, true, false, true);
    private static final int PAGE_SIZE = 512;

    /** A record that was appended, or is just being appended. */
    private record Expected(LogRecord record, Map<Integer, byte[]> pages) {}

    private final SimDisk disk = new SimDisk(1);
    private final List<Expected> appended = new ArrayList<>();
    private Expected inFlight;
    private long durable;
    private Random random;
    private int checks;
    private int longer;

    @ParameterizedTest
    @CsvSource({"1,0", "2,0", "3,0", "4,0", "5,10", "6,10", "7,10", "8,15", "9,20", "10,20", "11,50", "12,50"})
    void nothingDurableIsLostAndNothingElseAppears(long seed, int faultPerMille) throws Exception {
        random = new Random(seed);
        Random faults = new Random(seed + 1);
        TransactionLog log = TransactionLog.open(disk, OPTIONS);
        disk.hook((kind, path) -> {
            if (random.nextInt(8) == 0) {
                check(disk.powerCut(random.nextLong()), durable);
            }
            if (random.nextInt(20) == 0) {
                check(disk.kill(), appended.size());
            }
        });
        disk.faults((kind, path) -> kind != SimDisk.Kind.READ && faults.nextInt(1000) < faultPerMille
                ? (faults.nextBoolean() ? Errno.EIO : Errno.ENOSPC)
                : 0);
        int failures = 0;
        for (int i = 0; i < 160; i++) {
            try {
                step(log, i);
            } catch (DiskException e) {
                failures++;
            }
            inFlight = null;
            if (log.durableLsn() > durable) {
                durable = log.durableLsn();
            }
            verify(log, appended.size(), false);
        }
        disk.faults((kind, path) -> 0);
        log.flushAndWait(log.lastLsn());
        durable = appended.size();
        assertEquals(durable, log.durableLsn());
        check(disk.powerCut(seed), durable);
        log.close();
        assertTrue(checks > 20, "checked " + checks);
        assertTrue(faultPerMille == 0 || failures > 0);
        assertTrue(longer > 5, "found " + longer);
    }

    private void step(TransactionLog log, int i) throws DiskException {
        int what = random.nextInt(10);
        if (random.nextInt(10) == 0) {
            log.trim(log.durableLsn());
        }
        if (what < 3) {
            long lsn = 1 + random.nextInt(appended.size() + 1);
            log.flush(lsn, failure -> {
                if (failure == null) {
                    durable = Math.max(durable, Math.min(lsn, appended.size()));
                }
            });
            return;
        }
        LogRecord record;
        Map<Integer, byte[]> pages = new TreeMap<>();
        if (what == 3 && !appended.isEmpty()) {
            long lsn = 1 + random.nextInt(appended.size());
            record = random.nextBoolean() ? new LogRecord.Abort(lsn) : new LogRecord.Commit(lsn);
        } else if (what == 4) {
            record = new LogRecord.Watermark("w" + i, i);
        } else {
            int count = random.nextInt(10) == 0 ? 30 : random.nextInt(4);
            while (pages.size() < count) {
                byte[] page = new byte[PAGE_SIZE];
                random.nextBytes(page);
                pages.put(1 + random.nextInt(100), page);
            }
            boolean staged = count > 2 && random.nextBoolean();
            PageSet set = staged ? TestPages.staged(log, pages) : TestPages.of(pages);
            TransactionHeader header =
                    TestPages.header("db" + random.nextInt(3), i + 1, PAGE_SIZE, 100, TransactionHeader.Image.DELTA);
            record = random.nextBoolean()
                    ? new LogRecord.Committed(header, set)
                    : new LogRecord.Prepared(header, set, "", 0);
        }
        Expected expected = new Expected(record, pages);
        inFlight = expected;
        long lsn = log.append(record);
        appended.add(expected);
        assertEquals(appended.size(), lsn);
    }

    /** Opens an image of the disk, sometimes with another cut in the opening, and goes on with it. */
    private void check(SimDisk image, long leastFound) {
        checks++;
        long least = leastFound;
        try {
            SimDisk current = image;
            if (random.nextInt(4) == 0) {
                int cutAt = random.nextInt(8);
                long seed = random.nextLong();
                SimDisk first = image;
                SimDisk[] second = {image};
                int[] count = {0};
                first.hook((kind, path) -> {
                    if (count[0]++ == cutAt) {
                        second[0] = first.powerCut(seed);
                        first.freeze();
                        throw new PowerLoss("while opening");
                    }
                });
                try {
                    TransactionLog.open(first, OPTIONS).close();
                } catch (PowerLoss e) {
                    current = second[0];
                    least = durable;
                }
                current.hook((kind, path) -> {});
            }
            TransactionLog log = TransactionLog.open(current, OPTIONS);
            long found = verify(log, least, true);
            if (found > least) {
                longer++;
            }
            assertEquals(List.of(), log.damage());
            LogRecord next = new LogRecord.Watermark("after", found);
            assertEquals(found + 1, log.append(next));
            log.flushAndWait(found + 1);
            TransactionLog again = TransactionLog.open(current.powerCut(5), OPTIONS);
            assertEquals(TestPages.entries(log), TestPages.entries(again));
        } catch (DiskException e) {
            throw new AssertionError(e);
        }
    }

    /** @return the number of records */
    private long verify(TransactionLog log, long least, boolean withInFlight) throws DiskException {
        List<LogEntry> entries = TestPages.entries(log);
        List<Expected> all = new ArrayList<>(appended);
        if (withInFlight && inFlight != null) {
            all.add(inFlight);
        }
        assertTrue(entries.size() >= least, "found " + entries.size() + " records, not " + least);
        assertTrue(entries.size() <= all.size(), "found " + entries.size() + " records, more than " + all.size());
        if (!withInFlight && random.nextInt(10) != 0) {
            return entries.size();
        }
        for (int i = 0; i < entries.size(); i++) {
            LogEntry entry = entries.get(i);
            assertEquals(i + 1, entry.lsn());
            matches(all.get(i), entry);
            Map<Integer, byte[]> pages = TestPages.read(log, entry);
            assertEquals(all.get(i).pages.keySet(), pages.keySet());
            all.get(i).pages.forEach((pgno, page) -> assertArrayEquals(page, pages.get(pgno)));
        }
        return entries.size();
    }

    private static void matches(Expected expected, LogEntry entry) {
        LogRecord record = expected.record;
        if (record instanceof LogRecord.Committed committed) {
            assertEquals(LogEntry.Kind.COMMITTED, entry.kind());
            assertEquals(committed.header(), entry.header());
        } else if (record instanceof LogRecord.Prepared prepared) {
            assertEquals(LogEntry.Kind.PREPARED, entry.kind());
            assertEquals(prepared.header(), entry.header());
        } else if (record instanceof LogRecord.Abort abort) {
            assertEquals(List.of(abort.lsn()), entry.targets());
        } else if (record instanceof LogRecord.Commit commit) {
            assertEquals(List.of(commit.lsn()), entry.targets());
        } else if (record instanceof LogRecord.Watermark watermark) {
            assertEquals(watermark.database(), entry.database());
        }
    }

    @Test
    void aSyncThatFailsAtTheStartProvesNothingAtTheNext() throws Exception {
        LogOptions options = new LogOptions(1 << 20, 1L << 40, true, false);
        for (long seed = 0; seed < 20; seed++) {
            SimDisk first = new SimDisk(seed);
            TransactionLog log = TransactionLog.open(first, options);
            for (int i = 1; i <= 5; i++) {
                log.append(new LogRecord.Committed(TestPages.delta("d", i), TestPages.of(Map.of(1, new byte[4096]))));
            }
            SimDisk second = first.kill();
            second.faults((kind, path) -> kind == SimDisk.Kind.SYNC ? Errno.EIO : 0);
            assertThrows(DiskException.class, () -> TransactionLog.open(second, options));
            second.faults((kind, path) -> 0);
            SimDisk third = second.kill();
            assertEquals(5, TransactionLog.open(third, options).durableLsn());
            assertEquals(5, TransactionLog.open(third.powerCut(seed), options).lastLsn(), "seed " + seed);
        }
    }
}
