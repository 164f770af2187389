package io.ltxfs.archive.upload;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.archive.Archive;
import io.ltxfs.archive.ArchiveException;
import io.ltxfs.archive.ArchiveLayout;
import io.ltxfs.archive.ArchiveOptions;
import io.ltxfs.archive.DatabaseArchive;
import io.ltxfs.archive.LtxObject;
import io.ltxfs.archive.compact.CompactionSettings;
import io.ltxfs.archive.compact.Compactions;
import io.ltxfs.archive.plan.RestoreTarget;
import io.ltxfs.archive.restore.RestoreListener;
import io.ltxfs.archive.restore.RestoreResult;
import io.ltxfs.archive.restore.Restorer;
import io.ltxfs.ltx.PageCoding;
import io.ltxfs.objectstore.ForwardingStore;
import io.ltxfs.objectstore.ListPage;
import io.ltxfs.objectstore.MemoryStore;
import io.ltxfs.objectstore.ObjectBody;
import io.ltxfs.objectstore.PutOptions;
import io.ltxfs.objectstore.StoreException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Commits, uploads, compaction, retention and restores at the same time, with short intervals. */
class ArchiveLifeTest {
    private static final Duration HISTORY = Duration.ofSeconds(5);
    private static final ArchiveOptions OPTIONS = new ArchiveOptions(
            Duration.ofMillis(100),
            List.of(Duration.ofSeconds(1), Duration.ofSeconds(2), Duration.ofSeconds(4)),
            HISTORY,
            Duration.ofSeconds(3),
            Duration.ofSeconds(6));
    private static final int PATIENCE_SECONDS = 180;
    private static final List<String> NAMES = List.of("a.db", "dir/b.db", "c.db");

    @TempDir
    Path directory;

    private final CountingStore store = new CountingStore();
    private final Archive archive = new Archive(store, ArchiveLayout.FILES);
    private TestNode node;
    private Uploads uploads;
    private Compactions compactions;
    private final AtomicInteger restores = new AtomicInteger();
    private volatile int seconds;
    private volatile long begun;

    @BeforeEach
    void start() throws Exception {
        node = new TestNode(directory.resolve("data"));
        open();
    }

    private void open() throws Exception {
        UploadOptions options = new UploadOptions(
                name -> new Placement(Archive.placeOf(name), OPTIONS),
                node.data,
                "node-1",
                () -> 0,
                Clock.systemUTC(),
                PageCoding.BLOCK,
                UploadOptions.UPLOADS);
        compactions = Compactions.start(
                archive,
                node.feed,
                new CompactionSettings(
                        options.placement(),
                        node.data,
                        options.clock(),
                        options.coding(),
                        new LeaseTerm(options.epoch()),
                        Optional.empty()));
        uploads = Uploads.start(archive, node.feed, node, options, compactions);
    }

    @AfterEach
    void stop() throws Exception {
        uploads.close();
        compactions.close();
        node.close();
    }

    @Test
    void everyRestoreIsRightWhateverElseGoesOn() throws Exception {
        seconds = Integer.getInteger("ltxfs.archive.life.seconds", 20);
        begun = System.nanoTime();
        ExecutorService threads = Executors.newFixedThreadPool(3);
        List<Future<?>> all = new ArrayList<>();
        all.add(threads.submit(() -> {
            commit();
            return null;
        }));
        for (int i = 1; i <= 2; i++) {
            int seed = i;
            all.add(threads.submit(() -> {
                restore(seed);
                return null;
            }));
        }
        for (Future<?> one : all) {
            one.get();
        }
        threads.shutdown();
        assertTrue(uploads.drain(Duration.ofSeconds(60)));
        assertTrue(restores.get() > seconds, "only " + restores.get() + " restores");
        assertTrue(compactions.deleted() > 0, "nothing was deleted");
        for (String name : NAMES) {
            DatabaseArchive db = archive.database(name);
            assertEquals(List.of(), compactions.warnings(name));
            assertTrue(db.list(2, 0).size() > 0, "level 2");
            assertTrue(db.list(9, 0).size() > 0, "snapshots");
        }
    }

    /** For the time that was asked for, and on a busy machine until there was something of everything. */
    private boolean goesOn() throws IOException {
        long time = System.nanoTime() - begun;
        return time < TimeUnit.SECONDS.toNanos(seconds)
                || time < TimeUnit.SECONDS.toNanos(seconds + PATIENCE_SECONDS) && !isEverythingSeen();
    }

    private boolean isEverythingSeen() throws IOException {
        boolean seen = restores.get() > seconds && compactions.deleted() > 0;
        for (String name : NAMES) {
            DatabaseArchive db = archive.database(name);
            seen = seen && !db.list(2, 0).isEmpty() && !db.list(9, 0).isEmpty();
        }
        return seen;
    }

    private void commit() throws Exception {
        Random random = new Random(1);
        while (goesOn()) {
            String name = NAMES.get(random.nextInt(NAMES.size()));
            long now = System.currentTimeMillis();
            int what = random.nextInt(600);
            boolean there = node.txid(name) != 0;
            if (what == 0 && there) {
                node.drop(name, now);
            } else if (what == 1 && there) {
                node.repage(name, now, 512 << random.nextInt(4), random);
            } else {
                node.commit(name, now, random);
            }
            if (random.nextInt(3) == 0) {
                node.flush();
                Thread.sleep(random.nextInt(40));
            }
        }
        node.flush();
    }

    private void restore(int seed) throws Exception {
        Random random = new Random(seed);
        Path out = directory.resolve("restored-" + seed);
        try (Restorer restorer = new Restorer(archive)) {
            while (goesOn()) {
                String name = NAMES.get(random.nextInt(NAMES.size()));
                long last = uploads.progress(name).txid();
                if (last == 0) {
                    Thread.sleep(10);
                    continue;
                }
                RestoreTarget target = switch (random.nextInt(3)) {
                    case 0 -> new RestoreTarget.End();
                    case 1 -> new RestoreTarget.AtTxid(Math.max(1, last - random.nextInt(60)));
                    default ->
                        new RestoreTarget.AtTime(Clock.systemUTC().instant().minusMillis(random.nextInt(4000)));
                };
                if (restoreOnce(restorer, name, target, out)) {
                    restores.incrementAndGet();
                }
                Files.deleteIfExists(out);
            }
        }
    }

    private boolean restoreOnce(Restorer restorer, String name, RestoreTarget target, Path out) throws Exception {
        RestoreResult result;
        try {
            result = restorer.restore(archive.database(name), target, false, out, false, RestoreListener.NONE);
        } catch (ArchiveException e) {
            // What was within history when it was asked for may not be any more, however long that took.
            if (e.kind() == ArchiveException.Kind.NOT_FOUND && mayBeMissing(name, target, System.currentTimeMillis())) {
                return false;
            }
            throw new AssertionError(
                    name + " " + target + ": " + e.getMessage() + "\n" + objects(archive.database(name)), e);
        }
        byte[] wanted;
        synchronized (node) {
            wanted = node.histories.get(name).images.get(result.txid());
        }
        assertArrayEquals(wanted, Files.readAllBytes(out), name + " " + target + " at " + result.txid());
        return true;
    }

    /** Beyond history, where the database was dropped, and before its first transaction. */
    private boolean mayBeMissing(String name, RestoreTarget target, long failed) {
        synchronized (node) {
            TestNode.History history = node.histories.get(name);
            long txid = target instanceof RestoreTarget.AtTxid at ? at.txid() : 0;
            if (target instanceof RestoreTarget.AtTime at) {
                for (var entry : history.times.entrySet()) {
                    txid = entry.getValue() <= at.time().toEpochMilli() ? entry.getKey() : txid;
                }
            }
            if (target instanceof RestoreTarget.End) {
                txid = history.txid;
            }
            Long next = history.times.get(txid + 1);
            return !history.images.containsKey(txid)
                    || next != null && next < failed - HISTORY.toMillis() + 500
                    || target instanceof RestoreTarget.End && history.images.size() < history.txid;
        }
    }

    private static String objects(DatabaseArchive db) {
        StringBuilder text = new StringBuilder();
        try {
            list(db, text);
        } catch (IOException e) {
            text.append(e);
        }
        return text.toString();
    }

    private static void list(DatabaseArchive db, StringBuilder text) throws IOException {
        for (int level = 0; level <= 9; level++) {
            for (LtxObject object : db.list(level, 0)) {
                text.append(object.key()).append(' ').append(object.modified()).append('\n');
            }
        }
        db.listBundles(0).forEach(bundle -> text.append(bundle.key()).append('\n'));
    }

    @Test
    void anIdleDatabaseIsCompactedAndThenLeftAlone() throws Exception {
        commitSome();
        assertTrue(uploads.drain(Duration.ofSeconds(60)));
        DatabaseArchive db = archive.database("a.db");
        awaitCompacted(db);
        assertArrayEquals(
                node.histories.get("a.db").images.get(30L), ArchiveCheck.restore(db, new RestoreTarget.End()));
        // Nothing is due any more: the hint for the time after a restart is gone, and no request is made.
        Path agenda = node.data.resolve(Compactions.DIRECTORY).resolve("agenda");
        Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> isEmpty(agenda));
        long requests = store.requests.get();
        Thread.sleep(2 * OPTIONS.levels().get(0).toMillis());
        assertEquals(requests, store.requests.get());
    }

    @Test
    void whatWaitedIsDoneAfterARestart() throws Exception {
        commitSome();
        assertTrue(uploads.drain(Duration.ofSeconds(60)));
        uploads.close();
        compactions.close();
        node.restart();
        open();
        awaitCompacted(archive.database("a.db"));
    }

    private void commitSome() throws Exception {
        Random random = new Random(3);
        for (int i = 0; i < 30; i++) {
            node.commit("a.db", System.currentTimeMillis(), random);
            Thread.sleep(random.nextInt(30));
        }
        node.flush();
    }

    private void awaitCompacted(DatabaseArchive db) {
        Awaitility.await().atMost(Duration.ofSeconds(60)).untilAsserted(() -> {
            List<LtxObject> level = db.list(1, 0);
            assertTrue(!level.isEmpty() && level.get(level.size() - 1).maxTxid() == 30, () -> objects(db));
            long newest = level.get(level.size() - 1).minTxid();
            assertTrue(db.list(0, 0).size() == 1, () -> objects(db));
            // One of an object that had been put before the drain divided it is in no larger object before the next
            // one.
            assertTrue(
                    db.listBundles(0).stream().allMatch(bundle -> bundle.minTxid() < newest && bundle.maxTxid() == 30),
                    () -> objects(db));
        });
    }

    private static boolean isEmpty(Path directory) throws IOException {
        try (var files = Files.list(directory)) {
            return files.findFirst().isEmpty();
        }
    }

    /** Counts. */
    private static final class CountingStore extends ForwardingStore {
        final AtomicLong requests = new AtomicLong();

        CountingStore() {
            super(new MemoryStore());
        }

        @Override
        public String put(String key, ObjectBody body, PutOptions options) throws StoreException {
            requests.incrementAndGet();
            return super.put(key, body, options);
        }

        @Override
        public ListPage list(String prefix, String startAfter) throws StoreException {
            requests.incrementAndGet();
            return super.list(prefix, startAfter);
        }
    }
}
