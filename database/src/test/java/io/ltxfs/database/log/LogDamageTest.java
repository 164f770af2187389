package io.ltxfs.database.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.database.disk.Disk;
import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.disk.Errno;
import io.ltxfs.database.disk.PosixDisk;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A log whose files were damaged after they were durable: the node starts, says what is lost, and serves the rest. */
class LogDamageTest {
    private static final LogOptions OPTIONS = new LogOptions(20_000, 1L << 40, true, true, false);

    @TempDir
    Path directory;

    private Disk disk;
    private List<LogEntry> written;

    /** Segments 1 to 4, of which the third has records of b and c only, and the fourth goes on with c. */
    @BeforeEach
    void write() throws Exception {
        disk = new PosixDisk(directory);
        TransactionLog log = TransactionLog.open(disk, OPTIONS);
        for (int i = 0; i < 20; i++) {
            String database = i < 9 ? "a" : i >= 13 ? "c" : "b";
            PageSet pages = TestPages.of(Map.of(1, new byte[4096], 2 + i, new byte[4096]));
            log.append(new LogRecord.Committed(TestPages.delta(database, i + 1), pages));
        }
        written = TestPages.entries(log);
        log.close();
        assertEquals(7, written.get(19).location().segment());
        assertEquals(5, written.get(12).location().segment());
    }

    @Test
    void aBadRecordLosesTheRestOfItsSegmentOnly() throws Exception {
        LogEntry bad = written.get(12);
        flip(segment(5), bad.location().offset() + 20);
        TransactionLog log = open();
        assertEquals(lsnsBut(5, bad.location().offset()), lsns(log));
        assertEquals(1, log.damage().size());
        LogDamage damage = log.damage().get(0);
        assertEquals(5, damage.segment());
        assertEquals(bad.location().offset(), damage.offset());
        assertEquals(Set.of("b", "c"), damage.databases());
        assertEquals(0, log.firstTxid("c"));
        assertEquals(21, log.append(new LogRecord.Commit(1)));
        log.flushAndWait(21);
        log.close();
    }

    @Test
    void onlyDatabasesWithRecordsInTheLostPartAreNamed() throws Exception {
        LogEntry bad = written.get(14);
        flip(segment(5), bad.location().offset() + LogLayout.HEADER_BYTES + 3);
        TransactionLog log = open();
        assertEquals(Set.of("c"), log.damage().get(0).databases());
        assertEquals(19, lsns(log).size());
        log.close();
    }

    @Test
    void aBadHeadLosesItsSegmentOnly() throws Exception {
        flip(segment(5), 90);
        TransactionLog log = open();
        assertEquals(lsnsBut(5, 0), lsns(log));
        assertEquals(Set.of("b", "c"), log.damage().get(0).databases());
        log.trim(log.lastLsn());
        log.close();
    }

    @Test
    void aBadHeadOfTheNewestSegmentKeepsTheFile() throws Exception {
        flip(segment(7), 90);
        TransactionLog log = open();
        assertEquals(18, log.lastLsn());
        assertEquals(Set.of("a", "b", "c"), log.damage().get(0).databases());
        assertTrue(Files.exists(directory.resolve(LogFiles.segment(7) + LogFiles.DAMAGED)));
        assertEquals(19, log.append(new LogRecord.Commit(1)));
        log.close();
        assertEquals(List.of(), open().damage());
    }

    @Test
    void aBadPageInASealedSegmentIsFoundWhenItIsRead() throws Exception {
        LogEntry entry = written.get(13);
        flip(segment(5), entry.location().offset() + 5000);
        TransactionLog log = open();
        assertEquals(List.of(), log.damage());
        DiskException failure = assertThrows(DiskException.class, () -> log.pages(entry, (pgno, sum, page) -> {}));
        assertEquals(Errno.EIO, failure.errno());
        assertTrue(failure.getMessage().contains("record 14"), failure.getMessage());
        log.close();
    }

    @Test
    void aBadPageInTheLastSegmentEndsTheLog() throws Exception {
        flip(segment(7), written.get(19).location().offset() + 5000);
        TransactionLog log = open();
        assertEquals(19, log.lastLsn());
        assertEquals(List.of(), log.damage());
        log.close();
    }

    @Test
    void segmentsBeforeAGapAreNotUsed() throws Exception {
        Files.delete(segment(4));
        TransactionLog log = open();
        assertEquals(13, log.firstLsn());
        assertEquals(8, lsns(log).size());
        assertFalse(Files.exists(segment(3)));
        assertEquals(Set.of("a", "b"), log.catalog().keySet());
        assertEquals(12, log.catalog().get("b").lsn());
        assertEquals(9, log.catalog().get("a").header().txid());
        log.close();
    }

    /** Or it would come back once the record before it is written again, byte for byte the same. */
    @Test
    void whatFollowedABadRecordIsCutOff() throws Exception {
        TransactionLog log = open();
        log.append(new LogRecord.Abort(20));
        LogEntry mark = TestPages.entries(log).get(20);
        log.append(new LogRecord.Watermark("c", 3));
        log.close();
        flip(segment(7), mark.location().offset() + 10);
        log = open();
        assertEquals(20, log.lastLsn());
        log.append(new LogRecord.Abort(20));
        log.close();
        log = open();
        assertEquals(21, log.lastLsn());
        log.close();
    }

    @Test
    void aMissingStageIsDamageOfItsDatabase() throws Exception {
        TransactionLog log = open();
        PageSet staged = TestPages.staged(log, Map.of(1, new byte[4096], 2, new byte[4096]));
        log.append(new LogRecord.Committed(TestPages.delta("b", 50), staged));
        for (int i = 0; i < 4; i++) {
            PageSet pages = TestPages.of(Map.of(1, new byte[4096], 2 + i, new byte[4096]));
            log.append(new LogRecord.Committed(TestPages.delta("c", 60 + i), pages));
        }
        log.close();
        Files.delete(directory.resolve(staged.stage().orElseThrow().path()));
        TransactionLog again = open();
        assertEquals(25, lsns(again).size());
        assertEquals(Set.of("b"), again.damage().get(0).databases());
        again.close();
    }

    private TransactionLog open() throws DiskException {
        return TransactionLog.open(disk, OPTIONS);
    }

    private Path segment(long sequence) {
        return directory.resolve(LogFiles.segment(sequence));
    }

    private void flip(Path file, long offset) throws IOException {
        try (RandomAccessFile access = new RandomAccessFile(file.toFile(), "rw")) {
            access.seek(offset);
            int old = access.read();
            access.seek(offset);
            access.write(old ^ 0x40);
        }
    }

    private static List<Long> lsns(TransactionLog log) throws DiskException {
        List<Long> lsns = new ArrayList<>();
        TestPages.entries(log).forEach(entry -> lsns.add(entry.lsn()));
        return lsns;
    }

    private List<Long> lsnsBut(long segment, long fromOffset) {
        List<Long> lsns = new ArrayList<>();
        for (LogEntry entry : written) {
            if (entry.location().segment() != segment || entry.location().offset() < fromOffset) {
                lsns.add(entry.lsn());
            }
        }
        return lsns;
    }
}
