package io.ltxfs.objectstore.directory;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ltxfs.objectstore.ListPage;
import io.ltxfs.objectstore.ObjectBody;
import io.ltxfs.objectstore.ObjectContent;
import io.ltxfs.objectstore.ObjectInfo;
import io.ltxfs.objectstore.PutOptions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Processes that are killed in the middle of writing, and processes that race. */
final class DirectoryStoreCrashTest {
    private static final int KILLS = Integer.getInteger("kills", 8);
    private static final Duration TIMEOUT = Duration.ofMinutes(2);

    @TempDir
    private Path directory;

    /** What must be there: the number of the content; 0 for nothing. */
    private final Map<String, Long> expected = new HashMap<>();

    @Test
    void keepsWhatWasPutWhenAProcessIsKilled() throws Exception {
        long seed = Long.getLong("seed", System.nanoTime());
        Random random = new Random(seed);
        for (int round = 1; round <= KILLS; round++) {
            String what = "seed " + seed + ", round " + round;
            List<Worker> workers = new ArrayList<>();
            for (String name : List.of("a", "b")) {
                workers.add(new Worker("write", directory, name, round * 2L + (name.equals("a") ? 0 : 1)));
            }
            try {
                int enough = 5 + random.nextInt(40);
                for (Worker worker : workers) {
                    await().atMost(TIMEOUT).until(() -> worker.lines().size() > enough);
                }
                Thread.sleep(0, random.nextInt(1_000_000));
            } finally {
                for (Worker worker : workers) {
                    worker.kill();
                }
            }
            try (DirectoryStore store = new DirectoryStore(directory)) {
                for (Worker worker : workers) {
                    learn(store, worker.lines(), what);
                }
                verify(store, what);
            }
        }
        leavesNothingBehind();
    }

    /** Kills a process before each system call that changes the disk, one after the other, until none is left. */
    @Test
    @Tag("long")
    void keepsWhatWasPutWhenAProcessIsKilledAtAnyStep() throws Exception {
        assumeTrue(Files.exists(Path.of("/usr/bin/strace")), "needs strace");
        int kills = 0;
        for (String call : List.of("rename", "unlink", "fsync", "rmdir", "mkdir")) {
            boolean killed = true;
            for (int nth = 1; killed; nth++) {
                String step = call + " " + nth;
                String inject = "inject=" + call + ":signal=SIGKILL:when=" + nth;
                List<String> strace = List.of("strace", "-f", "-qq", "-o", "/dev/null", "-e", inject);
                Worker worker = new Worker(strace, "steps", directory, "a", 21L * nth);
                killed = worker.await() != 0;
                kills += killed ? 1 : 0;
                try (DirectoryStore store = new DirectoryStore(directory)) {
                    learn(store, worker.lines(), step);
                    verify(store, step);
                    // The next one begins with nothing, or with what is left.
                    if (nth % 3 != 0) {
                        store.delete("a/0/0");
                        expected.clear();
                    }
                }
            }
        }
        System.out.println("killed at each of " + kills + " steps");
        assertTrue(kills > 60, "killed at " + kills + " steps only");
    }

    /** Takes over what a worker has done; of the last thing either the old or the new state must be there. */
    private void learn(DirectoryStore store, List<String> lines, String what) throws IOException {
        String[] begun = null;
        for (String line : lines) {
            if (line.startsWith("begin")) {
                begun = line.split(" ");
            } else {
                assertEquals("end", line, what);
                expected.put(begun[2], Long.parseLong(begun[3]));
                begun = null;
            }
        }
        if (begun != null) {
            long before = expected.getOrDefault(begun[2], 0L);
            long after = Long.parseLong(begun[3]);
            long there = numberOf(store, begun[2]);
            assertTrue(
                    there == before || there == after,
                    what + ": " + begun[2] + " holds " + there + ", was " + before + " and was to be " + after);
            expected.put(begun[2], there);
        }
    }

    private static long numberOf(DirectoryStore store, String key) throws IOException {
        if (store.list(key, "").objects().isEmpty()) {
            return 0;
        }
        try (ObjectContent content = store.get(key)) {
            String text = new String(content.readAll(), StandardCharsets.US_ASCII);
            int at = text.indexOf("number ");
            return Long.parseLong(text.substring(at + "number ".length(), text.indexOf('\n', at)));
        }
    }

    /** Every object is there, whole, with what was put with it; and no other. */
    private void verify(DirectoryStore store, String what) throws IOException {
        Map<String, Long> there = new HashMap<>();
        ListPage page = store.list("", "");
        assertFalse(page.more());
        for (ObjectInfo listed : page.objects()) {
            long n = numberOf(store, listed.key());
            there.put(listed.key(), n);
            String object = what + ": " + listed.key() + " " + n;
            byte[] bytes = StoreWorker.content(n).open().readAllBytes();
            PutOptions put = StoreWorker.options(n);
            try (ObjectContent content = store.get(listed.key())) {
                assertArrayEquals(bytes, content.readAll(), object);
                assertEquals(put.metadata(), content.info().metadata(), object);
                assertEquals(put.modified().get(), content.info().modified(), object);
                assertEquals(put.modified().get(), listed.modified(), object);
                assertEquals(content.info().etag(), listed.etag(), object);
                assertEquals(
                        put.modified().get(),
                        Files.getLastModifiedTime(directory.resolve(listed.key()))
                                .toInstant(),
                        object);
            }
        }
        Map<String, Long> mustBe = new HashMap<>(expected);
        mustBe.values().removeIf(n -> n == 0);
        assertEquals(mustBe, there, what);
    }

    /** Writing once in each directory removes what is left over there. */
    private void leavesNothingBehind() throws IOException {
        try (DirectoryStore store = new DirectoryStore(directory)) {
            for (String name : List.of("a", "b")) {
                for (int i = 0; i < 3; i++) {
                    String key = name + "/" + i + "/last";
                    store.put(
                            key, ObjectBody.of(new byte[1]), PutOptions.create().with(Map.of("k", "v")));
                }
            }
            List<String> hidden;
            try (Stream<Path> files = Files.walk(directory)) {
                hidden = files.filter(Files::isRegularFile)
                        .filter(file -> file.getParent().endsWith(Place.HIDDEN))
                        .filter(file -> !file.endsWith("lock"))
                        .map(file -> directory.relativize(file).toString())
                        .toList();
            }
            for (String file : hidden) {
                assertTrue(file.matches(".*/m-[0-7a-z]+"), "left over: " + file);
                assertTrue(
                        Files.exists(directory.resolve(file.replace(Place.HIDDEN + "/m-", ""))), "left over: " + file);
            }
            assertFalse(hidden.isEmpty());
        }
    }

    @Test
    void letsOneProcessWinEachRace() throws Exception {
        int rounds = 40;
        List<Worker> workers = new ArrayList<>();
        try (DirectoryStore store = new DirectoryStore(directory)) {
            store.put("counter", ObjectBody.of("0 nobody".getBytes(StandardCharsets.US_ASCII)), PutOptions.create());
            for (int i = 0; i < 4; i++) {
                workers.add(new Worker("race", directory, "worker" + i, rounds));
            }
            // One of them dies in the middle; the others must not notice.
            Worker victim = workers.get(3);
            await().atMost(TIMEOUT).until(() -> victim.lines().size() > 20);
            victim.kill();
            for (Worker worker : workers.subList(0, 3)) {
                assertEquals(0, worker.await());
            }
            Map<String, List<String>> winners = new HashMap<>();
            int counted = 0;
            int counting = 0;
            for (int i = 0; i < 4; i++) {
                for (String line : workers.get(i).lines()) {
                    if (line.startsWith("won")) {
                        winners.computeIfAbsent(line.substring(4), round -> new ArrayList<>())
                                .add("worker" + i);
                    }
                    counted += line.equals("counted") ? 1 : 0;
                }
                List<String> lines = workers.get(i).lines();
                counting += lines.get(lines.size() - 1).equals("counting") ? 1 : 0;
            }
            for (int round = 0; round < rounds; round++) {
                String by = store.head("race/" + round).metadata().get("by");
                List<String> said = winners.getOrDefault(Integer.toString(round), List.of("worker3"));
                assertEquals(List.of(by), said, "race " + round);
                assertEquals(by, text(store, "race/" + round));
            }
            int value = Integer.parseInt(text(store, "counter").split(" ")[0]);
            assertTrue(value >= counted && value <= counted + counting, value + ", acknowledged " + counted);
        } finally {
            workers.forEach(Worker::close);
        }
    }

    private static String text(DirectoryStore store, String key) throws IOException {
        try (ObjectContent content = store.get(key)) {
            return new String(content.readAll(), StandardCharsets.US_ASCII);
        }
    }

    @Test
    void losesNothingByCopying() throws Exception {
        Path original = directory.resolve("original");
        Path copy = directory.resolve("copy");
        List<String> keys = new ArrayList<>();
        try (DirectoryStore store = new DirectoryStore(original)) {
            for (long n = 1; n <= 30; n++) {
                String key = "db " + n % 4 + "/ltx/" + n % 3 + "/" + n;
                keys.add(key);
                store.put(key, StoreWorker.content(n), StoreWorker.options(n));
            }
            store.put("plain", ObjectBody.of(new byte[10]), PutOptions.create());
        }
        assertEquals(
                0,
                new ProcessBuilder("cp", "-r", original.toString(), copy.toString())
                        .inheritIO()
                        .start()
                        .waitFor());
        try (DirectoryStore before = new DirectoryStore(original);
                DirectoryStore after = new DirectoryStore(copy)) {
            assertEquals(before.list("db", ""), after.list("db", ""));
            for (String key : keys) {
                assertEquals(before.head(key), after.head(key));
            }
            assertEquals(before.head("plain").etag(), after.head("plain").etag());
            // It goes on being a store.
            String key = keys.get(5);
            after.put(
                    key,
                    ObjectBody.of(new byte[3]),
                    PutOptions.ifMatch(before.head(key).etag()));
            assertEquals(3, after.head(key).size());
            after.deleteAll(keys);
            assertEquals(
                    List.of("plain"),
                    after.list("", "").objects().stream().map(ObjectInfo::key).toList());
        }
    }
}
