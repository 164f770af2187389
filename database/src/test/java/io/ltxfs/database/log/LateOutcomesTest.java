package io.ltxfs.database.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import io.ltxfs.database.sim.SimDisk;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the log says of a database at its beginning, when the outcome of a record came late or was never written. */
class LateOutcomesTest {
    private static final LogOptions OPTIONS = new LogOptions(8 << 10, 16 << 10, true, false);

    private final SimDisk disk = new SimDisk(7);
    private TransactionLog log;
    private long others;

    @BeforeEach
    void open() throws Exception {
        log = TransactionLog.open(disk, OPTIONS);
    }

    @Test
    void ofARecordThatIsWithdrawnSegmentsLater() throws Exception {
        long first = log.append(new LogRecord.Committed(TestPages.delta("d", 1), PageSet.empty()));
        long open = log.appendOpen(new LogRecord.Committed(TestPages.delta("d", 2), PageSet.empty()));
        fill(12);
        log.append(new LogRecord.Abort(open));
        fill(12);
        saysAllTheWay(first);
    }

    @Test
    void ofAGroupThatIsWithdrawnSegmentsLater() throws Exception {
        long first = log.append(new LogRecord.Committed(TestPages.delta("d", 1), PageSet.empty()));
        long prepared = log.append(new LogRecord.Prepared(TestPages.delta("d", 2), PageSet.empty(), "mj", 0));
        fill(6);
        log.appendOpen(new LogRecord.GroupCommit(List.of(prepared)));
        fill(6);
        log.append(new LogRecord.Abort(prepared));
        fill(12);
        saysAllTheWay(first);
    }

    @Test
    void ofAPreparedOneWithoutAMark() throws Exception {
        long prepared = log.append(new LogRecord.Prepared(TestPages.delta("d", 1), PageSet.empty(), "", 0));
        fill(6);
        long next = log.append(new LogRecord.Committed(TestPages.delta("d", 2), PageSet.empty()));
        assertEquals(Long.MAX_VALUE, log.firstUnsettledLsn(), "the next transaction tells that it was committed");
        fill(6);
        // As recovery does.
        log.append(new LogRecord.Commit(prepared));
        fill(12);
        saysAllTheWay(prepared, next);
    }

    private void fill(int records) throws Exception {
        for (int i = 0; i < records; i++) {
            others++;
            log.append(
                    new LogRecord.Committed(TestPages.delta("other", others), TestPages.of(Map.of(1, new byte[4096]))));
        }
        log.flushAndWait(log.lastLsn());
    }

    /** Trims record by record. @param lsns of the database's transactions, ascending */
    private void saysAllTheWay(long... lsns) throws Exception {
        for (long keep = 1; keep <= log.lastLsn(); keep++) {
            log.trim(keep);
            long expected = 0;
            for (long lsn : lsns) {
                expected = lsn < log.firstLsn() ? lsn : expected;
            }
            says(expected, log);
            TransactionLog again = TransactionLog.open(disk.kill(), OPTIONS);
            says(expected, again);
        }
        assertEquals(true, log.firstLsn() > 20, "trimmed up to " + log.firstLsn());
    }

    private static void says(long expected, TransactionLog log) {
        CatalogEntry entry = log.catalog().get("d");
        if (expected != 0) {
            assertNotNull(entry, "the database is gone at " + log.firstLsn());
        }
        assertEquals(expected, entry == null ? 0 : entry.lsn(), "at " + log.firstLsn());
    }
}
