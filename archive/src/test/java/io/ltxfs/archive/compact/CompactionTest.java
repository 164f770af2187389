package io.ltxfs.archive.compact;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.archive.Archive;
import io.ltxfs.archive.ArchiveLayout;
import io.ltxfs.archive.ArchiveOptions;
import io.ltxfs.archive.DatabaseArchive;
import io.ltxfs.archive.LtxObject;
import io.ltxfs.archive.ObjectFacts;
import io.ltxfs.archive.upload.Spool;
import io.ltxfs.ltx.PageCoding;
import io.ltxfs.objectstore.MemoryStore;
import io.ltxfs.objectstore.ObjectBody;
import io.ltxfs.objectstore.ObjectContent;
import io.ltxfs.objectstore.ObjectStore;
import io.ltxfs.objectstore.PutOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CompactionTest {
    static final ArchiveOptions OPTIONS = ArchiveOptions.defaults();

    @TempDir
    Path directory;

    private final ObjectStore store = new MemoryStore();
    private MadeArchive made = new MadeArchive(open(store), 1);
    private Spool spool;

    @BeforeEach
    void makeSpool() throws IOException {
        spool = new Spool(directory);
    }

    static DatabaseArchive open(ObjectStore store) {
        return new Archive(store, ArchiveLayout.FILES).database("a/b.db");
    }

    private CompactionReport compact() throws IOException {
        return compact(OPTIONS);
    }

    private CompactionReport compact(ArchiveOptions options) throws IOException {
        CompactionTools tools = new CompactionTools(spool, PageCoding.BLOCK, made.clock, new Verified());
        return new DatabaseCompaction(open(store), options, tools).run();
    }

    private List<LtxObject> level(int level) throws IOException {
        return Holdings.read(open(store)).level(level);
    }

    private void assertRestorable(long from, long to) throws IOException {
        TestRestore restore = new TestRestore(open(store));
        for (long txid = from; txid <= to; txid++) {
            long wanted = txid;
            byte[] content = restore.at(txid)
                    .orElseThrow(() -> new AssertionError("transaction " + wanted + " cannot be restored"));
            assertArrayEquals(made.states.get((int) txid), content, "transaction " + txid);
        }
    }

    @Test
    void levelsNestAndHoldTheSame() throws IOException {
        for (int round = 0; round < 100; round++) {
            made.commit(5);
            made.upload();
            made.clock.pass(60_000);
            assertEquals(List.of(), compact().warnings());
        }
        assertEquals(made.uploaded(), level(1).get(level(1).size() - 1).maxTxid());
        assertTrue(level(2).size() > 3 && level(2).size() < 25, level(2).toString());
        assertFalse(level(3).isEmpty());
        assertTrue(level(0).size() < 20, "level 0 is pruned: " + level(0));
        assertRestorable(1, made.uploaded());
    }

    @Test
    void factsGoUp() throws IOException {
        made.commit(30);
        made.upload();
        made.clock.pass(400_000);
        compact();
        made.commit(1);
        made.upload();
        compact();
        LtxObject joined = level(2).get(level(2).size() - 1);
        ObjectFacts facts = ObjectFacts.of(store.head(joined.key()), "");
        assertEquals(made.facts((int) joined.minTxid(), (int) joined.maxTxid()), facts);
    }

    @Test
    void besideANodeOnlyWhatHasWaitedLongIsJoined() throws IOException {
        made.commit(30);
        made.upload();
        CompactionTools tools = new CompactionTools(spool, PageCoding.BLOCK, made.clock, new Verified());
        DatabaseCompaction beside = DatabaseCompaction.besideOthers(open(store), OPTIONS, tools);
        assertEquals(List.of(), beside.run().made());
        made.clock.pass(60_000);
        beside.run();
        assertEquals(30, level(1).get(0).maxTxid());
    }

    @Test
    void nothingNewMakesNothing() throws IOException {
        made.commit(30);
        made.upload();
        made.clock.pass(400_000);
        compact();
        made.clock.pass(4_000_000);
        compact();
        CompactionReport report = compact();
        assertEquals(List.of(), report.made());
        assertEquals(List.of(), report.deleted());
    }

    @Test
    void everythingIsKeptForHistoryAndPrunedAfterwards() throws IOException {
        for (int hour = 0; hour < 80; hour++) {
            made.commit(3);
            made.upload();
            made.clock.pass(3_600_000);
            assertEquals(List.of(), compact(keep(Duration.ofHours(36))).warnings());
        }
        int oldest = made.uploaded() - 23 * 3;
        assertRestorable(oldest, made.uploaded());
        assertTrue(level(9).size() <= 3, "snapshots are pruned: " + level(9));
        assertTrue(level(3).get(0).maxTxid() > 1, "level 3 is pruned: " + level(3));
        assertTrue(Holdings.read(open(store)).bundles().size() < 60);
    }

    private static ArchiveOptions keep(Duration keep) {
        return new ArchiveOptions(OPTIONS.sync(), OPTIONS.levels(), OPTIONS.history(), OPTIONS.snapshotsEvery(), keep);
    }

    @Test
    void aChangedPageSizeIsABoundary() throws IOException {
        made.commit(6);
        made.upload();
        made.changePageSize();
        made.commit(5);
        made.upload();
        compact();
        made.commit(1);
        made.upload();
        made.clock.pass(400_000);
        compact();
        for (int level = 1; level <= 2; level++) {
            assertTrue(
                    level(level).stream().allMatch(object -> object.maxTxid() < 7 || object.minTxid() >= 7),
                    level(level).toString());
        }
        assertRestorable(1, made.uploaded());
    }

    @Test
    void lostTransactionsAreABoundary() throws IOException {
        made.commit(6);
        made.upload();
        made.commit(4);
        made.uploadAfterLoss();
        made.commit(3);
        made.upload();
        made.clock.pass(400_000);
        assertEquals(List.of(), compact().warnings());
        assertTrue(level(1).stream().anyMatch(object -> object.minTxid() == 7 && object.maxTxid() == 10));
        assertRestorable(1, 6);
        assertRestorable(10, 13);
    }

    @Test
    void whatLitestreamWroteIsCompactedToo() throws IOException {
        made.withoutFacts();
        made.commit(12);
        made.upload();
        made.clock.pass(400_000);
        assertEquals(List.of(), compact().warnings());
        assertEquals(1, level(1).size());
        assertEquals(12, level(0).size(), "no bundle has the single transactions");
        assertRestorable(1, 12);
        made.clock.pass(Duration.ofHours(25).toMillis());
        compact();
        assertEquals(1, level(0).size());
        assertRestorable(12, 12);
    }

    @Test
    void manySourcesAreJoinedInRounds() throws IOException {
        made = new MadeArchive(open(store), 5);
        made.withoutFacts();
        made.commit(700);
        made.upload();
        assertEquals(List.of(), compact().warnings());
        assertEquals(1, level(1).size());
        assertArrayEquals(
                made.states.get(700), new TestRestore(open(store)).at(700).orElseThrow());
    }

    @Test
    void aDamagedObjectOfLevelZeroIsMadeUpForByItsBundle() throws IOException {
        made.commit(20);
        made.upload();
        LtxObject damaged = level(0).stream()
                .filter(object -> object.minTxid() != object.maxTxid())
                .findFirst()
                .orElseThrow();
        flip(damaged.key(), 150);
        made.clock.pass(400_000);
        CompactionReport report = compact();
        assertEquals(1, report.warnings().size(), report.warnings().toString());
        assertTrue(
                report.warnings().get(0).contains(damaged.key()),
                report.warnings().toString());
        assertEquals(20, level(1).get(0).maxTxid());
        assertArrayEquals(
                made.states.get(20), new TestRestore(open(store)).at(20).orElseThrow());
    }

    @Test
    void aDamagedObjectOfLevelOneIsMadeUpForByItsBundle() throws IOException {
        for (int round = 0; round < 3; round++) {
            made.commit(8);
            made.upload();
            compact(onlyLevelOne());
        }
        String damaged = level(1).get(1).key();
        flip(damaged, 150);
        made.clock.pass(400_000);
        CompactionReport report = compact();
        assertTrue(
                report.warnings().stream().allMatch(warning -> warning.contains(damaged)),
                report.warnings().toString());
        assertEquals(16, level(2).get(0).maxTxid());
        assertEquals(3, level(1).size());
        assertRestorable(1, 24);
    }

    private static ArchiveOptions onlyLevelOne() {
        return new ArchiveOptions(
                OPTIONS.sync(),
                OPTIONS.levels().subList(0, 1),
                OPTIONS.history(),
                OPTIONS.snapshotsEvery(),
                OPTIONS.snapshotsKeep());
    }

    @Test
    void aDamagedReplacementReplacesNothing() throws IOException {
        made.commit(20);
        made.upload();
        compact(onlyLevelOne());
        int before = level(0).size();
        flip(level(1).get(0).key(), 150);
        made.clock.pass(400_000);
        CompactionReport report = compact(onlyLevelOne());
        assertEquals(before, level(0).size());
        assertEquals(List.of(), report.deleted());
        assertTrue(
                report.warnings().toString().contains(level(1).get(0).key()),
                report.warnings().toString());
    }

    @Test
    void aSingleTransactionThatIsDamagedStopsTheLevel() throws IOException {
        made.withoutFacts();
        made.commit(5);
        made.upload();
        flip(level(0).get(2).key(), 150);
        made.clock.pass(400_000);
        CompactionReport report = compact();
        assertTrue(
                report.warnings().toString().contains(level(0).get(2).key()),
                report.warnings().toString());
        assertEquals(List.of(), level(1));
        assertEquals(5, level(0).size());
    }

    @Test
    void anotherHistoryIsNotJoined() throws IOException {
        made.commit(5);
        made.upload();
        LtxObject object = level(0).get(1);
        byte[] bytes = bytes(object.key());
        ObjectFacts facts = ObjectFacts.of(store.head(object.key()), "");
        ObjectFacts other = new ObjectFacts(
                facts.timestamp(),
                java.util.Optional.of("another"),
                0,
                facts.preChecksum(),
                facts.postChecksum(),
                facts.owner());
        store.put(object.key(), ObjectBody.of(bytes), PutOptions.replace().with(other.toMetadata()));
        CompactionReport report = compact();
        assertTrue(
                report.warnings().toString().contains("another history"),
                report.warnings().toString());
    }

    private byte[] bytes(String key) throws IOException {
        try (ObjectContent content = store.get(key)) {
            return content.readAll();
        }
    }

    private void flip(String key, int at) throws IOException {
        byte[] bytes = bytes(key);
        bytes[at] ^= 1;
        var info = store.head(key);
        store.put(
                key,
                ObjectBody.of(bytes),
                PutOptions.replace().with(info.metadata()).modifiedAt(info.modified()));
    }
}
