package io.ltxfs.archive.compact;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.archive.ArchiveException;
import io.ltxfs.archive.ArchiveOptions;
import io.ltxfs.archive.DatabaseArchive;
import io.ltxfs.archive.LtxObject;
import io.ltxfs.archive.plan.LitestreamPlan;
import io.ltxfs.archive.upload.Spool;
import io.ltxfs.ltx.PageCoding;
import io.ltxfs.ltx.Txid;
import io.ltxfs.objectstore.ListPage;
import io.ltxfs.objectstore.MemoryStore;
import io.ltxfs.objectstore.ObjectBody;
import io.ltxfs.objectstore.ObjectContent;
import io.ltxfs.objectstore.ObjectInfo;
import io.ltxfs.objectstore.ObjectStore;
import io.ltxfs.objectstore.PutOptions;
import io.ltxfs.objectstore.tools.Tools;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Compaction and retention are killed at every call to the store; the next run finds an archive that is whole. */
class KillTest {
    private static final ArchiveOptions OPTIONS = new ArchiveOptions(
            Duration.ofSeconds(1),
            ArchiveOptions.defaults().levels(),
            Duration.ofHours(4),
            Duration.ofHours(3),
            Duration.ofHours(5));

    @TempDir
    Path directory;

    private final ObjectStore store = new MemoryStore();
    private final MadeArchive made = new MadeArchive(CompactionTest.open(store), 7);
    private int litestreamRestores;

    @Test
    void aKillAtAnyCallLeavesAWholeArchive() throws Exception {
        Spool spool = new Spool(directory.resolve("spool"));
        history(spool);
        CrashingStore counted = new CrashingStore(copy(store), 0, 0);
        run(counted, spool);
        long calls = counted.calls();
        assertTrue(calls > 60, "a run has only " + calls + " calls");
        Path litestream = Tools.LITESTREAM.path();
        for (long call = 1; call <= calls; call++) {
            for (int moment = 0; moment < 3; moment++) {
                ObjectStore killed = copy(store);
                try {
                    run(new CrashingStore(killed, call, moment), spool);
                } catch (CrashingStore.Crash e) {
                    check(killed, "killed at call " + call + " moment " + moment);
                }
                CompactionReport report = run(killed, spool);
                assertEquals(List.of(), report.warnings());
                check(killed, "after a kill at call " + call + " moment " + moment);
                if (call % 20 == 0 && moment == 1) {
                    checkWithLitestream(killed, litestream);
                }
            }
        }
        assertTrue(litestreamRestores > 20, "litestream restored only " + litestreamRestores);
    }

    /** Half a day of commits, with runs in between, and then a run that has something to do at every level. */
    private void history(Spool spool) throws IOException {
        for (int i = 0; i < 26; i++) {
            made.commit(4);
            made.upload();
            made.clock.pass(Duration.ofMinutes(i < 20 ? 30 : 7).toMillis());
            if (i < 19 || i == 22) {
                run(store, spool);
            }
        }
        made.commit(3);
        made.upload();
        made.clock.pass(Duration.ofMinutes(61).toMillis());
        made.commit(1);
        made.upload();
    }

    private CompactionReport run(ObjectStore over, Spool spool) throws IOException {
        CompactionTools tools = new CompactionTools(spool, PageCoding.BLOCK, made.clock, new Verified());
        return new DatabaseCompaction(CompactionTest.open(over), OPTIONS, tools).run();
    }

    private static ObjectStore copy(ObjectStore from) throws IOException {
        ObjectStore to = new MemoryStore();
        String after = "";
        for (boolean more = true; more; ) {
            ListPage page = from.list("", after);
            for (ObjectInfo listed : page.objects()) {
                try (ObjectContent content = from.get(listed.key())) {
                    to.put(
                            listed.key(),
                            ObjectBody.of(content.readAll()),
                            PutOptions.create().with(content.info().metadata()).modifiedAt(listed.modified()));
                }
                after = listed.key();
            }
            more = page.more();
        }
        return to;
    }

    private void check(ObjectStore over, String when) throws IOException {
        Invariants.check(CompactionTest.open(over), made, OPTIONS.history(), when);
    }

    private void checkWithLitestream(ObjectStore over, Path litestream) throws Exception {
        DatabaseArchive database = CompactionTest.open(over);
        Path root = directory.resolve("litestream");
        Holdings holdings = Holdings.read(database);
        List<LtxObject> objects =
                holdings.levels().stream().flatMap(List::stream).toList();
        for (LtxObject object : objects) {
            Path file = root.resolve(object.key());
            Files.createDirectories(file.getParent());
            try (ObjectContent content = over.get(object.key())) {
                Files.write(file, content.readAll());
            }
            Files.setLastModifiedTime(file, FileTime.from(object.modified()));
        }
        restore(litestream, root, made.uploaded(), "");
        SortedSet<Long> ends = new TestRestore(database).ends();
        int left = 8;
        for (long txid : ends.headSet((long) made.uploaded())) {
            if (left > 0 && isPlanned(objects, txid)) {
                restore(litestream, root, txid, Txid.format(txid));
                left--;
            }
        }
        try (var files = Files.walk(root)) {
            files.sorted(java.util.Comparator.reverseOrder())
                    .forEach(file -> file.toFile().delete());
        }
    }

    private static boolean isPlanned(List<LtxObject> objects, long txid) {
        try {
            return !LitestreamPlan.plan(objects, txid, Optional.empty(), LtxObject::modified)
                    .isEmpty();
        } catch (ArchiveException e) {
            return false;
        }
    }

    private void restore(Path litestream, Path root, long txid, String option) throws Exception {
        Path out = directory.resolve("out.db");
        Files.deleteIfExists(out);
        ProcessBuilder builder = option.isEmpty()
                ? new ProcessBuilder(
                        litestream.toString(), "restore", "-o", out.toString(), "file://" + root + "/a/b.db")
                : new ProcessBuilder(
                        litestream.toString(),
                        "restore",
                        "-o",
                        out.toString(),
                        "-txid",
                        option,
                        "file://" + root + "/a/b.db");
        Process process = builder.redirectErrorStream(true)
                .redirectOutput(directory.resolve("litestream.log").toFile())
                .start();
        assertTrue(process.waitFor(60, TimeUnit.SECONDS));
        assertEquals(0, process.exitValue(), () -> {
            try {
                return "litestream restore at " + txid + ": " + Files.readString(directory.resolve("litestream.log"));
            } catch (IOException e) {
                return e.toString();
            }
        });
        assertArrayEquals(made.states.get((int) txid), Files.readAllBytes(out), "litestream restore at " + txid);
        litestreamRestores++;
    }
}
