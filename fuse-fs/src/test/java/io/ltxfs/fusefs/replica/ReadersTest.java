package io.ltxfs.fusefs.replica;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.fusefs.Mounting;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Section E's proof in small: processes that read the replica all the time see only states that the primary had, never
 * two in one transaction, never an older one after a newer. {@code -Dltxfs.transactions=N} makes it longer.
 */
@Timeout(600)
class ReadersTest {
    private static final Logger LOG = LoggerFactory.getLogger(ReadersTest.class);
    private static final int TRANSACTIONS = Integer.getInteger("ltxfs.transactions", 100);
    private static final long SEED = Long.getLong("ltxfs.seed", System.nanoTime() % 1_000_000);

    @TempDir
    Path directory;

    @Test
    void walReadersSeeOnlyWhatWas() throws Exception {
        readersSeeOnlyWhatWas("wal", 4096, List.of("short", "long", "reopen", "checkpoint", "integrity", "mmap"));
    }

    @Test
    void walReadersOfLargePagesSeeOnlyWhatWas() throws Exception {
        readersSeeOnlyWhatWas("wal", 65536, List.of("short", "mmap"));
    }

    @Test
    void walReadersOfSmallPagesSeeOnlyWhatWas() throws Exception {
        readersSeeOnlyWhatWas("wal", 512, List.of("short", "reopen", "integrity", "long"));
    }

    @Test
    void rollbackReadersSeeOnlyWhatWas() throws Exception {
        readersSeeOnlyWhatWas("delete", 4096, List.of("short", "integrity", "mmap"));
    }

    private void readersSeeOnlyWhatWas(String mode, int pageSize, List<String> kinds) throws Exception {
        Mounting.assumePossible();
        TwoMounts mounts = new TwoMounts(directory);
        List<Process> readers = new ArrayList<>();
        try {
            Path writer = resource("writer.py");
            Path reader = resource("reader.py");
            mounts.run(mounts.primaryAt, "python3", writer.toString(), "app.db", mode, "1", "1", "" + pageSize);
            mounts.caughtUp();
            for (String kind : kinds) {
                readers.add(new ProcessBuilder("python3", reader.toString(), "app.db", kind)
                        .directory(mounts.replicaAt.toFile())
                        .redirectErrorStream(true)
                        .start());
            }
            Map<String, Long> before = mounts.replica.requestCounts();
            long txid = mounts.primary
                    .databases()
                    .find("app.db")
                    .orElseThrow()
                    .position()
                    .txid();
            mounts.run(
                    mounts.primaryAt,
                    "python3",
                    writer.toString(),
                    "app.db",
                    mode,
                    "" + TRANSACTIONS,
                    "" + SEED,
                    "" + pageSize);
            mounts.caughtUp();
            long transactions = mounts.primary
                            .databases()
                            .find("app.db")
                            .orElseThrow()
                            .position()
                            .txid()
                    - txid;
            LOG.info(
                    "mode={} transactions={} requests={}",
                    mode,
                    transactions,
                    difference(before, mounts.replica.requestCounts()));
            for (Process process : readers) {
                process.getOutputStream().close();
                String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
                assertTrue(process.waitFor(60, TimeUnit.SECONDS));
                LOG.info(said);
                assertTrue(said.endsWith("defects=[]"), "seed " + SEED + ": " + said);
                assertTrue(!said.contains("snapshots=0 "), said);
            }
            mounts.assertSame("app.db");
            assertEquals(List.of(), mounts.replica.replica().waiting());
        } finally {
            readers.forEach(Process::destroyForcibly);
            mounts.close();
        }
    }

    private static Map<String, Long> difference(Map<String, Long> before, Map<String, Long> after) {
        Map<String, Long> difference = new TreeMap<>();
        after.forEach((name, count) -> {
            long more = count - before.getOrDefault(name, 0L);
            if (more != 0) {
                difference.put(name, more);
            }
        });
        return difference;
    }

    private Path resource(String name) throws IOException {
        Path file = directory.resolve(name);
        try (InputStream in = ReadersTest.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IOException("no resource " + name);
            }
            Files.write(file, in.readAllBytes());
        }
        return file;
    }
}
