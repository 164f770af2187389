package io.ltxfs.archive.compact;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.archive.ArchiveOptions;
import io.ltxfs.archive.DatabaseArchive;
import io.ltxfs.archive.upload.Spool;
import io.ltxfs.ltx.PageCoding;
import io.ltxfs.objectstore.MemoryStore;
import io.ltxfs.objectstore.MonotonicClock;
import io.ltxfs.objectstore.ObjectStore;
import io.ltxfs.objectstore.fault.FaultyStore;
import io.ltxfs.objectstore.fault.SeededFaults;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Compaction and retention over a store that loses requests and answers, refuses, and breaks off. */
class FaultTest {
    private static final int SEEDS = 12;
    private static final ArchiveOptions OPTIONS = new ArchiveOptions(
            Duration.ofSeconds(1),
            ArchiveOptions.defaults().levels(),
            Duration.ofHours(2),
            Duration.ofHours(2),
            Duration.ofHours(3));

    @TempDir
    Path directory;

    private int failures;

    @Test
    void nothingIsLostWhateverTheStoreAnswers() throws IOException {
        Spool spool = new Spool(directory);
        int deleted = 0;
        for (long seed = 1; seed <= SEEDS; seed++) {
            deleted += run(seed, spool);
        }
        assertTrue(failures > 10 * SEEDS, "only " + failures + " runs failed");
        assertTrue(deleted > 10 * SEEDS, "only " + deleted + " objects were deleted");
    }

    private int run(long seed, Spool spool) throws IOException {
        Random random = new Random(seed);
        ObjectStore store = new MemoryStore();
        MadeArchive made = new MadeArchive(CompactionTest.open(store), seed);
        FaultyStore faulty = new FaultyStore(store, new SeededFaults(seed, 0.03), new NoTime());
        int deleted = 0;
        Verified verified = new Verified();
        for (int round = 0; round < 60; round++) {
            made.commit(1 + random.nextInt(5));
            made.upload();
            made.clock.pass(random.nextInt(random.nextInt(3) == 0 ? 3_600_000 : 60_000));
            try {
                CompactionReport report = compact(CompactionTest.open(faulty), spool, made, verified);
                assertEquals(List.of(), report.warnings(), "seed " + seed + " round " + round);
                deleted += report.deleted().size();
            } catch (IOException e) {
                failures++;
                // The process may be another one afterwards.
                verified = random.nextBoolean() ? verified : new Verified();
            }
            Invariants.check(CompactionTest.open(store), made, OPTIONS.history(), "seed " + seed + " round " + round);
        }
        CompactionReport report = compact(CompactionTest.open(store), spool, made, new Verified());
        assertEquals(List.of(), report.warnings(), "seed " + seed);
        Invariants.check(CompactionTest.open(store), made, OPTIONS.history(), "seed " + seed + " at the end");
        return deleted;
    }

    private static CompactionReport compact(DatabaseArchive database, Spool spool, MadeArchive made, Verified verified)
            throws IOException {
        CompactionTools tools = new CompactionTools(spool, PageCoding.BLOCK, made.clock, verified);
        return new DatabaseCompaction(database, OPTIONS, tools).run();
    }

    /** Waits for nothing. */
    private static final class NoTime implements MonotonicClock {
        @Override
        public long nanos() {
            return 0;
        }

        @Override
        public void sleep(long millis) {}
    }
}
