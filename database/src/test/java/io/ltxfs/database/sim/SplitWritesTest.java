package io.ltxfs.database.sim;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The kernel sends a write in parts where it crosses a page of its cache (A2). A part may complete a frame before the
 * last one came, when the WAL's older generation had the same bytes there.
 */
class SplitWritesTest {
    @ParameterizedTest
    @CsvSource({
        "wal_normal, 512",
        "wal_full, 1024",
        "spill_wal_full, 512",
        "died_checkpoint, 1024",
        "vacuum_wal, 512",
        "delete_full, 512",
        "persist_full, 1024"
    })
    void writesInParts(String workload, int unit) throws IOException {
        Trace trace = Trace.load(workload);
        List<TraceRecord> records = new ArrayList<>();
        for (TraceRecord record : trace.records()) {
            if (record.kind() == TraceRecord.WRITE && record.path().contains("-")) {
                split(record, unit, records);
            } else {
                records.add(record);
            }
        }
        Simulation.Result result = Simulation.run(
                new Trace(trace.name(), trace.mode(), records), new Simulation.Plan(1, 0.01, -1, 2, false));
        assertTrue(result.failures.isEmpty(), () -> result.failures.toString());
    }

    /** A program that copies a WAL, or a kernel that gathers writes, brings several frames in one. */
    @ParameterizedTest
    @CsvSource({"wal_normal, 8192", "wal_off, 65536", "spill_wal_normal, 16384", "vacuum_wal, 32768"})
    void writesJoined(String workload, int most) throws IOException {
        Trace trace = Trace.load(workload);
        List<TraceRecord> records = new ArrayList<>();
        for (TraceRecord record : trace.records()) {
            TraceRecord last = records.isEmpty() ? record : records.get(records.size() - 1);
            if (record != last && follows(last, record, most)) {
                byte[] both = Arrays.copyOf(last.data(), last.data().length + record.data().length);
                System.arraycopy(record.data(), 0, both, last.data().length, record.data().length);
                records.set(
                        records.size() - 1,
                        new TraceRecord(last.kind(), last.pid(), last.fd(), last.offset(), last.path(), both));
            } else {
                records.add(record);
            }
        }
        Simulation.Result result = Simulation.run(
                new Trace(trace.name(), trace.mode(), records), new Simulation.Plan(1, 0.01, -1, 2, false));
        assertTrue(result.failures.isEmpty(), () -> result.failures.toString());
    }

    private static boolean follows(TraceRecord last, TraceRecord next, int most) {
        return last.kind() == TraceRecord.WRITE
                && next.kind() == TraceRecord.WRITE
                && next.path().endsWith("-wal")
                && next.path().equals(last.path())
                && next.pid() == last.pid()
                && next.fd() == last.fd()
                && next.offset() == last.offset() + last.data().length
                && last.data().length + next.data().length <= most;
    }

    private static void split(TraceRecord record, int unit, List<TraceRecord> into) {
        byte[] data = record.data();
        for (int at = 0; at < data.length; ) {
            long offset = record.offset() + at;
            int length = (int) Math.min(data.length - at, unit - offset % unit);
            into.add(new TraceRecord(
                    record.kind(),
                    record.pid(),
                    record.fd(),
                    offset,
                    record.path(),
                    Arrays.copyOfRange(data, at, at + length)));
            at += length;
        }
    }
}
