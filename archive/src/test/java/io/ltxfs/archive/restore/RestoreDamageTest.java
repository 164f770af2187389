package io.ltxfs.archive.restore;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.archive.ArchiveException;
import io.ltxfs.archive.ArchiveException.Kind;
import io.ltxfs.archive.plan.Moments;
import io.ltxfs.archive.plan.RestoreTarget;
import io.ltxfs.ltx.LtxHeader;
import io.ltxfs.ltx.LtxWriter;
import io.ltxfs.objectstore.MemoryStore;
import io.ltxfs.objectstore.ObjectBody;
import io.ltxfs.objectstore.ObjectContent;
import io.ltxfs.objectstore.ObjectInfo;
import io.ltxfs.objectstore.PutOptions;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Damage of every kind: the right database, or an error that names the object; never a wrong one. */
final class RestoreDamageTest {
    @TempDir
    Path dir;

    static IntStream seeds() {
        return IntStream.range(0, 40);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void damageIsFoundOrDoesNoHarm(int seed) throws IOException {
        Random random = new Random(seed);
        boolean ours = seed % 2 == 0;
        PageHistory history = new PageHistory(random, 512, ours);
        history.commits(15, 40);
        MemoryStore store = new MemoryStore();
        history.putAll(store);
        List<ObjectInfo> objects = store.list("", "").objects();
        ObjectInfo victim = objects.get(random.nextInt(objects.size()));
        byte[] bytes = read(store, victim.key());
        byte[] damaged = damage(random, store, objects, bytes);
        store.put(victim.key(), ObjectBody.of(damaged), as(store, victim.key()));
        Path out = dir.resolve("out.db");
        int named = 0;
        int right = 0;
        try (Restorer restorer = new Restorer(RestoreModelTest.settings(random, 512))) {
            for (int txid = 1; txid <= history.last(); txid++) {
                Files.deleteIfExists(out);
                try {
                    restorer.restore(
                            PageHistory.in(store),
                            new RestoreTarget.AtTxid(txid),
                            false,
                            out,
                            false,
                            RestoreListener.NONE);
                    assertArrayEquals(history.file(txid), Files.readAllBytes(out), "transaction " + txid);
                    right++;
                } catch (ArchiveException e) {
                    assertFalse(Files.exists(out));
                    if (e.kind() != Kind.NOT_FOUND || ours) {
                        assertTrue(
                                String.valueOf(e.getMessage()).contains(victim.key()),
                                "seed " + seed + ", transaction " + txid + ", damage of " + victim.key() + ": "
                                        + e.getMessage());
                        named++;
                    }
                }
                try (var files = Files.list(dir)) {
                    assertEquals(Files.exists(out) ? 1 : 0, files.count());
                }
            }
            // What is said to be left can be had.
            for (Moments.Range range : Moments.of(PageHistory.in(store), false, Set.of(victim.key()))
                    .ranges()) {
                Files.deleteIfExists(out);
                restorer.restore(
                        PageHistory.in(store),
                        new RestoreTarget.AtTxid(range.lastTxid()),
                        false,
                        out,
                        false,
                        RestoreListener.NONE);
                assertArrayEquals(history.file((int) range.lastTxid()), Files.readAllBytes(out));
            }
        }
        assertTrue(named + right > 0);
    }

    private static byte[] damage(Random random, MemoryStore store, List<ObjectInfo> objects, byte[] bytes)
            throws IOException {
        switch (random.nextInt(4)) {
            case 0:
                return Arrays.copyOf(bytes, random.nextInt(bytes.length));
            case 1:
                return read(store, objects.get(random.nextInt(objects.size())).key());
            case 2: {
                byte[] damaged = bytes.clone();
                int from = random.nextInt(bytes.length);
                int to = Math.min(bytes.length, from + 1 + random.nextInt(600));
                Arrays.fill(damaged, from, to, (byte) 0);
                return damaged;
            }
            default: {
                byte[] damaged = bytes.clone();
                damaged[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
                return damaged;
            }
        }
    }

    /** A whole object with a right file checksum, of another history. */
    @Test
    void anObjectOfAnotherHistoryIsFound() throws IOException {
        PageHistory history = new PageHistory(new Random(1), 512, true);
        history.commits(6, 40);
        PageHistory other = new PageHistory(new Random(2), 512, true);
        other.commits(6, 40);
        MemoryStore store = new MemoryStore();
        MemoryStore foreign = new MemoryStore();
        for (int txid = 1; txid <= 6; txid++) {
            history.put(store, 0, txid, txid);
            other.put(foreign, 0, txid, txid);
        }
        String key = PageHistory.in(store).key(0, 3, 3);
        store.put(key, ObjectBody.of(read(foreign, key)), as(store, key));
        try (Restorer restorer = new Restorer(RestoreModelTest.settings(new Random(1), 512))) {
            List<String> failures = new ArrayList<>();
            for (int txid = 3; txid <= 6; txid++) {
                try {
                    restorer.restore(
                            PageHistory.in(store),
                            new RestoreTarget.AtTxid(txid),
                            false,
                            dir.resolve("out.db"),
                            true,
                            RestoreListener.NONE);
                    // A later transaction may have written all pages again.
                    assertArrayEquals(history.file(txid), Files.readAllBytes(dir.resolve("out.db")));
                } catch (ArchiveException e) {
                    assertEquals(Kind.DAMAGED, e.kind());
                    failures.add(e.getMessage());
                }
            }
            assertFalse(failures.isEmpty());
        }
    }

    /** A page was cut off, and is there again in no object: its old content must not come back. */
    @Test
    void whatWasCutOffDoesNotComeBack() throws IOException {
        MemoryStore store = new MemoryStore();
        put(store, 1, 10, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
        put(store, 2, 5, 1);
        put(store, 3, 8, 6, 8);
        Path out = dir.resolve("out.db");
        try (Restorer restorer = new Restorer(RestoreModelTest.settings(new Random(1), 512))) {
            ArchiveException refusal = assertThrows(
                    ArchiveException.class,
                    () -> restorer.restore(
                            PageHistory.in(store), new RestoreTarget.End(), false, out, false, RestoreListener.NONE));
            assertTrue(refusal.getMessage().contains("page 7"), refusal.getMessage());
            restorer.restore(
                    PageHistory.in(store), new RestoreTarget.AtTxid(2), false, out, false, RestoreListener.NONE);
            assertEquals(5 * 512, Files.size(out));
        }
    }

    private static void put(MemoryStore store, int txid, int commit, int... pgnos) throws IOException {
        LtxHeader header =
                txid == 1 ? LtxHeader.snapshot(512, commit, txid, 1) : LtxHeader.delta(512, commit, txid, txid, 1, 0);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        LtxWriter writer = new LtxWriter(bytes, header.withoutChecksums().withWal(32, 0, 0, 0));
        for (int pgno : pgnos) {
            writer.writePage(pgno, new byte[512], 0);
        }
        writer.finish(0);
        store.put(PageHistory.in(store).key(0, txid, txid), ObjectBody.of(bytes.toByteArray()), PutOptions.create());
    }

    private static byte[] read(MemoryStore store, String key) throws IOException {
        try (ObjectContent content = store.get(key)) {
            return content.readAll();
        }
    }

    private static PutOptions as(MemoryStore store, String key) throws IOException {
        ObjectInfo info = store.head(key);
        return PutOptions.replace().with(info.metadata()).modifiedAt(info.modified());
    }
}
