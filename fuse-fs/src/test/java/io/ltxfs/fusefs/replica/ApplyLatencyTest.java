package io.ltxfs.fusefs.replica;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.fusefs.SqliteShell;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How long a transaction takes from its arrival to its being readable, and how many requests. Prints, asserts no time. */
@Tag("long")
class ApplyLatencyTest {
    private static final int COUNT = 1000;

    @TempDir
    Path directory;

    @Test
    void measures() throws Exception {
        for (String mode : List.of("wal", "delete")) {
            for (int perSecond : new int[] {200, 0}) {
                measure(mode, perSecond);
            }
        }
    }

    private void measure(String mode, int perSecond) throws Exception {
        TwoMounts mounts = new TwoMounts(directory.resolve(mode + perSecond));
        try (SqliteShell primary = mounts.onPrimary("app.db")) {
            primary.ask("pragma journal_mode = " + mode);
            primary.ask("pragma synchronous = normal");
            primary.ask("create table t(id integer primary key, x)");
            mounts.caughtUp();
            Map<Long, Long> applied = new ConcurrentHashMap<>();
            mounts.replica.replica().onApplied(header -> applied.put(header.txid(), System.nanoTime()));
            Map<String, Long> before = mounts.replica.requestCounts();
            for (int i = 0; i < COUNT; i++) {
                long start = System.nanoTime();
                primary.ask("insert into t(x) values (randomblob(100))");
                if (perSecond != 0) {
                    LockSupport.parkNanos(1_000_000_000L / perSecond - (System.nanoTime() - start));
                }
            }
            mounts.caughtUp();
            long[] micros = mounts.receiving.entrySet().stream()
                    .filter(entry -> applied.containsKey(entry.getKey()))
                    .mapToLong(entry -> (applied.get(entry.getKey()) - entry.getValue()) / 1000)
                    .sorted()
                    .toArray();
            assertTrue(micros.length > COUNT / 2);
            Map<String, Long> requests = new TreeMap<>();
            mounts.replica.requestCounts().forEach((name, count) -> {
                long more = count - before.getOrDefault(name, 0L);
                if (more > 0) {
                    requests.put(name, more);
                }
            });
            System.out.printf(
                    "mode=%s perSecond=%d n=%d micros p50=%d p90=%d p99=%d max=%d requests=%s%n",
                    mode,
                    perSecond,
                    micros.length,
                    micros[micros.length / 2],
                    micros[micros.length * 9 / 10],
                    micros[micros.length * 99 / 100],
                    Arrays.stream(micros).max().orElse(0),
                    requests);
        } finally {
            mounts.close();
        }
    }
}
