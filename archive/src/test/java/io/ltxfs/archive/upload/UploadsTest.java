package io.ltxfs.archive.upload;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.archive.Archive;
import io.ltxfs.archive.DatabaseArchive;
import io.ltxfs.archive.LtxObject;
import io.ltxfs.objectstore.MemoryStore;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Transactions reach level 0, each can be restored, and an object spans no more than it may. */
class UploadsTest {
    private static final Duration LONG = Duration.ofSeconds(60);

    @TempDir
    Path directory;

    private UploadFixture fixture;
    private TestNode node;
    private Archive archive;
    private Uploads uploads;

    @BeforeEach
    void start() throws Exception {
        fixture = new UploadFixture(directory.resolve("data"), new MemoryStore());
        node = fixture.node;
        archive = fixture.archive;
        uploads = fixture.uploads;
    }

    @AfterEach
    void stop() throws Exception {
        fixture.close();
    }

    @Test
    void firstTransactionIsInLevels0And1() throws Exception {
        node.commit("a.db", System.currentTimeMillis(), new Random(1));
        node.flush();
        assertTrue(uploads.drain(LONG));
        DatabaseArchive db = archive.database("a.db");
        assertEquals(1, ArchiveCheck.level0(db).size());
        assertEquals(1, db.list(1, 0).size());
        ArchiveCheck.everyTransaction(db, node.histories.get("a.db"));
        assertEquals(1, uploads.progress("a.db").txid());
        assertEquals(0, uploads.progress("a.db").pending());
    }

    /** A commit of synchronous=NORMAL, and the mark of one in a rollback journal, are made durable a little later. */
    @Test
    void whatIsNotDurableYetIsDrainedToo() throws Exception {
        long time = System.currentTimeMillis();
        node.commit("a.db", time, new Random(1));
        node.flush();
        assertTrue(uploads.drain(LONG));
        node.commit("a.db", time + 1, new Random(2));
        assertTrue(uploads.drain(LONG));
        assertEquals(2, uploads.progress("a.db").txid());
    }

    @Test
    void objectSpansAtMostSyncOfCommitTimeHoweverLateItIs() throws Exception {
        Random random = new Random(2);
        long time = System.currentTimeMillis();
        for (int i = 0; i < 200; i++) {
            node.commit("a.db", time, random);
            time += random.nextInt(300);
        }
        node.flush();
        assertTrue(uploads.drain(LONG));
        DatabaseArchive db = archive.database("a.db");
        TestNode.History history = node.histories.get("a.db");
        List<LtxObject> objects = ArchiveCheck.level0(db);
        for (LtxObject object : objects) {
            long span = history.times.get(object.maxTxid()) - history.times.get(object.minTxid());
            assertTrue(span <= 1000, () -> object + " spans " + span + " ms");
        }
        assertTrue(objects.size() < 60, () -> "too many objects: " + objects.size());
        ArchiveCheck.everyTransaction(db, history);
        LtxObject last = objects.get(objects.size() - 1);
        assertEquals(200, last.maxTxid());
        assertEquals(200, last.minTxid(), "the newest object has one transaction after a drain");
    }

    @Test
    void everyTransactionOfEveryDatabaseIsRestorable() throws Exception {
        for (int seed = 1; seed <= 6; seed++) {
            randomHistory(seed);
        }
    }

    private void randomHistory(long seed) throws Exception {
        Random random = new Random(seed);
        long time = System.currentTimeMillis();
        List<String> names = List.of("a" + seed + ".db", "dir/b " + seed + ".db", "c%41" + seed + ".db");
        for (int i = 0; i < 120; i++) {
            String name = names.get(random.nextInt(names.size()));
            int what = random.nextInt(30);
            boolean there = node.txid(name) != 0;
            if (what == 0 && there) {
                node.drop(name, time);
            } else if (what == 1 && there) {
                node.repage(name, time, 512 << random.nextInt(4), random);
            } else {
                node.commit(name, time, random);
            }
            time += random.nextInt(120);
            if (random.nextInt(20) == 0) {
                node.flush();
                Thread.sleep(random.nextInt(30));
            }
        }
        node.flush();
        assertTrue(uploads.drain(LONG), () -> "seed " + seed);
        for (String name : names) {
            if (node.histories.containsKey(name)) {
                DatabaseArchive db = archive.database(name);
                ArchiveCheck.level0(db);
                ArchiveCheck.everyTransaction(db, node.histories.get(name));
            }
        }
    }
}
