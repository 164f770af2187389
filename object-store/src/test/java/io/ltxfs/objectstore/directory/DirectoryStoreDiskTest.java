package io.ltxfs.objectstore.directory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ltxfs.objectstore.ObjectBody;
import io.ltxfs.objectstore.ObjectInfo;
import io.ltxfs.objectstore.PutOptions;
import io.ltxfs.objectstore.StoreException;
import io.ltxfs.objectstore.StoreException.Kind;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A disk that is full, and one that is read-only. Mounts one of its own, which only root may do. */
final class DirectoryStoreDiskTest {
    @TempDir
    private Path disk;

    private DirectoryStore store;

    @BeforeEach
    void mount() throws Exception {
        assumeTrue("root".equals(System.getProperty("user.name")), "only root can mount a disk");
        assumeTrue(run("mount", "-t", "tmpfs", "-o", "size=1m", "ltxfs-test", disk.toString()) == 0, "no mounts here");
        store = new DirectoryStore(disk.resolve("store"));
    }

    @AfterEach
    void unmount() throws Exception {
        if (store != null) {
            store.close();
            assertEquals(0, run("umount", disk.toString()));
        }
    }

    private static int run(String... command) throws IOException, InterruptedException {
        return new ProcessBuilder(command).inheritIO().start().waitFor();
    }

    @Test
    void saysThatTheDiskIsFullAndGoesOnWhenItIsNot() throws IOException {
        List<String> stored = new ArrayList<>();
        StoreException full = null;
        for (int i = 0; full == null; i++) {
            String key = "db/" + i;
            try {
                store.put(
                        key,
                        ObjectBody.of(new byte[50_000]),
                        PutOptions.create().with(Map.of("k", "v")));
                stored.add(key);
            } catch (StoreException e) {
                full = e;
                String again = stored.get(0);
                assertEquals(Kind.FULL, put(again, 90_000).kind(), "a replacement");
                assertEquals(50_000, store.head(again).size());
                assertEquals(Kind.FULL, put("other/new", 90_000).kind(), "in a new directory");
            }
        }
        assertEquals(Kind.FULL, full.kind(), full.toString());
        assertTrue(full.mayPass());
        assertFalse(full.outcomeUnknown());
        assertTrue(full.getMessage().contains("free space"), full.getMessage());
        assertEquals(
                stored.stream().sorted().toList(),
                store.list("", "").objects().stream().map(ObjectInfo::key).toList());
        for (String key : stored) {
            assertEquals(Map.of("k", "v"), store.head(key).metadata());
        }
        store.delete(stored.get(0));
        store.delete(stored.get(1));
        store.put(stored.get(0), ObjectBody.of(new byte[50_000]), PutOptions.create());
    }

    private StoreException put(String key, int size) {
        return assertThrows(
                StoreException.class, () -> store.put(key, ObjectBody.of(new byte[size]), PutOptions.replace()));
    }

    @Test
    void saysThatTheDiskIsReadOnly() throws Exception {
        store.put("x", ObjectBody.of(new byte[5]), PutOptions.create().with(Map.of("k", "v")));
        store.close();
        assertEquals(0, run("mount", "-o", "remount,ro", disk.toString()));
        store = new DirectoryStore(disk.resolve("store"));
        assertEquals(Map.of("k", "v"), store.head("x").metadata());
        assertEquals(1, store.list("", "").objects().size());
        assertEquals(Kind.DENIED, put("y", 1).kind());
        assertEquals(Kind.DENIED, put("x", 1).kind());
        assertEquals(
                Kind.DENIED,
                assertThrows(StoreException.class, () -> store.delete("x")).kind());
        try (DirectoryStore fresh = new DirectoryStore(disk.resolve("fresh"))) {
            StoreException e = assertThrows(
                    StoreException.class, () -> fresh.put("x", ObjectBody.of(new byte[1]), PutOptions.create()));
            assertEquals(Kind.DENIED, e.kind(), e.toString());
        }
    }
}
