package io.ltxfs.archive.restore;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.archive.plan.RestoreTarget;
import io.ltxfs.objectstore.MemoryStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every transaction of random histories comes back, byte for byte, whatever objects have it. */
final class RestoreModelTest {
    private static final int[] PAGE_SIZES = {512, 1024, 2048, 4096, 8192, 16384, 32768, 65536};

    @TempDir
    Path dir;

    static IntStream seeds() {
        return IntStream.range(0, 16);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void everyTransactionOfOurArchive(int seed) throws IOException {
        Random random = new Random(seed);
        PageHistory history = new PageHistory(random, PAGE_SIZES[seed % PAGE_SIZES.length], true);
        history.commits(20, 60);
        MemoryStore store = new MemoryStore();
        history.putAll(store);
        Path out = dir.resolve("out.db");
        try (Restorer restorer = new Restorer(settings(random, history.pageSize()))) {
            for (int txid = 1; txid <= history.last(); txid++) {
                RestoreTarget target = switch (random.nextInt(3)) {
                    case 0 -> new RestoreTarget.AtTime(PageHistory.time(txid));
                    case 1 -> new RestoreTarget.AtTime(PageHistory.time(txid).plusMillis(999));
                    default -> new RestoreTarget.AtTxid(txid);
                };
                RestoreResult result =
                        restorer.restore(PageHistory.in(store), target, false, out, true, RestoreListener.NONE);
                assertArrayEquals(history.file(txid), Files.readAllBytes(out), "transaction " + txid);
                assertEquals(txid, result.txid());
                assertEquals(history.checksum(txid), result.checksum());
                assertEquals(PageHistory.time(txid), result.time().orElseThrow());
                assertEquals(0640, (Integer) Files.getAttribute(out, "unix:mode") & 07777);
                assertNothingElse();
            }
        }
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void everyEndOfAnObjectThatLitestreamMightHaveWritten(int seed) throws IOException {
        Random random = new Random(1000 + seed);
        PageHistory history = new PageHistory(random, PAGE_SIZES[seed % PAGE_SIZES.length], false);
        history.commits(20, 60);
        MemoryStore store = new MemoryStore();
        history.putAll(store);
        Path out = dir.resolve("out.db");
        int restored = 0;
        try (Restorer restorer = new Restorer(settings(random, history.pageSize()))) {
            for (int txid = 1; txid <= history.last(); txid++) {
                try {
                    RestoreResult result = restorer.restore(
                            PageHistory.in(store),
                            new RestoreTarget.AtTxid(txid),
                            false,
                            out,
                            true,
                            RestoreListener.NONE);
                    assertArrayEquals(history.file(txid), Files.readAllBytes(out), "transaction " + txid);
                    assertEquals(history.checksum(txid), result.checksum());
                    restored++;
                } catch (io.ltxfs.archive.ArchiveException e) {
                    assertEquals(io.ltxfs.archive.ArchiveException.Kind.NOT_FOUND, e.kind());
                }
            }
            restorer.restore(PageHistory.in(store), new RestoreTarget.End(), false, out, true, RestoreListener.NONE);
            assertArrayEquals(history.file(history.last()), Files.readAllBytes(out));
        }
        assertTrue(restored >= 5, restored + " of " + history.last());
    }

    private void assertNothingElse() throws IOException {
        try (var files = Files.list(dir)) {
            assertEquals(1, files.count());
        }
    }

    /** Small jobs, so that there are many. */
    static RestoreSettings settings(Random random, int pageSize) {
        int job = pageSize * 2 + 200 + random.nextInt(10 * pageSize);
        return new RestoreSettings(
                1 + random.nextInt(4), new PagePicker.Cut(job, random.nextInt(2 * pageSize)), 4L * pageSize);
    }
}
