package io.ltxfs.archive.upload;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.archive.Archive;
import io.ltxfs.archive.ArchiveLayout;
import io.ltxfs.archive.ArchiveOptions;
import io.ltxfs.archive.DatabaseArchive;
import io.ltxfs.archive.DatabaseRecord;
import io.ltxfs.archive.LtxObject;
import io.ltxfs.archive.ObjectFacts;
import io.ltxfs.archive.fence.ArchiveFence;
import io.ltxfs.archive.fence.FencedException;
import io.ltxfs.archive.fence.Reached;
import io.ltxfs.archive.plan.RestoreTarget;
import io.ltxfs.ltx.PageCoding;
import io.ltxfs.objectstore.MemoryStore;
import io.ltxfs.objectstore.ObjectStore;
import io.ltxfs.objectstore.StoreException;
import io.ltxfs.objectstore.directory.DirectoryStore;
import io.ltxfs.objectstore.tools.Tools;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A deposed primary and its successor, over one store: whenever the old one is stopped or killed, and whatever of it comes
 * late, what is restored from the first transaction of the new epoch on is the new one's history.
 */
class FencingTest {
    private static final String DB = "a.db";
    private static final Duration LONG = Duration.ofSeconds(60);
    /** What both nodes have; the old primary goes on alone after it. */
    private static final int SHARED = 6;

    private static final int ALONE = 5;
    private static final long BEGINNING = System.currentTimeMillis() - 60_000;

    @TempDir
    Path directory;

    /** A node that can be the primary. */
    private static final class Node implements AutoCloseable {
        final String name;
        final HookedStore store;
        final Archive archive;
        final TestNode node;
        volatile long epoch = LeaseTerm.NOT_HELD;
        Uploads uploads;

        Node(Path data, String name, ObjectStore store) throws IOException {
            this.name = name;
            this.store = new HookedStore(store);
            this.archive = new Archive(this.store, ArchiveLayout.FILES);
            this.node = new TestNode(data.resolve(name));
            new ArchiveState(node.data).saveProgress(new ArchiveState.Progress(0, 0));
            this.uploads = start();
        }

        private Uploads start() throws IOException {
            UploadOptions options = new UploadOptions(
                    database -> new Placement(Archive.placeOf(database), ArchiveOptions.defaults()),
                    node.data,
                    name,
                    () -> epoch,
                    Clock.systemUTC(),
                    PageCoding.BLOCK,
                    UploadOptions.UPLOADS);
            return Uploads.start(
                    archive, node.feed, node, options, UploadListener.NONE, TimeUnit.MILLISECONDS.toNanos(200));
        }

        ArchiveFence fence() throws IOException {
            return new ArchiveFence(archive, Archive::placeOf, name, node.data);
        }

        /** Commits up to a transaction; the same transactions of the same history are the same on all nodes. */
        void commitTo(long txid, int history) throws IOException {
            while (node.txid(DB) < txid) {
                long next = node.txid(DB) + 1;
                node.commit(DB, BEGINNING + next * 700, new Random(history * 1000L + next));
            }
            node.flush();
        }

        /** What decision 11 says: learn, claim, accept. @return the first transaction of the epoch */
        long becomePrimary(long newEpoch, int historyOfOthers) throws IOException {
            long next;
            try (ArchiveFence fence = fence()) {
                Reached reached = fence.reached(List.of(DB)).get(DB);
                if (reached != null && reached.txid() > node.txid(DB)) {
                    commitTo(reached.txid(), historyOfOthers);
                    assertEquals(reached.checksum(), node.histories.get(DB).checksum);
                }
                next = node.txid(DB) + 1;
                fence.claim(newEpoch, Map.of(DB, next));
            }
            uploads.kill();
            epoch = newEpoch;
            uploads = start();
            return next;
        }

        void drain() throws InterruptedException {
            assertTrue(
                    uploads.drain(LONG), () -> name + " is not drained: " + uploads.progress(DB) + uploads.warnings());
        }

        @Override
        public void close() throws IOException {
            store.hook = HookedStore.NONE;
            uploads.close();
            node.close();
        }
    }

    /** Stops a node before or after its n-th call, until it is let go; or ends it there. */
    private static final class Stop implements HookedStore.Hook {
        final CountDownLatch reached = new CountDownLatch(1);
        final CountDownLatch go = new CountDownLatch(1);
        private final AtomicInteger left;
        private final boolean before;
        private final boolean kills;
        private final AtomicBoolean dead = new AtomicBoolean();

        Stop(int calls, boolean before, boolean kills) {
            this.left = new AtomicInteger(calls);
            this.before = before;
            this.kills = kills;
        }

        @Override
        public void before(String call, String key) throws StoreException {
            if (dead.get()) {
                throw HookedStore.unavailable(false);
            }
            if (before) {
                stop();
            }
        }

        @Override
        public void after(String call, String key) throws StoreException {
            if (!before) {
                stop();
            }
        }

        private void stop() throws StoreException {
            if (left.decrementAndGet() != 0) {
                return;
            }
            if (kills) {
                dead.set(true);
                reached.countDown();
                throw HookedStore.unavailable(true);
            }
            reached.countDown();
            try {
                go.await(1, TimeUnit.MINUTES);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** The uploads of a role that was lost end late: its successor has been deposed, and this node is to be primary again. */
    @Test
    void whatALaterRoleWroteDownIsKept() throws Exception {
        try (Node a = new Node(directory, "a", new MemoryStore())) {
            a.becomePrimary(1, 0);
            a.commitTo(1, 0);
            a.drain();
            a.commitTo(3, 0);
            await().atMost(LONG).until(() -> a.uploads.progress(DB).txid() == 3);
            a.epoch = LeaseTerm.NOT_HELD;
            try (ArchiveFence fence = a.fence()) {
                fence.claim(3, Map.of(DB, 3L)); // transaction 3 was another one in between
            }
            a.uploads.close();
            assertEquals(0, new ArchiveState(a.node.data).of(DB).orElseThrow().txid());
            a.uploads = a.start();
        }
    }

    @Test
    void pausedAtAnyCallItIsNotPartOfTheHistory() throws Exception {
        int runs = 0;
        for (int calls = 1; scenario(new MemoryStore(), calls, true, false); calls++) {
            runs++;
        }
        System.out.println("deposed and paused at " + runs + " calls");
        assertTrue(runs > 10, "runs: " + runs);
    }

    @Test
    void killedAtAnyCallItIsNotPartOfTheHistory() throws Exception {
        int runs = 0;
        for (boolean before : new boolean[] {true, false}) {
            for (int calls = 1; scenario(new MemoryStore(), calls, before, true); calls++) {
                runs++;
            }
        }
        System.out.println("deposed and killed at " + runs + " calls");
        assertTrue(runs > 10, "runs: " + runs);
    }

    @Test
    void litestreamRestoresTheNewHistoryToo() throws Exception {
        for (int calls : new int[] {3, 5, 7, 9}) {
            Path root = Files.createDirectories(directory.resolve("archive-" + calls));
            scenario(new DirectoryStore(root), calls, true, false);
            Path out = directory.resolve("restored-" + calls);
            Process process = new ProcessBuilder(
                            Tools.LITESTREAM.path().toString(),
                            "restore",
                            "-o",
                            out.toString(),
                            "file://" + root.resolve(DB))
                    .redirectErrorStream(true)
                    .redirectOutput(directory.resolve("litestream.log").toFile())
                    .start();
            assertTrue(process.waitFor(1, TimeUnit.MINUTES));
            assertEquals(0, process.exitValue(), () -> "litestream failed, see " + directory.resolve("litestream.log"));
            assertArrayEquals(expected, Files.readAllBytes(out), "calls " + calls);
        }
    }

    private byte[] expected = new byte[0];

    /**
     * The old primary is stopped at a call of its uploads, the new one takes over, the old one goes on.
     *
     * @return false if the old one made fewer calls
     */
    private boolean scenario(ObjectStore store, int calls, boolean before, boolean kills) throws Exception {
        String what = "calls " + calls + (before ? " before" : " after") + (kills ? ", killed" : ", paused");
        Path data = Files.createTempDirectory(directory, "nodes");
        Stop stop = new Stop(calls, before, kills);
        try (Node old = new Node(data, "old", store);
                Node successor = new Node(data, "new", store)) {
            old.becomePrimary(1, 1);
            old.commitTo(SHARED - 3, 1);
            old.drain();
            successor.commitTo(SHARED, 1);
            old.store.hook = stop;
            old.commitTo(SHARED + ALONE, 1);
            Thread draining = new Thread(() -> {
                try {
                    old.uploads.drain(LONG);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            });
            draining.start();
            boolean reached = await().atMost(LONG.plus(LONG))
                            .until(() -> stop.reached.getCount() == 0 || !draining.isAlive(), done -> done)
                    && stop.reached.getCount() == 0;
            if (!reached) {
                return false;
            }
            long first = successor.becomePrimary(2, 1);
            successor.commitTo(first + 7, 2);
            successor.drain();
            stop.go.countDown();
            if (!kills) {
                // It lives, and believes that it is the primary, until the archive tells it.
                await(what).atMost(LONG).untilAsserted(() -> {
                    old.commitTo(old.node.txid(DB) + 1, 1);
                    assertTrue(
                            old.uploads.progress(DB).warnings().toString().contains("is not the primary any more"),
                            () -> old.uploads.progress(DB).toString());
                });
                assertEquals(2, old.uploads.epochSeen());
            }
            old.uploads.kill();
            draining.interrupt();
            draining.join();
            check(successor, first, what);
            // The next look moves aside what came late.
            successor.uploads.close();
            successor.uploads = successor.start();
            successor.commitTo(successor.node.txid(DB) + 1, 2);
            successor.drain();
            check(successor, first, what);
            checkNothingStale(successor.archive.database(DB), what);
            expected = successor.node.histories.get(DB).images.get(successor.node.txid(DB));
            return true;
        }
    }

    private static void check(Node node, long first, String what) throws IOException {
        DatabaseArchive db = node.archive.database(DB);
        TestNode.History history = node.node.histories.get(DB);
        assertArrayEquals(history.images.get(history.txid), ArchiveCheck.restore(db, new RestoreTarget.End()), what);
        for (long txid = first; txid <= history.txid; txid++) {
            long at = txid;
            assertArrayEquals(
                    history.images.get(txid),
                    ArchiveCheck.restore(db, new RestoreTarget.AtTxid(txid)),
                    () -> what + ", transaction " + at);
        }
    }

    private static void checkNothingStale(DatabaseArchive db, String what) throws IOException {
        DatabaseRecord record = DatabaseRecord.load(db).orElseThrow();
        for (int level = 0; level <= ArchiveLayout.SNAPSHOT_LEVEL; level++) {
            for (LtxObject object : db.list(level, 0)) {
                ObjectFacts facts = ObjectFacts.of(db.store().head(object.key()), object.key());
                assertFalse(record.isStale(facts, object.maxTxid()), () -> what + ": " + object.key());
            }
        }
    }

    @Test
    void whoHasALowerEpochHearsSo() throws Exception {
        MemoryStore store = new MemoryStore();
        try (Node one = new Node(directory, "one", store);
                Node two = new Node(directory, "two", store)) {
            one.becomePrimary(3, 1);
            one.commitTo(4, 1);
            one.drain();
            two.commitTo(4, 1);
            two.becomePrimary(5, 1);
            try (ArchiveFence late = one.fence()) {
                FencedException refused =
                        assertThrows(FencedException.class, () -> late.claim(4, Map.of(DB, 5L, "b.db", 1L)));
                assertEquals(5, refused.epoch());
                assertTrue(refused.getMessage().contains("of node 'two'"), refused.getMessage());
            }
            DatabaseRecord record =
                    DatabaseRecord.load(two.archive.database(DB)).orElseThrow();
            try (ArchiveFence again = two.fence()) {
                again.claim(5, Map.of(DB, 5L));
                assertEquals(
                        record, DatabaseRecord.load(two.archive.database(DB)).orElseThrow());
                again.claim(6, Map.of(DB, 5L));
                assertEquals(
                        List.of(
                                new DatabaseRecord.Epoch(3, 1, "one"),
                                new DatabaseRecord.Epoch(5, 5, "two"),
                                new DatabaseRecord.Epoch(6, 5, "two")),
                        DatabaseRecord.load(two.archive.database(DB))
                                .orElseThrow()
                                .epochs());
                assertEquals(
                        new Reached(4, one.node.histories.get(DB).checksum, false, 3),
                        again.reached(List.of(DB)).get(DB));
            }
        }
    }

    @Test
    void aDropOfADeposedPrimaryDoesNotCount() throws Exception {
        MemoryStore store = new MemoryStore();
        try (Node one = new Node(directory, "one", store);
                Node two = new Node(directory, "two", store)) {
            one.becomePrimary(1, 1);
            one.commitTo(4, 1);
            one.drain();
            two.commitTo(4, 1);
            one.node.drop(DB, BEGINNING + 5000);
            one.drain();
            try (ArchiveFence fence = two.fence()) {
                assertEquals(
                        new Reached(5, 0, true, 1), fence.reached(List.of(DB)).get(DB));
                // It could not be learned, and is given up.
                fence.claim(2, Map.of(DB, 5L));
            }
            two.uploads.kill();
            two.epoch = 2;
            two.uploads = two.start();
            two.commitTo(6, 2);
            two.drain();
            check(two, 5, "dropped");
            one.node.commit(DB, BEGINNING + 6000, new Random(1));
            one.node.drop(DB, BEGINNING + 7000);
            one.node.flush();
            assertFalse(one.uploads.drain(Duration.ofSeconds(8)));
            check(two, 5, "dropped");
        }
    }

    @Test
    void nothingIsPutWhileTheLeaseIsNotHeldOrUnderAnotherEpoch() throws Exception {
        MemoryStore store = new MemoryStore();
        try (Node one = new Node(directory, "one", store)) {
            one.becomePrimary(1, 1);
            one.commitTo(3, 1);
            one.drain();
            for (long epoch : new long[] {LeaseTerm.NOT_HELD, 2, 0}) {
                one.epoch = epoch;
                long puts = one.store.puts.get();
                one.commitTo(one.node.txid(DB) + 1, 1);
                assertFalse(one.uploads.drain(Duration.ofMillis(300)));
                assertEquals(puts, one.store.puts.get());
                await().atMost(LONG).untilAsserted(() -> {
                    List<String> warnings = one.uploads.progress(DB).warnings();
                    assertTrue(warnings.toString().contains("does not hold the lease"), warnings::toString);
                });
                assertEquals(puts, one.store.puts.get());
            }
            one.epoch = 1;
            one.drain();
            check(one, 1, "held again");
        }
    }

    @Test
    void tellsWhenTheArchiveHasATransaction() throws Exception {
        MemoryStore store = new MemoryStore();
        try (Node one = new Node(directory, "one", store)) {
            one.becomePrimary(1, 1);
            AtomicInteger told = new AtomicInteger();
            one.uploads.whenArchived(DB, 2, told::incrementAndGet);
            one.commitTo(1, 1);
            await().atMost(LONG).until(() -> one.uploads.progress(DB).txid() == 1);
            assertEquals(0, told.get());
            one.commitTo(2, 1);
            await().atMost(LONG).until(() -> told.get() == 1);
            assertEquals(2, one.uploads.progress(DB).txid());
            one.uploads.whenArchived(DB, 1, told::incrementAndGet);
            assertEquals(2, told.get());
        }
    }
}
