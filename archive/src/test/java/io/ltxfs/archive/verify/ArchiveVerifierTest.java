package io.ltxfs.archive.verify;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.archive.Archive;
import io.ltxfs.archive.ArchiveLayout;
import io.ltxfs.archive.DatabaseRecord;
import io.ltxfs.archive.ObjectFacts;
import io.ltxfs.archive.compact.MadeArchive;
import io.ltxfs.archive.plan.Moments;
import io.ltxfs.archive.plan.RestoreTarget;
import io.ltxfs.archive.restore.RestoreListener;
import io.ltxfs.archive.restore.Restorer;
import io.ltxfs.objectstore.ObjectBody;
import io.ltxfs.objectstore.ObjectContent;
import io.ltxfs.objectstore.ObjectStore;
import io.ltxfs.objectstore.PutOptions;
import io.ltxfs.objectstore.directory.DirectoryStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Archives that are whole, and archives with one thing wrong. */
class ArchiveVerifierTest {
    private static final long SEED = Long.getLong("ltxfs.seed", 5);
    private static final int FLIPS = 4;

    @TempDir
    Path directory;

    private final Random random = new Random(SEED);
    private Archive archive;
    private MadeArchive made;

    @BeforeEach
    void make() throws IOException {
        archive = new Archive(new DirectoryStore(Files.createDirectory(directory.resolve("a"))), ArchiveLayout.FILES);
        made = new MadeArchive(archive.database("dir/app.db"), SEED);
        made.commit(25);
        made.upload();
        DatabaseRecord record = new DatabaseRecord(
                MadeArchive.LINEAGE, "dir/app.db", List.of(new DatabaseRecord.Epoch(0, 1, "node")), List.of());
        DatabaseRecord.update(made.database, current -> record);
    }

    @AfterEach
    void close() {
        archive.close();
    }

    private VerifyReport verify() throws Exception {
        return ArchiveVerifier.verify(made.database, VerifyOptions.full(3), VerifyProgress.NONE);
    }

    private ObjectStore store() {
        return archive.store();
    }

    @Test
    void nothingIsWrongWithAWholeArchive() throws Exception {
        VerifyReport report = verify();
        assertEquals(List.of(), report.problems());
        assertEquals(report.objects() - 1, report.whole());
        assertEquals(
                List.of(new Moments.Range(
                        1,
                        25,
                        report.moments().ranges().get(0).firstTime(),
                        report.moments().ranges().get(0).lastTime())),
                report.moments().ranges());
        VerifyOptions quick = new VerifyOptions(true, OptionalInt.empty(), 2, Instant.now());
        assertEquals(
                0,
                ArchiveVerifier.verify(made.database, quick, VerifyProgress.NONE)
                        .whole());
        VerifyOptions sample = new VerifyOptions(false, OptionalInt.of(1), 2, Instant.now());
        assertTrue(ArchiveVerifier.verify(made.database, sample, VerifyProgress.NONE)
                        .whole()
                <= 2);
    }

    /** In contents, bundles, metadata and the record. What is still said to be there can be restored. */
    @Test
    void everyFlippedBitIsFoundAndNamed() throws Exception {
        List<Path> files;
        try (var walk = Files.walk(directory.resolve("a"))) {
            files = walk.filter(Files::isRegularFile)
                    .filter(file -> !file.getFileName().toString().equals("lock"))
                    .toList();
        }
        for (Path file : files) {
            byte[] bytes = Files.readAllBytes(file);
            String name = file.getFileName().toString().replaceFirst("^m-", "");
            for (int i = 0; i < FLIPS; i++) {
                byte[] damaged = bytes.clone();
                int bit = random.nextInt(bytes.length * 8);
                damaged[bit / 8] ^= (byte) (1 << bit % 8);
                Files.write(file, damaged);
                VerifyReport report = verify();
                String what = "seed " + SEED + ", bit " + bit + " of " + file;
                assertFalse(report.problems().isEmpty(), what);
                assertTrue(
                        report.problems().stream()
                                .anyMatch(problem -> problem.key().endsWith(name)),
                        () -> what + ": " + report.problems());
                if (i == 0 && !file.toString().contains("ltxfs")) {
                    restoreSome(report, what);
                }
            }
            Files.write(file, bytes);
        }
        assertEquals(List.of(), verify().problems());
    }

    private void restoreSome(VerifyReport report, String what) throws IOException {
        try (Restorer restorer = new Restorer(archive)) {
            for (Moments.Range range : report.moments().ranges()) {
                long count = range.lastTxid() - range.firstTxid() + 1;
                long txid = range.firstTxid() + random.nextInt((int) count);
                Path out = directory.resolve("out");
                restorer.restore(made.database, new RestoreTarget.AtTxid(txid), false, out, true, RestoreListener.NONE);
                assertArrayEquals(made.states.get((int) txid), Files.readAllBytes(out), () -> what + ", TXID " + txid);
            }
        }
    }

    private void expect(String key, String text) throws Exception {
        VerifyReport report = verify();
        assertTrue(
                report.problems().stream()
                        .anyMatch(problem ->
                                problem.key().equals(key) && problem.text().contains(text)),
                () -> key + " " + text + ": " + report.problems());
    }

    private String someKey() throws IOException {
        var objects = made.database.list(0, 2);
        return objects.get(1 + random.nextInt(objects.size() - 2)).key();
    }

    private byte[] read(String key) throws IOException {
        try (ObjectContent content = store().get(key)) {
            return content.readAll();
        }
    }

    private void put(String key, byte[] bytes, Map<String, String> metadata) throws IOException {
        store().put(key, ObjectBody.of(bytes), PutOptions.replace().with(metadata));
    }

    @Test
    void whatIsMissingIsAHole() throws Exception {
        store().delete(someKey());
        expect(made.database.levelPrefix(0), "missing in this level");
    }

    @Test
    void emptyCutAndForeignObjectsAreNamed() throws Exception {
        String key = someKey();
        byte[] bytes = read(key);
        Map<String, String> metadata = store().head(key).metadata();
        put(key, new byte[0], metadata);
        expect(key, "empty");
        put(key, java.util.Arrays.copyOf(bytes, 60), metadata);
        expect(key, "cut off");
        put(key, java.util.Arrays.copyOf(bytes, bytes.length - 9), metadata);
        expect(key, "byte");
        put(key, bytes, metadata);
        String foreign = made.database.levelPrefix(0) + "notes.txt";
        put(foreign, new byte[] {1}, Map.of());
        expect(foreign, "no object of an archive");
    }

    @Test
    void swappedObjectsAndOtherHistoriesAreNamed() throws Exception {
        String key = someKey();
        byte[] bytes = read(key);
        Map<String, String> metadata = store().head(key).metadata();
        String last = made.database
                .list(0, 0)
                .get(made.database.list(0, 0).size() - 1)
                .key();
        put(key, read(last), store().head(last).metadata());
        expect(key, "its name is not that of its content");
        Map<String, String> changed = new HashMap<>(metadata);
        changed.put("ltxfs-lineage", "ffff");
        put(key, bytes, changed);
        expect(key, "another history");
        changed.putAll(metadata);
        changed.put(ObjectFacts.TIMESTAMP, "2020-01-01T00:00:00Z");
        put(key, bytes, changed);
        expect(key, "its metadata has the time");
        changed.putAll(metadata);
        changed.put("ltxfs-post-checksum", "8000000000000001");
        put(key, bytes, changed);
        expect(key, "database checksum");
        put(key, bytes, Map.of());
        expect(key, "its metadata is missing");
    }

    @Test
    void overlapsAndTheFutureAreNamed() throws Exception {
        var objects = made.database.list(0, 2);
        String key =
                made.database.key(0, objects.get(0).minTxid(), objects.get(1).maxTxid());
        put(key, read(objects.get(0).key()), Map.of());
        expect(objects.get(1).key(), "overlaps");
        store().delete(key);
        VerifyOptions early = new VerifyOptions(false, OptionalInt.empty(), 2, Instant.parse("2025-01-01T00:00:00Z"));
        VerifyReport report = ArchiveVerifier.verify(made.database, early, VerifyProgress.NONE);
        assertTrue(report.problems().stream().anyMatch(problem -> problem.text().contains("in the future")));
    }
}
