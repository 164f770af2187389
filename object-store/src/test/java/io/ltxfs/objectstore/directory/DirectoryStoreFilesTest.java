package io.ltxfs.objectstore.directory;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.objectstore.ObjectBody;
import io.ltxfs.objectstore.ObjectContent;
import io.ltxfs.objectstore.ObjectInfo;
import io.ltxfs.objectstore.ObjectStores;
import io.ltxfs.objectstore.PutOptions;
import io.ltxfs.objectstore.StoreException;
import io.ltxfs.objectstore.StoreException.Kind;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** What the files of a directory of objects are, and what other programs and crashes may do to them. */
final class DirectoryStoreFilesTest {
    private static final Instant THEN = Instant.parse("2026-01-02T03:04:05.678Z");
    private static final Map<String, String> METADATA = Map.of("k", "v");

    @TempDir
    private Path temp;

    private Path root;
    private DirectoryStore store;

    @BeforeEach
    void open() {
        root = temp.resolve("made/store");
        store = new DirectoryStore(root);
    }

    @AfterEach
    void close() {
        store.close();
    }

    private static ObjectBody body(String text) {
        return ObjectBody.of(text.getBytes(StandardCharsets.UTF_8));
    }

    /** Large contents that can only be told from each other in the middle. */
    private static byte[] large(char middle) {
        byte[] bytes = new byte[200_000];
        bytes[100_000] = (byte) middle;
        return bytes;
    }

    private static StoreException assertFails(Kind kind, Executable call) {
        StoreException e = assertThrows(StoreException.class, call);
        assertEquals(kind, e.kind(), e.toString());
        return e;
    }

    private List<String> files() throws IOException {
        try (Stream<Path> files = Files.walk(root)) {
            return files.filter(file -> !file.equals(root))
                    .map(file -> root.relativize(file).toString())
                    .sorted()
                    .toList();
        }
    }

    // ------------------------------------------------------------------------------------------------ the files

    @Test
    void keepsAnObjectAsItsBytesAndWhatElseThereIsBeside() throws IOException {
        store.put(
                "db/ltx/0/x.ltx",
                body("bytes"),
                PutOptions.create().with(METADATA).modifiedAt(THEN));
        store.put("db/record", body("record"), PutOptions.create());
        assertEquals("bytes", Files.readString(root.resolve("db/ltx/0/x.ltx")));
        assertEquals(
                THEN, Files.getLastModifiedTime(root.resolve("db/ltx/0/x.ltx")).toInstant());
        assertEquals(
                List.of(
                        ".ltxfs-store",
                        ".ltxfs-store/lock",
                        "db",
                        "db/.ltxfs-store",
                        "db/ltx",
                        "db/ltx/0",
                        "db/ltx/0/.ltxfs-store",
                        "db/ltx/0/.ltxfs-store/m-x.ltx",
                        "db/ltx/0/x.ltx",
                        "db/record"),
                files());
        store.delete("db/ltx/0/x.ltx");
        store.delete("db/record");
        assertEquals(List.of(".ltxfs-store", ".ltxfs-store/lock"), files());
    }

    @Test
    void takesFilesOfOtherPrograms() throws IOException {
        Path file = Files.createDirectories(root.resolve("db/ltx/0")).resolve("theirs.ltx");
        for (byte[] bytes : new byte[][] {"small".getBytes(StandardCharsets.UTF_8), large('a')}) {
            Files.write(file, bytes);
            Files.setLastModifiedTime(file, FileTime.from(THEN));
            ObjectInfo info = store.head("db/ltx/0/theirs.ltx");
            assertEquals(THEN, info.modified());
            assertEquals(Map.of(), info.metadata());
            assertFalse(info.etag().isEmpty());
            assertEquals(info.etag(), store.head("db/ltx/0/theirs.ltx").etag());
            assertEquals(List.of("db"), store.children(""));
            assertEquals(THEN, store.list("", "").objects().get(0).modified());
            try (ObjectContent content = store.get("db/ltx/0/theirs.ltx")) {
                assertArrayEquals(bytes, content.readAll());
            }
            assertFails(
                    Kind.PRECONDITION_FAILED,
                    () -> store.put("db/ltx/0/theirs.ltx", body("ours"), PutOptions.create()));
        }
        String etag = store.head("db/ltx/0/theirs.ltx").etag();
        store.put("db/ltx/0/theirs.ltx", body("ours"), PutOptions.ifMatch(etag).with(METADATA));
        assertEquals(METADATA, store.head("db/ltx/0/theirs.ltx").metadata());
        store.delete("db/ltx/0/theirs.ltx");
        assertEquals(List.of(), store.children(""));
    }

    @Test
    void givesMetadataToItsOwnContentOnly() throws IOException {
        for (byte[] ours : new byte[][] {"small".getBytes(StandardCharsets.UTF_8), large('a')}) {
            String etag = store.put(
                    "x",
                    ObjectBody.of(ours),
                    PutOptions.replace().with(METADATA).modifiedAt(THEN));
            byte[] theirs = ours.clone();
            theirs[0] = 'X';
            // Another program replaces it, by one of the same size.
            Files.write(root.resolve("x"), theirs);
            for (ObjectInfo info :
                    List.of(store.head("x"), store.list("", "").objects().get(0))) {
                assertEquals(Map.of(), info.metadata());
                assertNotEquals(etag, info.etag());
                assertNotEquals(THEN, info.modified());
            }
            assertFails(Kind.PRECONDITION_FAILED, () -> store.put("x", body("y"), PutOptions.ifMatch(etag)));
            // And puts it back.
            Files.write(root.resolve("x"), ours);
            assertEquals(METADATA, store.head("x").metadata());
            assertEquals(THEN, store.list("", "").objects().get(0).modified());
            store.delete("x");
        }
    }

    @Test
    void forgetsMetadataOfWhatOthersDeleted() throws IOException {
        store.put("x", body("bytes"), PutOptions.create().with(METADATA));
        Files.delete(root.resolve("x"));
        assertFails(Kind.NOT_FOUND, () -> store.head("x"));
        store.put("x", body("bytes"), PutOptions.create());
        assertEquals(Map.of(), store.head("x").metadata());
        store.put("y", body("bytes"), PutOptions.create().with(METADATA));
        Files.delete(root.resolve("y"));
        store.close();
        store = new DirectoryStore(root);
        store.put("z", body("bytes"), PutOptions.create());
        assertFalse(Files.exists(root.resolve(".ltxfs-store/m-y")), "swept");
        assertTrue(Files.exists(root.resolve(".ltxfs-store/m-x")));
    }

    // ------------------------------------------------------------------------------------------------ crashes

    /** All states between two contents, and two metadata of one, in which a crash can leave the files. */
    @Test
    void hasOneOfTwoStatesAtEveryStepOfAReplacement() throws IOException {
        byte[][][] pairs = {
            {"first".getBytes(StandardCharsets.UTF_8), "other".getBytes(StandardCharsets.UTF_8)},
            {large('a'), large('b')},
            {large('a'), large('a')},
            {new byte[0], large('a')}
        };
        Path current = root.resolve(".ltxfs-store/m-x");
        Path next = root.resolve(".ltxfs-store/n-x");
        for (byte[][] pair : pairs) {
            for (boolean placed : new boolean[] {false, true}) {
                for (String then : List.of("read", "replace", "sweep", "delete")) {
                    store.put("x", ObjectBody.of(pair[0]), version("1"));
                    byte[] first = Files.readAllBytes(current);
                    store.put("x", ObjectBody.of(pair[1]), version("2"));
                    Files.move(current, next);
                    Files.write(current, first);
                    Files.write(root.resolve("x"), placed ? pair[1] : pair[0]);
                    Files.setLastModifiedTime(root.resolve("x"), FileTime.from(THEN));
                    boolean isSecond = placed || Arrays.equals(pair[0], pair[1]);
                    String expected = isSecond ? "2" : "1";
                    assertEquals(expected, store.head("x").metadata().get("version"));
                    assertEquals(
                            store.head("x").etag(),
                            store.list("", "").objects().get(0).etag());
                    switch (then) {
                        case "replace" -> {
                            String etag = store.head("x").etag();
                            store.put(
                                    "x", body("third"), PutOptions.ifMatch(etag).with(Map.of("version", "3")));
                            assertEquals("3", store.head("x").metadata().get("version"));
                            assertFalse(Files.exists(next));
                        }
                        case "sweep" -> {
                            store.close();
                            store = new DirectoryStore(root);
                            store.put("y", body("y"), PutOptions.replace());
                            assertEquals(expected, store.head("x").metadata().get("version"));
                            assertFalse(Files.exists(next));
                            store.delete("y");
                        }
                        default -> {}
                    }
                    store.delete("x");
                    assertEquals(List.of(".ltxfs-store", ".ltxfs-store/lock"), files());
                }
            }
        }
    }

    private static PutOptions version(String number) {
        // One time for both: it tells nothing.
        return PutOptions.replace().with(Map.of("version", number)).modifiedAt(THEN);
    }

    @Test
    void showsNoTemporaryFilesAndRemovesThoseOfTheDead() throws IOException {
        store.put("d/x", body("x"), PutOptions.create().with(METADATA));
        Path hidden = root.resolve("d/.ltxfs-store");
        Path dead = Files.writeString(hidden.resolve(Temporary.name(1L << 33, 5)), "half");
        Path foreign = Files.writeString(hidden.resolve("unknown"), "of a newer version");
        assertEquals(1, store.list("", "").objects().size());
        store.close();
        store = new DirectoryStore(root);
        store.put("d/y", body("y"), PutOptions.create());
        assertFalse(Files.exists(dead));
        assertTrue(Files.exists(foreign));
    }

    @Test
    void saysThatASidecarIsDamaged() throws IOException {
        store.put("x", body("bytes"), PutOptions.create().with(METADATA));
        Path sidecar = root.resolve(".ltxfs-store/m-x");
        byte[] bytes = Files.readAllBytes(sidecar);
        for (int i = 0; i < bytes.length; i++) {
            byte[] flipped = bytes.clone();
            flipped[i] ^= 4;
            Files.write(sidecar, flipped);
            StoreException e = assertFails(Kind.PROTOCOL, () -> store.head("x"));
            assertTrue(e.getMessage().contains("m-x"), e.getMessage());
        }
        assertEquals(1, store.list("", "").objects().size());
        Files.delete(sidecar);
        assertEquals(Map.of(), store.head("x").metadata());
    }

    // ------------------------------------------------------------------------------------------------ bad input

    @Test
    void refusesWhatADirectoryCannotHold() throws IOException {
        store.put("a/b", body("x"), PutOptions.create());
        for (String key : List.of("a", "a/b/c", "n".repeat(254), "ä".repeat(128), ".ltxfs-store", "a/.ltxfs-store/x")) {
            StoreException e =
                    assertThrows(StoreException.class, () -> store.put(key, body("y"), PutOptions.replace()), key);
            assertEquals(Kind.DENIED, e.kind(), e.toString());
            assertTrue(e.getMessage().contains(root + "/"), e.getMessage());
        }
        store.put("d".repeat(255) + "/x", body("x"), PutOptions.create());
        assertEquals(1, store.list("d".repeat(255) + "/", "").objects().size());
        store.put("n".repeat(253), body("x"), PutOptions.create().with(METADATA));
        assertEquals(METADATA, store.head("n".repeat(253)).metadata());
    }

    @Test
    void doesNotFollowLinks() throws IOException {
        Path outside = Files.createDirectories(temp.resolve("outside"));
        Files.writeString(outside.resolve("secret"), "secret");
        store.put("x", body("x"), PutOptions.create());
        Files.createSymbolicLink(root.resolve("dir"), outside);
        Files.createSymbolicLink(root.resolve("file"), outside.resolve("secret"));
        assertFails(Kind.NOT_FOUND, () -> store.head("file"));
        assertFails(Kind.NOT_FOUND, () -> store.get("dir/secret"));
        assertEquals(1, store.list("", "").objects().size());
        assertEquals(List.of(), store.list("dir/", "").objects());
        assertEquals(List.of(), store.children(""));
        assertEquals(List.of(), store.children("dir/"));
        assertFails(Kind.DENIED, () -> store.put("dir/new", body("y"), PutOptions.create()));
        assertFails(Kind.DENIED, () -> store.put("file", body("y"), PutOptions.replace()));
        store.delete("dir/secret");
        store.delete("file");
        assertEquals("secret", Files.readString(outside.resolve("secret")));
        assertFalse(Files.exists(outside.resolve("new")));
    }

    @Test
    void isReachedThroughALink() throws IOException {
        Path real = Files.createDirectories(temp.resolve("real"));
        Path link = Files.createSymbolicLink(temp.resolve("link"), real);
        try (DirectoryStore linked = new DirectoryStore(link)) {
            linked.put("a/b", body("x"), PutOptions.create());
            assertEquals(1, linked.head("a/b").size());
            assertEquals(1, linked.list("", "").objects().size());
        }
    }

    @Test
    void saysWhereThereIsNoStore() throws IOException {
        assertFails(Kind.NO_STORE, () -> store.list("", ""));
        assertFails(Kind.NO_STORE, () -> store.children(""));
        assertFails(Kind.NO_STORE, () -> store.head("x"));
        assertFails(Kind.NO_STORE, () -> store.get("x"));
        StoreException e = assertFails(Kind.NO_STORE, () -> store.delete("x"));
        assertTrue(e.getMessage().contains(root.toString()), e.getMessage());
        Path file = Files.writeString(temp.resolve("file"), "x");
        try (DirectoryStore below = new DirectoryStore(file.resolve("store"))) {
            StoreException put = assertFails(Kind.NO_STORE, () -> below.put("x", body("x"), PutOptions.create()));
            assertFalse(put.outcomeUnknown());
            assertFails(Kind.NO_STORE, () -> below.list("", ""));
        }
    }

    @Test
    void comesBackAfterTheDirectoryWasRemoved() throws IOException {
        store.put("a/x", body("1"), PutOptions.create());
        try (Stream<Path> files = Files.walk(root)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
        assertFails(Kind.NO_STORE, () -> store.head("a/x"));
        store.put("a/x", body("2"), PutOptions.create().with(METADATA));
        assertEquals(METADATA, store.head("a/x").metadata());
        try (DirectoryStore other = new DirectoryStore(root)) {
            assertFails(Kind.PRECONDITION_FAILED, () -> other.put("a/x", body("3"), PutOptions.create()));
        }
    }

    @Test
    void isOneStoreHoweverOftenItIsOpen() throws Exception {
        int threads = 4;
        List<DirectoryStore> stores = new ArrayList<>();
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        try {
            List<Callable<Integer>> racers = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                DirectoryStore mine = new DirectoryStore(root);
                stores.add(mine);
                racers.add(() -> {
                    int won = 0;
                    for (int round = 0; round < 40; round++) {
                        try {
                            mine.put(
                                    "d/" + round, body("x"), PutOptions.create().with(METADATA));
                            won++;
                        } catch (StoreException e) {
                            assertEquals(Kind.PRECONDITION_FAILED, e.kind(), e.toString());
                        }
                    }
                    // Leaves while the others are at work: they keep their locks.
                    mine.close();
                    return won;
                });
            }
            int won = 0;
            for (Future<Integer> racer : pool.invokeAll(racers)) {
                won += racer.get();
            }
            assertEquals(40, won);
        } finally {
            pool.shutdownNow();
            stores.forEach(DirectoryStore::close);
        }
    }

    @Test
    void opensByItsUrl() throws IOException {
        Path odd = temp.resolve("odd ?#%20é");
        String encoded = "file://" + temp + "/odd%20%3F%23%2520%C3%A9";
        for (String url : List.of(odd.toString(), encoded, encoded.replace("file://", "file:"))) {
            try (var opened = ObjectStores.open(url)) {
                assertEquals("file://" + odd, opened.describe());
                assertTrue(opened.isLocal());
            }
        }
        for (String url :
                List.of("relative", "file:relative", "file://host/x", "file:///a?b", "file:///a%zz", "", "ftp://x/y")) {
            String message = assertThrows(IllegalArgumentException.class, () -> ObjectStores.open(url))
                    .getMessage();
            assertTrue(message.startsWith("'" + url + "'"), message);
        }
    }
}
