package io.ltxfs.archive.upload;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.archive.Archive;
import io.ltxfs.archive.ArchiveLayout;
import io.ltxfs.archive.ArchiveOptions;
import io.ltxfs.archive.DatabaseArchive;
import io.ltxfs.archive.plan.RestoreTarget;
import io.ltxfs.database.log.LogOptions;
import io.ltxfs.ltx.PageCoding;
import io.ltxfs.objectstore.MemoryStore;
import io.ltxfs.objectstore.StoreException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The log has reached its bound while the store was away. */
class LostHistoryTest {
    private static final String DB = "a.db";

    @TempDir
    Path directory;

    @Test
    void databaseIsArchivedWholeWhereTheLogDoesNotReachBack() throws Exception {
        Random random = new Random(3);
        HookedStore store = new HookedStore(new MemoryStore());
        Archive archive = new Archive(store, ArchiveLayout.FILES);
        try (TestNode node = new TestNode(directory.resolve("data"), new LogOptions(1 << 16, 1 << 18, true, true))) {
            UploadOptions options = new UploadOptions(
                    name -> new Placement(Archive.placeOf(name), ArchiveOptions.defaults()),
                    node.data,
                    "node-1",
                    () -> 0,
                    Clock.systemUTC(),
                    PageCoding.BLOCK,
                    UploadOptions.UPLOADS);
            try (Uploads uploads = Uploads.start(archive, node.feed, node, options, UploadListener.NONE)) {
                for (int i = 0; i < 5; i++) {
                    node.commit(DB, System.currentTimeMillis(), random);
                    node.commit("quiet.db", System.currentTimeMillis(), random);
                }
                node.flush();
                assertTrue(uploads.drain(UploadFixture.LONG));
                store.hook = new HookedStore.Hook() {
                    @Override
                    public void before(String call, String key) throws StoreException {
                        throw HookedStore.unavailable(false);
                    }
                };
                node.commit("quiet.db", System.currentTimeMillis(), random);
                for (int i = 0; i < 400; i++) {
                    node.commit(DB, System.currentTimeMillis(), random);
                    if (i % 40 == 0) {
                        node.flush();
                        node.log.trim(Long.MAX_VALUE);
                        ((io.ltxfs.database.feed.LogFeed) node.feed).trimmed();
                    }
                }
                node.flush();
                await().atMost(Duration.ofSeconds(60))
                        .until(() -> !uploads.warnings().isEmpty());
                store.hook = HookedStore.NONE;
                assertTrue(uploads.drain(UploadFixture.LONG));
                for (String name : new String[] {DB, "quiet.db"}) {
                    DatabaseArchive db = archive.database(name);
                    TestNode.History history = node.histories.get(name);
                    await().atMost(Duration.ofSeconds(60))
                            .until(() -> uploads.progress(name).txid() == history.txid);
                    assertTrue(uploads.drain(UploadFixture.LONG));
                    ArchiveCheck.level0(db);
                    assertArrayEquals(
                            history.images.get(history.txid), ArchiveCheck.restore(db, new RestoreTarget.End()));
                    assertArrayEquals(history.images.get(5L), ArchiveCheck.restore(db, new RestoreTarget.AtTxid(5)));
                }
                DatabaseArchive db = archive.database(DB);
                assertEquals(1, db.list(ArchiveLayout.SNAPSHOT_LEVEL, 0).size(), "the image is a snapshot first");
            }
        }
    }
}
