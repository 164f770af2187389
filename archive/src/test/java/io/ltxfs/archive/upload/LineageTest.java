package io.ltxfs.archive.upload;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.archive.DatabaseArchive;
import io.ltxfs.archive.DatabaseRecord;
import io.ltxfs.archive.ObjectFacts;
import io.ltxfs.archive.plan.RestoreTarget;
import io.ltxfs.objectstore.MemoryStore;
import io.ltxfs.objectstore.PutOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two histories never mix in one archive. */
class LineageTest {
    private static final String DB = "a.db";

    @TempDir
    Path directory;

    private final MemoryStore store = new MemoryStore();
    private final Random random = new Random(11);

    private UploadFixture node(String name) throws IOException {
        return new UploadFixture(directory.resolve(name), store);
    }

    private void commit(UploadFixture fixture, int count) throws Exception {
        for (int i = 0; i < count; i++) {
            fixture.node.commit(DB, System.currentTimeMillis(), random);
        }
        fixture.node.flush();
    }

    private static String refusal(UploadFixture fixture) {
        return await().atMost(Duration.ofSeconds(60))
                .until(() -> fixture.uploads.progress(DB).warnings(), warnings -> !warnings.isEmpty())
                .get(0);
    }

    @Test
    void otherDatabaseIsRefusedAndNothingOfItIsPut() throws Exception {
        try (UploadFixture one = node("one");
                UploadFixture two = node("two")) {
            commit(one, 5);
            one.drain();
            commit(two, 9);
            String why = refusal(two);
            assertTrue(why.contains("of node 'node-1'"), why);
            assertTrue(why.contains("0000000000000005"), why);
            assertTrue(why.contains("archive begin"), why);
            assertFalse(two.uploads.drain(Duration.ofMillis(200)));
            one.check(DB);
            commit(one, 3);
            one.drain();
            one.check(DB);
        }
    }

    @Test
    void olderCopyOfTheDataDirectoryIsRefused() throws Exception {
        try (UploadFixture one = node("one")) {
            commit(one, 5);
            one.drain();
            one.uploads.close();
            copy(directory.resolve("one"), directory.resolve("copy"));
            one.stopAndStart();
            commit(one, 5);
            one.drain();
            try (UploadFixture copy = node("copy")) {
                copy.node.histories.put(DB, behind(one.node.histories.get(DB), 5));
                commit(copy, 2);
                String why = refusal(copy);
                assertTrue(why.contains("ahead of this node"), why);
            }
            one.check(DB);
        }
    }

    @Test
    void copyThatWentItsOwnWayIsRefused() throws Exception {
        try (UploadFixture one = node("one")) {
            commit(one, 5);
            one.drain();
            one.uploads.close();
            copy(directory.resolve("one"), directory.resolve("copy"));
            one.stopAndStart();
            commit(one, 2);
            one.drain();
            try (UploadFixture copy = node("copy")) {
                copy.node.histories.put(DB, behind(one.node.histories.get(DB), 5));
                commit(copy, 6);
                String why = refusal(copy);
                assertTrue(why.contains("whose checksum is"), why);
            }
            one.check(DB);
        }
    }

    /** Only the beginning of a history, as a copy of the data directory has it. */
    private static TestNode.History behind(TestNode.History whole, long txid) {
        TestNode.History history = new TestNode.History(whole.name, whole.pageSize);
        byte[] image = whole.images.get(txid);
        for (int pgno = 1; pgno <= image.length / whole.pageSize; pgno++) {
            byte[] page = new byte[whole.pageSize];
            System.arraycopy(image, (pgno - 1) * whole.pageSize, page, 0, page.length);
            history.pages.put(pgno, page);
        }
        history.txid = txid;
        history.checksum = history.pages.entrySet().stream()
                .mapToLong(page -> io.ltxfs.ltx.PageChecksum.of(page.getKey(), page.getValue(), 0, whole.pageSize))
                .reduce(io.ltxfs.ltx.PageChecksum.FLAG, io.ltxfs.ltx.PageChecksum::toggle);
        return history;
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.toList()) {
                Files.copy(file, to.resolve(from.relativize(file).toString()));
            }
        }
    }

    @Test
    void forcedLineageMovesTheOldOneAsideAndBeginsWithTheWholeDatabase() throws Exception {
        try (UploadFixture one = node("one");
                UploadFixture two = node("two")) {
            commit(one, 5);
            one.drain();
            DatabaseArchive db = one.database(DB);
            String before = DatabaseRecord.load(db).orElseThrow().lineage();
            commit(two, 9);
            refusal(two);
            String aside = two.uploads.begin(DB, (done, all) -> {});
            assertTrue(aside.contains(before), aside);
            commit(two, 2);
            two.drain();
            assertNotEquals(before, DatabaseRecord.load(db).orElseThrow().lineage());
            assertArrayEquals(
                    two.node.histories.get(DB).images.get(11L), ArchiveCheck.restore(db, new RestoreTarget.End()));
            ArchiveCheck.level0(db);
            DatabaseArchive old = one.archive.database(DB, DB + "/lineages/" + before);
            ArchiveCheck.level0(old);
            ArchiveCheck.everyTransaction(old, one.node.histories.get(DB));
            one.stopAndStart();
            commit(one, 1);
            assertTrue(refusal(one).contains("this node continues lineage " + before), refusal(one));
        }
    }

    @Test
    void archiveWithoutOurRecordIsRefusedUnlessTheDatabaseIsFromThere() throws Exception {
        try (UploadFixture one = node("one")) {
            commit(one, 5);
            one.drain();
            DatabaseArchive db = one.database(DB);
            asLitestreamLeavesIt(db);
            try (UploadFixture two = node("two")) {
                commit(two, 9);
                assertTrue(refusal(two).contains("Litestream"), refusal(two));
            }
            one.uploads.kill();
            new ArchiveState(one.node.data)
                    .save(new ArchiveState.Known(DB, store.describe(db.place()), "", 0, 5, 0), true);
            one.killAndStart();
            commit(one, 3);
            one.drain();
            assertEquals(1, DatabaseRecord.load(db).stream().count());
            List<Long> ends =
                    db.list(0, 6).stream().map(object -> object.maxTxid()).toList();
            assertEquals(8L, ends.get(ends.size() - 1));
            assertArrayEquals(
                    one.node.histories.get(DB).images.get(8L), ArchiveCheck.restore(db, new RestoreTarget.AtTxid(8)));
        }
    }

    /** No record, no metadata of ours, no bundles. */
    private void asLitestreamLeavesIt(DatabaseArchive db) throws IOException {
        for (int level = 0; level < 2; level++) {
            for (var object : db.list(level, 0)) {
                byte[] bytes = ArchiveCheck.bytes(db, object.key());
                ObjectFacts facts = ObjectFacts.of(store.head(object.key()), object.key());
                store.put(
                        object.key(),
                        io.ltxfs.objectstore.ObjectBody.of(bytes),
                        PutOptions.replace().modifiedAt(facts.timestamp().orElseThrow()));
            }
        }
        for (var bundle : db.listBundles(0)) {
            store.delete(bundle.key());
        }
        store.delete(db.recordKey());
    }

    @Test
    void lostStateIsMadeAnewWhereTheLogKnowsTheArchivesEnd() throws Exception {
        try (UploadFixture one = node("one")) {
            commit(one, 5);
            one.drain();
            one.uploads.kill();
            try (Stream<Path> files = Files.list(one.node.data.resolve(ArchiveState.DIRECTORY))) {
                for (Path file : files.toList()) {
                    Files.delete(file);
                }
            }
            one.killAndStart();
            commit(one, 4);
            one.drain();
            one.check(DB);
        }
    }

    @Test
    void archiveThatIsSwitchedOnLaterBeginsWithTheWholeDatabase() throws Exception {
        try (UploadFixture one = node("one")) {
            one.uploads.kill();
            try (Stream<Path> files = Files.list(one.node.data.resolve(ArchiveState.DIRECTORY))) {
                for (Path file : files.toList()) {
                    Files.delete(file);
                }
            }
            for (int i = 0; i < 20; i++) {
                one.node.commit(DB, System.currentTimeMillis() - 100_000 + i, random);
            }
            one.node.commit("idle.db", System.currentTimeMillis() - 100_000, random);
            one.node.flush();
            one.killAndStart();
            await().atMost(Duration.ofSeconds(60))
                    .until(() -> one.uploads.progress(DB).txid() == 20
                            && one.uploads.progress("idle.db").txid() == 1);
            assertEquals(1, ArchiveCheck.level0(one.database(DB)).size());
            commit(one, 3);
            one.drain();
            ArchiveCheck.level0(one.database(DB));
            for (long txid = 20; txid <= 23; txid++) {
                assertArrayEquals(
                        one.node.histories.get(DB).images.get(txid),
                        ArchiveCheck.restore(one.database(DB), new RestoreTarget.AtTxid(txid)));
            }
        }
    }

    /** A new node that filled its data directory from the archive continues it. */
    @Test
    void databaseThatWasRestoredFromTheArchiveContinuesIt() throws Exception {
        try (UploadFixture one = node("one")) {
            commit(one, 5);
            one.drain();
            one.uploads.close();
            String lineage = DatabaseRecord.load(one.database(DB)).orElseThrow().lineage();
            for (boolean litestream : new boolean[] {false, true}) {
                if (litestream) {
                    asLitestreamLeavesIt(one.database(DB));
                }
                try (UploadFixture two = node("two" + litestream)) {
                    two.node.install(DB, one.node.histories.get(DB), litestream ? 8 : 5);
                    commit(two, 3);
                    two.drain();
                    assertArrayEquals(
                            two.node.histories.get(DB).images.get(litestream ? 11L : 8L),
                            ArchiveCheck.restore(two.database(DB), new RestoreTarget.End()));
                    assertEquals(
                            !litestream,
                            lineage.equals(DatabaseRecord.load(two.database(DB))
                                    .orElseThrow()
                                    .lineage()));
                    two.node.histories.get(DB).images.forEach(one.node.histories.get(DB).images::put);
                }
            }
        }
    }

    /** An earlier state that was put in place at the next transaction is a whole image in the archive. */
    @Test
    void databaseThatWasPutInPlaceIsArchivedWhole() throws Exception {
        try (UploadFixture one = node("one")) {
            commit(one, 5);
            one.drain();
            TestNode.History before = new TestNode.History(DB, one.node.histories.get(DB).pageSize);
            before.images.put(6L, one.node.histories.get(DB).images.get(3L));
            one.node.install(DB, before, 6);
            one.drain();
            commit(one, 2);
            one.drain();
            one.check(DB);
        }
    }

    /** A deposed primary's own transactions stay out; what it has taken in their stead is archived whole. */
    @Test
    void historyThatTookThePlaceOfAnotherIsArchivedInItsStead() throws Exception {
        try (UploadFixture one = node("one")) {
            commit(one, 5);
            one.drain();
            one.uploads.kill();
            commit(one, 2);
            one.node.jump(DB, 6, new Random(3));
            commit(one, 2);
            one.killAndStart();
            one.drain();
            commit(one, 1);
            one.drain();
            ArchiveCheck.level0(one.database(DB));
            TestNode.History history = one.node.histories.get(DB);
            for (long txid : List.of(1L, 5L, 8L, 9L)) {
                assertArrayEquals(
                        history.images.get(txid),
                        ArchiveCheck.restore(one.database(DB), new RestoreTarget.AtTxid(txid)),
                        () -> "at " + txid);
            }
        }
    }

    @Test
    void recordSaysFromWhichTransactionAnEpochCounts() throws Exception {
        try (UploadFixture one = node("one")) {
            commit(one, 5);
            one.drain();
            one.epoch = 7;
            commit(one, 2);
            one.drain();
            List<DatabaseRecord.Epoch> epochs =
                    DatabaseRecord.load(one.database(DB)).orElseThrow().epochs();
            assertEquals(
                    List.of(new DatabaseRecord.Epoch(0, 1, "node-1"), new DatabaseRecord.Epoch(7, 6, "node-1")),
                    epochs);
            one.check(DB);
        }
    }
}
