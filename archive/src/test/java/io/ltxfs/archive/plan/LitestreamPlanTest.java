package io.ltxfs.archive.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.archive.ArchiveException;
import io.ltxfs.archive.ArchiveLayout;
import io.ltxfs.archive.LtxObject;
import io.ltxfs.ltx.LtxFileName;
import io.ltxfs.ltx.Txid;
import io.ltxfs.objectstore.json.Json;
import io.ltxfs.objectstore.tools.Tools;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Random archives, on which the real {@code litestream restore -dry-run} must make the same plan. */
class LitestreamPlanTest {
    private static final Instant BEGIN = Instant.parse("2026-03-01T10:00:00Z");

    @TempDir
    private Path directory;

    private Path litestream = Path.of("");

    @Test
    void plansAsLitestreamDoes() throws Exception {
        compare(60, 20_261_121);
    }

    @Test
    @Tag("long")
    void plansAsLitestreamDoesInManyArchives() throws Exception {
        compare(1000, new Random().nextLong());
    }

    private void compare(int archives, long seed) throws Exception {
        litestream = Tools.LITESTREAM.path();
        int planned = 0;
        int refused = 0;
        for (int i = 0; i < archives; i++) {
            Random random = new Random(seed + i);
            Path root = Files.createDirectory(directory.resolve("archive" + i));
            List<LtxObject> objects = random.nextInt(3) == 0 ? wild(random) : likely(random);
            write(root, objects);
            long txid = 1 + random.nextInt(40);
            Instant time = BEGIN.plusMillis(random.nextInt(42) * 500L);
            List<Optional<List<String>>> real = List.of(
                    real(root), real(root, "-txid", Txid.format(txid)), real(root, "-timestamp", time.toString()));
            List<Optional<List<String>>> ours = List.of(
                    ours(objects, 0, Optional.empty()),
                    ours(objects, txid, Optional.empty()),
                    ours(objects, 0, Optional.of(time)));
            assertEquals(real, ours, () -> "seed " + seed + ", txid " + txid + ", time " + time + ", " + objects);
            planned += (int) ours.stream().filter(Optional::isPresent).count();
            refused += (int) ours.stream().filter(Optional::isEmpty).count();
        }
        assertTrue(planned > archives / 2 && refused > archives / 20, planned + " plans, " + refused + " refusals");
    }

    /** What a history leaves behind: every level merges what is below it, and loses its old objects at random. */
    private static List<LtxObject> likely(Random random) {
        int last = 1 + random.nextInt(40);
        List<LtxObject> objects = new ArrayList<>();
        for (int level : new int[] {0, 1, 2, 3, 5}) {
            int keptFrom = random.nextInt(4) == 0 ? 1 : random.nextInt(last) + 1;
            int longest = 1 << (level + random.nextInt(2));
            int min = 1;
            int end = last - random.nextInt(1 + Math.min(last - 1, longest));
            while (min <= end) {
                int max = Math.min(end, min + random.nextInt(longest));
                if (max >= keptFrom || level > 1) {
                    objects.add(object(level, min, max, BEGIN.plusMillis(max * 500L)));
                }
                min = max + 1;
            }
        }
        for (int i = random.nextInt(3); i > 0; i--) {
            int max = 1 + random.nextInt(last);
            objects.removeIf(object -> object.level() == ArchiveLayout.SNAPSHOT_LEVEL && object.maxTxid() == max);
            objects.add(object(ArchiveLayout.SNAPSHOT_LEVEL, 1, max, BEGIN.plusMillis(max * 500L)));
        }
        for (int i = random.nextInt(3); i > 0 && objects.size() > 1; i--) {
            objects.remove(random.nextInt(objects.size()));
        }
        return objects;
    }

    /** Objects of any range on any level, with times in no order. */
    private static List<LtxObject> wild(Random random) {
        List<LtxObject> objects = new ArrayList<>();
        for (int i = random.nextInt(40); i > 0; i--) {
            int level = random.nextInt(ArchiveLayout.SNAPSHOT_LEVEL + 1);
            int min = random.nextInt(3) == 0 ? 1 : 1 + random.nextInt(30);
            int max = min + random.nextInt(10);
            String key = object(level, min, max, BEGIN).key();
            objects.removeIf(object -> object.key().equals(key));
            objects.add(object(level, min, max, BEGIN.plusMillis(random.nextInt(40) * 500L)));
        }
        return objects;
    }

    private static LtxObject object(int level, long min, long max, Instant time) {
        String key = ArchiveLayout.FILES.levelPrefix(level) + new LtxFileName(min, max);
        return new LtxObject(level, min, max, key, 200, time);
    }

    /** A dry run looks at names, sizes and times only. */
    private static void write(Path root, List<LtxObject> objects) throws IOException {
        for (LtxObject object : objects) {
            Path file = root.resolve("replica").resolve(object.key());
            Files.createDirectories(file.getParent());
            Files.write(file, new byte[(int) object.size()]);
            Files.setLastModifiedTime(file, FileTime.from(object.modified()));
        }
        Files.createDirectories(root.resolve("replica"));
        // By a configuration, since with a URL a time outside of the objects' times is refused beforehand.
        Files.writeString(
                root.resolve("litestream.yml"),
                String.format(
                        Locale.ROOT,
                        "dbs:%n  - path: %s%n    replica:%n      type: file%n      path: %s%n",
                        root.resolve("app.db"),
                        root.resolve("replica")));
    }

    private Optional<List<String>> real(Path root, String... target) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                litestream.toString(),
                "restore",
                "-config",
                root.resolve("litestream.yml").toString(),
                "-dry-run",
                "-json"));
        command.addAll(List.of(target));
        command.add(root.resolve("app.db").toString());
        Path messages = root.resolve("messages");
        Path output = root.resolve("output");
        Process process = new ProcessBuilder(command)
                .redirectError(messages.toFile())
                .redirectOutput(output.toFile())
                .start();
        assertTrue(process.waitFor(1, TimeUnit.MINUTES), "litestream hangs");
        String said = Files.readString(messages);
        if (process.exitValue() != 0) {
            assertTrue(said.contains("no matching backup") || said.contains("non-contiguous"), said);
            return Optional.empty();
        }
        List<String> files = new ArrayList<>();
        for (Object file : Json.array(Json.readObject(Files.readString(output)).get("files"))) {
            files.add(Json.object(file).get("level") + "/" + Json.object(file).get("name"));
        }
        return Optional.of(files);
    }

    private static Optional<List<String>> ours(List<LtxObject> objects, long txid, Optional<Instant> time)
            throws ArchiveException {
        try {
            List<String> files = new ArrayList<>();
            for (LtxObject object : LitestreamPlan.plan(objects, txid, time, LtxObject::modified)) {
                files.add(object.level() + "/" + new LtxFileName(object.minTxid(), object.maxTxid()));
            }
            return Optional.of(files);
        } catch (ArchiveException e) {
            assertEquals(ArchiveException.Kind.NOT_FOUND, e.kind(), String.valueOf(e));
            return Optional.empty();
        }
    }
}
