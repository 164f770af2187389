package io.ltxfs.archive;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ltxfs.objectstore.MemoryStore;
import io.ltxfs.objectstore.ObjectBody;
import io.ltxfs.objectstore.PutOptions;
import io.ltxfs.objectstore.StoreException;
import java.io.IOException;
import java.time.Clock;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class DatabaseArchiveTest {
    /** Lists come in pages of two. */
    private final MemoryStore store = new MemoryStore(Clock.systemUTC(), 2);

    private void put(String key) throws StoreException {
        store.put(key, ObjectBody.of(new byte[3]), PutOptions.create());
    }

    @ParameterizedTest
    @EnumSource
    void listsALevel(ArchiveLayout layout) throws IOException {
        DatabaseArchive db = new Archive(store, layout).database("a b.db");
        for (long txid = 1; txid <= 5; txid++) {
            put(db.key(0, txid, txid));
        }
        put(db.key(0, -2, -1));
        put(db.key(1, 1, 5));
        put(db.levelPrefix(0) + "0000000000000003-0000000000000002.ltx");
        put(db.levelPrefix(0) + "0000000000000000-0000000000000002.ltx");
        put(db.levelPrefix(0) + "0000000000000003-0000000000000009.ltx.tmp");
        put(db.levelPrefix(0) + "000000000000000A-000000000000000B.ltx");
        put(db.levelPrefix(0) + "deeper/0000000000000007-0000000000000007.ltx");
        put(db.levelPrefix(0) + "0000000000000002/0000000000000007-0000000000000007.ltx");
        put(db.levelPrefix(0) + "readme");
        assertEquals(List.of(1L, 2L, 3L, 4L, 5L, -1L), ends(db.list(0, 0)));
        assertEquals(List.of(4L, 5L, -1L), ends(db.list(0, 4)));
        assertEquals(List.of(-1L), ends(db.list(0, 6)));
        assertEquals(List.of(), ends(db.list(0, -1)));
        assertEquals(List.of(5L), ends(db.list(1, 0)));
        assertEquals(List.of(), db.list(2, 0));
        LtxObject first = db.list(0, 0).get(0);
        assertEquals(store.head(first.key()).modified(), first.modified());
        assertEquals(3, first.size());
    }

    private static List<Long> ends(List<LtxObject> objects) {
        return objects.stream().map(LtxObject::maxTxid).collect(Collectors.toList());
    }

    @Test
    void listsBundles() throws IOException {
        DatabaseArchive db = new Archive(store, ArchiveLayout.FILES).database("a.db");
        put(db.bundleKey(1, 4));
        put(db.bundleKey(5, 5));
        put(db.bundleKey(6, 5));
        put(db.bundlePrefix() + "0000000000000007-0000000000000007.ltx");
        assertEquals(
                List.of(4L, 5L),
                db.listBundles(0).stream().map(BundleObject::maxTxid).collect(Collectors.toList()));
        assertEquals(
                List.of(5L),
                db.listBundles(2).stream().map(BundleObject::maxTxid).collect(Collectors.toList()));
    }

    @ParameterizedTest
    @EnumSource
    void findsDatabasesWithoutListingObjects(ArchiveLayout layout) throws IOException {
        Archive archive = new Archive(store, layout);
        for (String name :
                List.of("app.db", "a/b.db", "a/c/ltx/d.db", "0000", "ü x.db", "gone.db", "dir", "dir/in.db")) {
            put(archive.database(name).key(0, 1, 1));
        }
        put(archive.database("bundled.db").bundleKey(1, 1));
        put(archive.database("claimed.db").recordKey());
        put("notes.txt");
        put("other/file");
        put("old.db/generations/0123456789abcdef/snapshots/1.snapshot.lz4");
        put(archive.database("moved.db").prefix() + "lineages/abc/ltxfs.json");
        assertEquals(
                List.of(
                        "0000",
                        "a/b.db",
                        "a/c/ltx/d.db",
                        "app.db",
                        "bundled.db",
                        "claimed.db",
                        "dir",
                        "dir/in.db",
                        "gone.db",
                        "moved.db",
                        "ü x.db"),
                archive.databases());
    }
}
