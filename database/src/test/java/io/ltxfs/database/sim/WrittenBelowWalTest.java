package io.ltxfs.database.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.database.Database;
import io.ltxfs.database.DatabaseSet;
import io.ltxfs.database.DatabaseSetOptions;
import io.ltxfs.database.Handle;
import io.ltxfs.database.Position;
import io.ltxfs.database.log.LogOptions;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A database file that another program cuts off while SQLite takes what was there from the WAL. */
class WrittenBelowWalTest {
    private static final int FOREIGN = 9_999;
    private static final int WAL_HEADER = 32;
    private static final int FRAME_HEADER = 24;

    private final SimHost host = new SimHost();
    private final SimDisk disk = new SimDisk(1);

    @BeforeAll
    static void quiet() {
        Quiet.please();
    }

    @ParameterizedTest
    @ValueSource(strings = {"wal_full", "wal_normal", "spill_wal_full"})
    void whatTheWalHoldsIsNotCutOff(String name) throws IOException {
        LogOptions log = new LogOptions(1 << 20, 64 << 20, true, false);
        DatabaseSet set = DatabaseSet.open(disk, new DatabaseSetOptions(log, any -> false, 1 << 20, () -> 1_000), host);
        TraceDriver driver = new TraceDriver(set, disk, host);
        Set<Integer> pids = new HashSet<>();
        for (TraceRecord record : Trace.load(name).records()) {
            if (record.kind() == TraceRecord.MARK) {
                continue;
            }
            driver.apply(record);
            pids.add(record.pid());
            for (Database database : set.all()) {
                long size = cut(database);
                if (size > 0) {
                    Position before = database.position();
                    truncate(database, size);
                    pids.forEach(driver::exited);
                    set.maintain();
                    settle();
                    assertEquals(before, database.position());
                    assertEquals(size, database.file().size());
                    return;
                }
            }
        }
        assertTrue(false, "no such moment");
    }

    /** A length that no commit in the WAL has, above which the WAL has all pages; 0 if there is none now. */
    private static long cut(Database database) throws IOException {
        if (database.wal().isEmpty()) {
            return 0;
        }
        ByteBuffer wal = ByteBuffer.allocate((int) database.wal().get().size());
        database.wal().get().read(0, wal);
        if (wal.position() < WAL_HEADER) {
            return 0;
        }
        int pageSize = wal.getInt(8);
        Set<Integer> pages = new HashSet<>();
        Set<Integer> commits = new HashSet<>();
        int commit = 0;
        for (int at = WAL_HEADER; at + FRAME_HEADER + pageSize <= wal.limit(); at += FRAME_HEADER + pageSize) {
            pages.add(wal.getInt(at));
            if (wal.getInt(at + 4) != 0) {
                commit = wal.getInt(at + 4);
                commits.add(commit);
            }
        }
        for (int size = commit - 1; size > 0 && pages.contains(size + 1); size--) {
            if (!commits.contains(size) && database.file().size() > (long) size * pageSize) {
                return (long) size * pageSize;
            }
        }
        return 0;
    }

    private void truncate(Database database, long size) {
        Handle handle = new Handle(true, false, FOREIGN);
        database.file().opened(handle);
        int[] errno = {-1};
        database.file().truncate(handle, size, result -> errno[0] = result);
        settle();
        assertEquals(0, errno[0]);
        database.file().released(handle);
    }

    private void settle() {
        while (host.runAnswers() || host.runTask()) {
            // Until nothing is left to do.
        }
    }
}
