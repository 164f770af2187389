package io.ltxfs.objectstore;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.objectstore.StoreException.Kind;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Random;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/**
 * What every object store does. A test of a store extends this and says how to open one; it may make the races smaller
 * where requests are slow.
 */
public abstract class ObjectStoreContract {
    /** Text that breaks URLs, shells, formats and sorting, as parts of keys. */
    protected static final List<String> NAMES = List.of(
            "a",
            "a b",
            "a+b",
            "a%20b",
            "a%2Fb",
            "100%",
            "a&b=c",
            "a?b#c",
            "it's",
            "\"quoted\"",
            "a\\b",
            "a;b,c",
            "a*b",
            "~a",
            "@:!$()",
            "[a]{b}|^`",
            ".hidden",
            "...",
            "a.",
            "Ärger",
            "日本語",
            "\uffee",
            "\ud83d\ude00",
            "e\u0301",
            "<a>",
            "ltx");

    private final AtomicInteger unknownOutcomes = new AtomicInteger();
    private ObjectStore store;

    /** Opens an empty store. */
    protected abstract ObjectStore openStore() throws Exception;

    /** How many threads race, and how often. */
    protected int raceRounds() {
        return 20;
    }

    /** The store of the test that runs. */
    protected final ObjectStore store() {
        return store;
    }

    @BeforeEach
    final void openTheStore() throws Exception {
        store = openStore();
    }

    @AfterEach
    final void closeTheStore() {
        if (store != null) {
            store.close();
        }
    }

    @Test
    void givesBackWhatWasPut() throws IOException {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        int[] sizes = {0, 1, 511, 65_535, 65_536, 65_537, 1 << 20, random.nextInt(3 << 20)};
        for (int size : sizes) {
            String what = size + " bytes, seed " + seed;
            byte[] bytes = bytes(random, size);
            String etag = store.put("x/" + size, ObjectBody.of(bytes), PutOptions.replace());
            ObjectInfo info = store.head("x/" + size);
            assertEquals("x/" + size, info.key());
            assertEquals(size, info.size(), what);
            assertEquals(etag, info.etag(), what);
            assertEquals(Map.of(), info.metadata(), what);
            try (ObjectContent content = store.get("x/" + size)) {
                assertEquals(info, content.info(), what);
                assertEquals(0, content.offset());
                assertEquals(size, content.length());
                assertArrayEquals(bytes, content.readAll(), what);
            }
        }
    }

    @Test
    void keepsMetadata() throws IOException {
        Map<String, String> metadata = Map.of(
                "litestream-timestamp",
                "2026-11-21T17:13:53.123456789Z",
                "ltxfs-x",
                "a = b; c, \"d\" %20 +~",
                "n",
                "1");
        for (int size : new int[] {0, 10, 100_000}) {
            String key = "meta/" + size;
            store.put(key, ObjectBody.of(new byte[size]), PutOptions.create().with(metadata));
            assertEquals(metadata, store.head(key).metadata());
            try (ObjectContent content = store.get(key)) {
                assertEquals(metadata, content.info().metadata());
            }
            if (size > 0) {
                try (ObjectContent content = store.get(key, 1, 2)) {
                    assertEquals(metadata, content.info().metadata());
                    assertEquals(size, content.info().size());
                }
            }
            store.put(key, ObjectBody.of(new byte[size]), PutOptions.replace().with(Map.of("other", "2")));
            assertEquals(Map.of("other", "2"), store.head(key).metadata());
            store.put(key, ObjectBody.of(new byte[size + 1]), PutOptions.replace());
            assertEquals(Map.of(), store.head(key).metadata());
        }
    }

    @Test
    void replacesWhatIsThere() throws IOException {
        String first = put("key", "first");
        String second = put("key", "second");
        assertNotEquals(first, second);
        assertEquals("second", text("key"));
        assertEquals(second, store.head("key").etag());
    }

    @Test
    void createsOnlyWhatIsNotThere() throws IOException {
        String etag = store.put("new", body("first"), PutOptions.create().with(Map.of("a", "1")));
        assertFails(Kind.PRECONDITION_FAILED, () -> store.put("new", body("second"), PutOptions.create()));
        assertFails(Kind.PRECONDITION_FAILED, () -> store.put("new", body("first"), PutOptions.create()));
        assertEquals("first", text("new"));
        assertEquals(etag, store.head("new").etag());
        assertEquals(Map.of("a", "1"), store.head("new").metadata());
        store.delete("new");
        store.put("new", body("third"), PutOptions.create());
        assertEquals("third", text("new"));
    }

    @Test
    void replacesOnlyWhatMatches() throws IOException {
        assertFails(Kind.PRECONDITION_FAILED, () -> store.put("one", body("x"), PutOptions.ifMatch("0123")));
        String first = put("one", "first");
        assertFails(Kind.PRECONDITION_FAILED, () -> store.put("one", body("x"), PutOptions.ifMatch(first + "0")));
        String second =
                store.put("one", body("second"), PutOptions.ifMatch(first).with(Map.of("n", "2")));
        assertFails(Kind.PRECONDITION_FAILED, () -> store.put("one", body("x"), PutOptions.ifMatch(first)));
        assertEquals("second", text("one"));
        assertEquals(Map.of("n", "2"), store.head("one").metadata());
        store.put("one", body("third"), PutOptions.ifMatch(second));
        store.delete("one");
        assertFails(Kind.PRECONDITION_FAILED, () -> store.put("one", body("x"), PutOptions.ifMatch(second)));
        assertFails(Kind.NOT_FOUND, () -> store.head("one"));
    }

    @Test
    void saysThatThereIsNoSuchObject() throws IOException {
        put("there/x", "x");
        for (String key : List.of("not", "there", "there/y", "there/x/z", "not/there")) {
            assertFails(Kind.NOT_FOUND, () -> store.head(key));
            assertFails(Kind.NOT_FOUND, () -> store.get(key));
            assertFails(Kind.NOT_FOUND, () -> store.get(key, 0, 1));
            assertFails(Kind.NOT_FOUND, () -> store.get(key, -1, 1));
        }
    }

    @Test
    void readsRanges() throws IOException {
        byte[] bytes = bytes(new Random(1), 100_000);
        store.put("r", ObjectBody.of(bytes), PutOptions.replace());
        long[][] ranges = {
            {0, 1},
            {0, 100_000},
            {0, 100_001},
            {1, 99_999},
            {99_999, 1},
            {99_999, 1000},
            {500, Long.MAX_VALUE},
            {40_000, 7},
            {-1, 1},
            {-10, 10},
            {-10, 4},
            {-10, 100},
            {-100_000, 5},
            {-200_000, 200_000},
            {-200_000, 3}
        };
        for (long[] range : ranges) {
            int from = (int) (range[0] < 0 ? Math.max(0, bytes.length + range[0]) : range[0]);
            int to = (int) Math.min(bytes.length, range[1] > bytes.length ? bytes.length : from + range[1]);
            try (ObjectContent content = store.get("r", range[0], range[1])) {
                assertEquals(from, content.offset(), Arrays.toString(range));
                assertEquals(to - from, content.length(), Arrays.toString(range));
                assertEquals(bytes.length, content.info().size(), Arrays.toString(range));
                assertArrayEquals(Arrays.copyOfRange(bytes, from, to), content.readAll(), Arrays.toString(range));
            }
        }
        assertFails(Kind.RANGE, () -> store.get("r", 100_000, 1));
        assertFails(Kind.RANGE, () -> store.get("r", 100_001, 10));
        assertThrows(IllegalArgumentException.class, () -> store.get("r", 0, 0));
        assertThrows(IllegalArgumentException.class, () -> store.get("r", 5, -1));
        put("empty", "");
        assertFails(Kind.RANGE, () -> store.get("empty", 0, 1));
        try (ObjectContent content = store.get("empty", -10, 10)) {
            assertEquals(0, content.length());
            assertEquals(0, content.readAll().length);
        }
    }

    @Test
    void readsOneVersionToItsEnd() throws IOException {
        put("v", "first");
        try (ObjectContent content = store.get("v")) {
            put("v", "the second, which is longer");
            assertEquals("first", new String(content.readAll(), StandardCharsets.UTF_8));
        }
    }

    @Test
    void deletes() throws IOException {
        put("d/x", "1");
        put("d/y", "2");
        store.delete("d/x");
        store.delete("d/x");
        store.delete("never/was");
        assertFails(Kind.NOT_FOUND, () -> store.head("d/x"));
        assertEquals(List.of("d/y"), keys("", ""));
        store.deleteAll(List.of());
        store.deleteAll(List.of("d/y", "d/z"));
        assertEquals(List.of(), keys("", ""));
        assertEquals(List.of(), store.children(""));
        // Its directory is gone, and comes again.
        put("d/x", "3");
        assertEquals("3", text("d/x"));
    }

    @Test
    void keepsAnyName() throws IOException {
        NavigableSet<String> keys = new TreeSet<>(ObjectKeys.ORDER);
        for (String name : NAMES) {
            for (String key : List.of("names/" + name, "dirs/" + name + "/x")) {
                store.put(key, body(key), PutOptions.create().with(Map.of("k", "v")));
                keys.add(key);
            }
        }
        for (String key : keys) {
            assertEquals(key, text(key));
            assertEquals(key, store.head(key).key());
            assertTrue(store.describe(key).contains("/") && !store.describe(key).isBlank(), store.describe(key));
        }
        assertEquals(List.copyOf(keys), keys("", ""));
        for (String name : NAMES) {
            assertEquals(List.of("dirs/" + name + "/x"), keys("dirs/" + name + "/", ""), name);
        }
        NavigableSet<String> names = new TreeSet<>(ObjectKeys.ORDER);
        names.addAll(NAMES);
        assertEquals(List.copyOf(names), store.children("dirs/"));
        store.deleteAll(keys);
        assertEquals(List.of(), keys("", ""));
    }

    @Test
    void refusesWhatIsNoKey() {
        for (String key : List.of(
                "", "/", "/a", "a/", "a//b", ".", "..", "a/..", "a/./b", "../a", "a\u0000b", "\ud83d", "a\udc00b")) {
            assertThrows(IllegalArgumentException.class, () -> store.put(key, body("x"), PutOptions.replace()), key);
            assertThrows(IllegalArgumentException.class, () -> store.get(key), key);
            assertThrows(IllegalArgumentException.class, () -> store.get(key, 0, 1), key);
            assertThrows(IllegalArgumentException.class, () -> store.head(key), key);
            assertThrows(IllegalArgumentException.class, () -> store.delete(key), key);
            assertThrows(IllegalArgumentException.class, () -> store.deleteAll(List.of("good", key)), key);
        }
    }

    @Test
    void listsInTheOrderOfBytes() throws IOException {
        List<String> all = List.of(
                "a",
                "a-b",
                "a.b",
                "b-/x",
                "b/0",
                "b/c/d",
                "b/c0",
                "b0",
                "ltx/0/1",
                "ltx/0/2",
                "ltx/1/1",
                "z",
                "\u00e9",
                "\uffee",
                "\ud83d\ude00");
        List<String> shuffled = new ArrayList<>(all);
        Collections.shuffle(shuffled, new Random(7));
        for (String key : shuffled) {
            put(key, key);
        }
        assertEquals(all, keys("", ""));
        for (ObjectInfo info : store.list("", "").objects()) {
            assertEquals(info.key().getBytes(StandardCharsets.UTF_8).length, info.size(), info.key());
            assertEquals(Map.of(), info.metadata());
            assertTrue(
                    info.etag().isEmpty()
                            || info.etag().equals(store.head(info.key()).etag()),
                    info.key());
            assertEquals(store.head(info.key()).modified(), info.modified(), info.key());
        }
        NavigableSet<String> model = new TreeSet<>(ObjectKeys.ORDER);
        model.addAll(all);
        for (String prefix : List.of(
                "",
                "a",
                "a-",
                "b",
                "b/",
                "b/c",
                "b/c/",
                "ltx/",
                "ltx/0",
                "ltx/0/",
                "x",
                "z/",
                "\u00e9",
                "\ud83d\ude00")) {
            for (String after : List.of(
                    "",
                    "a",
                    "a,",
                    "a/",
                    "a-b",
                    "b",
                    "b/",
                    "b/c",
                    "b/c/",
                    "b/c/d",
                    "b/c/e",
                    "b/c1",
                    "ltx/0/1",
                    "ltx/0/15",
                    "ltx/5",
                    "\uffee",
                    "\ud83d\ude01")) {
                List<String> expected = model.stream()
                        .filter(key -> key.startsWith(prefix) && ObjectKeys.ORDER.compare(key, after) > 0)
                        .toList();
                assertEquals(expected, keys(prefix, after), "prefix '" + prefix + "', after '" + after + "'");
            }
        }
        assertEquals(
                List.of("b", "b-", "ltx"), store.children("").stream().sorted().toList());
        assertEquals(List.of("c"), store.children("b/"));
        assertEquals(List.of("0", "1"), store.children("ltx/"));
        assertEquals(List.of(), store.children("z/"));
        assertEquals(List.of(), store.children("nothing/"));
    }

    @Test
    void listsManyInPages() throws Exception {
        int count = 1050;
        List<String> expected = new ArrayList<>();
        List<Callable<Void>> puts = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            String key = String.format("many/%04d", i);
            expected.add(key);
            puts.add(() -> {
                put(key, "x");
                return null;
            });
        }
        inThreads(8, puts);
        ListPage first = store.list("many/", "");
        assertTrue(first.more());
        assertTrue(first.objects().size() < count);
        assertEquals(expected, keys("many/", ""));
        assertEquals(expected.subList(1040, count), keys("many/", "many/1039"));
        store.deleteAll(expected);
        assertEquals(List.of(), keys("", ""));
    }

    @Test
    void letsOneOfManyCreate() throws Exception {
        for (int round = 0; round < raceRounds(); round++) {
            String key = "race/" + round;
            List<Callable<Boolean>> racers = new ArrayList<>();
            for (int racer = 0; racer < 8; racer++) {
                String text = "racer " + racer;
                racers.add(() -> isDone(
                        () -> store.put(key, body(text), PutOptions.create().with(Map.of("by", text)))));
            }
            List<Boolean> won = inThreads(8, racers);
            assertEquals(1, won.stream().filter(w -> w).count(), key);
            assertEquals("racer " + won.indexOf(true), text(key));
            assertEquals(Map.of("by", text(key)), store.head(key).metadata());
        }
    }

    @Test
    void losesNoCompareAndSwap() throws Exception {
        put("counter", "0 of nobody");
        int threads = 6;
        int each = raceRounds();
        List<Callable<Void>> counters = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            // With the name in it nobody can take another's put for his own.
            String name = " of " + i;
            counters.add(() -> {
                for (int done = 0; done < each; ) {
                    try (ObjectContent content = store.get("counter")) {
                        String value = new String(content.readAll(), StandardCharsets.UTF_8);
                        String next = Long.parseLong(value.substring(0, value.indexOf(' '))) + 1 + name;
                        PutOptions options = PutOptions.ifMatch(content.info().etag());
                        if (isDone(() -> store.put("counter", body(next), options))) {
                            done++;
                        }
                    } catch (StoreException e) {
                        if (!isReplaced(e)) {
                            throw e;
                        }
                    }
                }
                return null;
            });
        }
        inThreads(threads, counters);
        // A put that failed with its outcome unknown may have been there for a moment.
        int counted = Integer.parseInt(text("counter").split(" ")[0]);
        int unknown = unknownOutcomes.get();
        assertTrue(
                counted >= threads * each && counted <= threads * each + unknown,
                counted + " of " + threads * each + " and " + unknown + " unknown");
    }

    @Test
    void seesWholeObjectsWhileTheyAreReplaced() throws Exception {
        // One content has one length, letter and metadata: nothing may be seen mixed.
        int writes = 3 * raceRounds();
        replace("mixed", 0);
        Callable<Void> writer = () -> {
            for (int i = 1; i <= writes; i++) {
                replace("mixed", i);
            }
            return null;
        };
        Callable<Void> reader = () -> {
            for (int i = 0; i < writes; i++) {
                try (ObjectContent content = store.get("mixed")) {
                    byte[] bytes = content.readAll();
                    assertEquals(content.info().size(), bytes.length);
                    String letter = content.info().metadata().get("letter");
                    for (byte b : bytes) {
                        assertEquals(letter.charAt(0), b);
                    }
                } catch (StoreException e) {
                    if (!isReplaced(e)) {
                        throw e;
                    }
                }
            }
            return null;
        };
        inThreads(4, List.of(writer, reader, reader, reader));
    }

    /** Whether a read failed because the version it was reading is gone, in a store that can do so. */
    boolean isReplaced(StoreException e) {
        return false;
    }

    @Test
    void showsMetadataAsSoonAsTheObject() throws Exception {
        int objects = 3 * raceRounds();
        AtomicBoolean done = new AtomicBoolean();
        Callable<Void> writer = () -> {
            try {
                for (int i = 0; i < objects; i++) {
                    store.put("new/" + i, body("x"), PutOptions.create().with(Map.of("n", "" + i)));
                }
            } finally {
                done.set(true);
            }
            return null;
        };
        Callable<Void> reader = () -> {
            for (int i = 0; i < objects; i++) {
                ObjectInfo info = null;
                while (info == null) {
                    boolean last = done.get();
                    try {
                        info = store.head("new/" + i);
                    } catch (StoreException e) {
                        assertEquals(Kind.NOT_FOUND, e.kind(), e.toString());
                        assertFalse(last, "never came: " + i);
                    }
                }
                assertEquals(Map.of("n", "" + i), info.metadata());
            }
            return null;
        };
        inThreads(3, List.of(writer, reader, reader));
    }

    private void replace(String key, int i) throws IOException {
        char letter = (char) ('a' + i % 26);
        // Half of them have the same length as the one before.
        byte[] bytes = new byte[(i / 2 % 3) * 60_000 + 10];
        Arrays.fill(bytes, (byte) letter);
        store.put(key, ObjectBody.of(bytes), PutOptions.replace().with(Map.of("letter", "" + letter)));
    }

    @Test
    void storesNothingWhenTheSourceFails() throws IOException {
        put("s", "before");
        ObjectBody shorter = source(10, () -> new ByteArrayInputStream(new byte[7]));
        ObjectBody broken = source(10, () -> {
            throw new IOException("the source is gone");
        });
        ObjectBody breaking = source(100_000, () -> new InputStream() {
            private int left = 50_000;

            @Override
            public int read() throws IOException {
                if (left-- <= 0) {
                    throw new IOException("the source broke");
                }
                return 0;
            }
        });
        ObjectBody longer = source(10, () -> new ByteArrayInputStream(new byte[11]));
        for (ObjectBody body : List.of(shorter, longer, broken, breaking)) {
            StoreException e = assertThrows(StoreException.class, () -> store.put("s", body, PutOptions.replace()));
            assertFalse(e.mayPass() && !e.outcomeUnknown(), "trying again is of no use: " + e);
            assertThrows(StoreException.class, () -> store.put("s2", body, PutOptions.create()));
        }
        assertEquals("before", text("s"));
        assertFails(Kind.NOT_FOUND, () -> store.head("s2"));
    }

    // ------------------------------------------------------------------------------------------------ tools

    private interface Opener {
        InputStream open() throws IOException;
    }

    private static ObjectBody source(long size, Opener opener) {
        return new ObjectBody() {
            @Override
            public long size() {
                return size;
            }

            @Override
            public InputStream open() throws IOException {
                return opener.open();
            }
        };
    }

    /** Puts text. */
    protected final String put(String key, String text) throws StoreException {
        return store.put(key, body(text), PutOptions.replace());
    }

    /** A text to put. */
    protected static ObjectBody body(String text) {
        return ObjectBody.of(text.getBytes(StandardCharsets.UTF_8));
    }

    /** An object's text. */
    protected final String text(String key) throws IOException {
        try (ObjectContent content = store.get(key)) {
            return new String(content.readAll(), StandardCharsets.UTF_8);
        }
    }

    /** All keys of a list, page by page. */
    protected final List<String> keys(String prefix, String startAfter) throws StoreException {
        List<String> keys = new ArrayList<>();
        String after = startAfter;
        while (true) {
            ListPage page = store.list(prefix, after);
            page.objects().forEach(object -> keys.add(object.key()));
            if (!page.more()) {
                return keys;
            }
            assertFalse(page.objects().isEmpty(), "a page with more to come is not empty");
            after = keys.get(keys.size() - 1);
        }
    }

    /** Asserts that a call fails that way. */
    protected static StoreException assertFails(Kind kind, Executable call) {
        StoreException e = assertThrows(StoreException.class, call);
        assertEquals(kind, e.kind(), e.toString());
        return e;
    }

    /** Whether a conditional put was the one that won; one that met another at work is tried again. */
    protected final boolean isDone(Callable<String> put) throws Exception {
        while (true) {
            try {
                put.call();
                return true;
            } catch (StoreException e) {
                if (e.kind() == Kind.PRECONDITION_FAILED) {
                    unknownOutcomes.addAndGet(e.outcomeUnknown() ? 1 : 0);
                    return false;
                }
                if (e.kind() != Kind.CONFLICT) {
                    throw e;
                }
            }
        }
    }

    /** Runs calls at the same time. */
    protected static <T> List<T> inThreads(int threads, List<Callable<T>> calls) throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        try {
            List<T> results = new ArrayList<>();
            for (Future<T> future : pool.invokeAll(calls)) {
                results.add(future.get());
            }
            return results;
        } finally {
            pool.shutdownNow();
        }
    }

    private static byte[] bytes(Random random, int size) {
        byte[] bytes = new byte[size];
        random.nextBytes(bytes);
        return bytes;
    }
}
