package io.ltxfs.archive.upload;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.objectstore.MemoryStore;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Thousands of databases cost what they write, and nothing when they do not. */
class ManyDatabasesTest {
    private static final int COUNT = 2000;

    @TempDir
    Path directory;

    @Test
    void idleDatabasesMakeNoRequest() throws Exception {
        try (UploadFixture fixture = new UploadFixture(directory, new MemoryStore())) {
            Random random = new Random(5);
            for (int round = 0; round < 2; round++) {
                for (int i = 0; i < COUNT; i++) {
                    fixture.node.commit("tenants/" + i + ".db", System.currentTimeMillis(), random);
                }
                fixture.drain();
            }
            long before = fixture.store.calls.get();
            // Two images and a record at first, then an object each: what is looked for is looked for once.
            assertEquals(4L * COUNT, fixture.store.puts.get());
            assertTrue(before <= 12L * COUNT, () -> before + " requests for " + COUNT + " databases");
            fixture.stopAndStart();
            fixture.node.commit("tenants/7.db", System.currentTimeMillis(), random);
            fixture.drain();
            long after = fixture.store.calls.get() - before;
            assertTrue(after <= 5, () -> after + " requests for one transaction after a start");
            await().atMost(Duration.ofSeconds(60)).until(() -> workers().isEmpty());
            fixture.check("tenants/7.db");
        }
    }

    private static Set<String> workers() {
        return Thread.getAllStackTraces().keySet().stream()
                .map(Thread::getName)
                .filter(name -> name.startsWith("archive-upload"))
                .collect(Collectors.toSet());
    }
}
