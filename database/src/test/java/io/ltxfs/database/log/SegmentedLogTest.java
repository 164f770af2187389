package io.ltxfs.database.log;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.database.disk.Disk;
import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.disk.PosixDisk;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SegmentedLogTest {
    @TempDir
    Path directory;

    private Disk disk;
    private final Random random = new Random(7);

    @BeforeEach
    void makeDisk() {
        disk = new PosixDisk(directory);
    }

    @Test
    void recordsOfEveryKindAreFoundAgainAfterReopening() throws Exception {
        LogOptions small = new LogOptions(200_000, 1L << 40, true, true);
        Map<Long, Map<Integer, byte[]>> pages = new HashMap<>();
        List<LogEntry> before;
        TransactionLog log = TransactionLog.open(disk, small);
        for (int i = 1; i <= 60; i++) {
            Map<Integer, byte[]> content = randomPages(i % 10 == 0 ? 150 : random.nextInt(5), 4096);
            boolean staged = i % 7 == 0 && !content.isEmpty();
            PageSet set = staged ? TestPages.staged(log, content) : TestPages.of(content);
            TransactionHeader header = TestPages.delta("dir/ä-" + i % 3, i);
            long lsn = i % 2 == 0
                    ? log.append(new LogRecord.Committed(header, set))
                    : log.append(new LogRecord.Prepared(header, set, i % 4 == 1 ? "x-mj123" : "", 0));
            pages.put(lsn, content);
            if (i % 5 == 0) {
                log.append(new LogRecord.Commit(lsn));
            } else if (i % 5 == 1) {
                log.append(new LogRecord.GroupCommit(List.of(lsn, lsn - 1, 1L)));
            } else if (i % 5 == 2) {
                log.append(new LogRecord.Abort(lsn));
            } else if (i % 5 == 3) {
                log.append(new LogRecord.Watermark("dir/ä-1", lsn));
            }
        }
        log.append(new LogRecord.Prepared(TestPages.delta("p", 1), PageSet.empty(), "", 5));
        before = TestPages.entries(log);
        assertEquals(log.lastLsn(), before.size());
        checkPages(log, before, pages);
        log.flushAndWait(log.lastLsn());
        assertEquals(log.lastLsn(), log.durableLsn());
        log.close();

        TransactionLog again = TransactionLog.open(disk, small);
        assertEquals(List.of(), again.damage());
        List<LogEntry> after = TestPages.entries(again);
        assertEquals(before, after);
        checkPages(again, after, pages);
        assertEquals(5L, after.get(after.size() - 1).targets().get(0));
        long next = again.append(new LogRecord.Commit(1));
        assertEquals(before.size() + 1, next);
        assertTrue(again.bytes() > 60 * 4096);
        again.close();
    }

    private static void checkPages(TransactionLog log, List<LogEntry> entries, Map<Long, Map<Integer, byte[]>> expected)
            throws Exception {
        for (LogEntry entry : entries) {
            Map<Integer, byte[]> content = expected.get(entry.lsn());
            if (content == null) {
                continue;
            }
            Map<Integer, byte[]> actual = TestPages.read(log, entry);
            assertEquals(content.keySet(), actual.keySet());
            for (Map.Entry<Integer, byte[]> page : content.entrySet()) {
                assertArrayEquals(page.getValue(), actual.get(page.getKey()));
            }
            List<Integer> table = new ArrayList<>();
            log.table(entry, (index, pgno, checksum) -> {
                assertEquals(table.size(), index);
                table.add(pgno);
            });
            assertEquals(List.copyOf(content.keySet()), table);
        }
    }

    @Test
    void aStageThatWasGivenUpIsGone() throws Exception {
        TransactionLog log = TransactionLog.open(disk, LogOptions.defaults());
        Stage stage = log.newStage();
        assertTrue(disk.exists(stage.path()));
        log.discardStage(stage);
        assertFalse(disk.exists(stage.path()));
        Stage orphan = log.newStage();
        log.close();
        log = TransactionLog.open(disk, LogOptions.defaults());
        assertFalse(disk.exists(orphan.path()));
        log.close();
    }

    private Map<Integer, byte[]> randomPages(int count, int pageSize) {
        Map<Integer, byte[]> pages = new java.util.TreeMap<>();
        while (pages.size() < count) {
            byte[] page = new byte[pageSize];
            random.nextBytes(page);
            pages.put(1 + random.nextInt(1000), page);
        }
        return pages;
    }

    @Test
    void aSyncAfterTheEndIsNoFailureOfTheDisk(@TempDir Path directory) throws Exception {
        Disk disk = new PosixDisk(directory);
        LogOptions options = new LogOptions(1 << 20, 1L << 40, true, false);
        TransactionLog log = TransactionLog.open(disk, options);
        log.append(new LogRecord.Committed(TestPages.delta("d", 1), PageSet.empty()));
        long[] late = {0};
        log.onProgress(() -> {
            if (late[0] == 0) {
                late[0] = 1;
                try {
                    late[0] = log.append(new LogRecord.Committed(TestPages.delta("d", 2), PageSet.empty()));
                } catch (DiskException e) {
                    throw new IllegalStateException(e);
                }
            }
        });
        log.close();
        assertEquals(2, late[0]);
        assertThrows(DiskException.class, () -> log.flushAndWait(late[0]));
        assertFalse(disk.exists("log/unsynced"));
        assertEquals(2, TransactionLog.open(disk, options).durableLsn());
    }
}
