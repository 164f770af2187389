package io.ltxfs.archive.restore;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.archive.plan.RestoreTarget;
import io.ltxfs.objectstore.MemoryStore;
import io.ltxfs.objectstore.ObjectStore;
import io.ltxfs.objectstore.StoreException;
import io.ltxfs.objectstore.StoreException.Kind;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Restores that are disturbed: by a bad connection, a kill, retention, and what is in the way. */
final class RestoreFaultsTest {
    private static final int PAGE_SIZE = 1024;

    @TempDir
    Path dir;

    private Path out;
    private WatchedStore store;

    @BeforeEach
    void begin() {
        out = dir.resolve("out.db");
        store = new WatchedStore(new MemoryStore());
    }

    private RestoreResult restore(PageHistory history, RestoreTarget target) throws IOException {
        RestoreSettings settings = new RestoreSettings(3, new PagePicker.Cut(8 * PAGE_SIZE, 512), 4 * PAGE_SIZE);
        try (Restorer restorer = new Restorer(settings)) {
            return restorer.restore(PageHistory.in(store), target, false, out, false, RestoreListener.NONE);
        }
    }

    /** A base of many pages and some transactions. */
    private PageHistory history(long seed, boolean ours) throws IOException {
        PageHistory history = new PageHistory(new Random(seed), PAGE_SIZE, ours);
        history.commit(4000, 0);
        for (int pages : new int[] {4000, 4010, 3900, 3950, 3950, 4100}) {
            history.commit(pages, 5);
        }
        history.put(store, 0, 1, 1);
        for (int txid = 2; txid <= history.last(); txid++) {
            history.put(store, 0, txid, txid);
        }
        return history;
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void aBadConnectionIsBorne(long seed) throws IOException {
        PageHistory history = history(seed, seed != 2);
        Random random = new Random(seed);
        AtomicInteger faults = new AtomicInteger();
        store.watch((key, offset, length) -> {
            synchronized (random) {
                int kind = random.nextInt(60);
                if (kind == 0) {
                    faults.incrementAndGet();
                    throw new StoreException(Kind.UNAVAILABLE, "slow down");
                }
                if (kind == 1) {
                    faults.incrementAndGet();
                    return random.nextInt((int) length);
                }
                return -1;
            }
        });
        restore(history, new RestoreTarget.End());
        assertArrayEquals(history.file(history.last()), Files.readAllBytes(out));
        assertTrue(faults.get() > 0);
    }

    @Test
    void aRestoreWhoseThreadsGoFails() throws IOException {
        PageHistory history = history(4, true);
        RestoreSettings settings = new RestoreSettings(3, new PagePicker.Cut(8 * PAGE_SIZE, 512), 4 * PAGE_SIZE);
        Restorer restorer = new Restorer(settings);
        Thread closing = new Thread(restorer::close);
        AtomicInteger requests = new AtomicInteger();
        store.watch((key, offset, length) -> {
            if (requests.incrementAndGet() == 60) {
                closing.start();
            }
            return -1;
        });
        assertTimeoutPreemptively(
                Duration.ofSeconds(60),
                () -> assertThrows(
                        RejectedExecutionException.class,
                        () -> restorer.restore(
                                PageHistory.in(store),
                                new RestoreTarget.End(),
                                false,
                                out,
                                false,
                                RestoreListener.NONE)));
    }

    /** What a kill leaves is what is on the disk at some moment: the ledger first, since it is written last. */
    @ParameterizedTest
    @CsvSource({"1, true", "2, true", "3, true", "1, false", "2, false", "3, false"})
    void aKilledRestoreGoesOn(long seed, boolean ours) throws IOException {
        PageHistory history = history(seed, ours);
        Random random = new Random(seed);
        restore(history, new RestoreTarget.End());
        long all = store.bytes();
        Files.delete(out);

        int kill = 150 + random.nextInt(100);
        AtomicInteger requests = new AtomicInteger();
        Path copy = dir.resolve("copy.db");
        store.watch((key, offset, length) -> {
            if (requests.incrementAndGet() == kill) {
                copyPartial(out, copy);
            }
            return -1;
        });
        restore(history, new RestoreTarget.End());
        store.watch(WatchedStore.NOTHING);
        store.bytes();
        assertTrue(Files.exists(PartialFile.partialOf(copy)), "killed after " + kill + " of " + requests);
        Files.delete(out);

        out = copy;
        RestoreResult result = restore(history, new RestoreTarget.End());
        assertArrayEquals(history.file(history.last()), Files.readAllBytes(out));
        assertTrue(result.bytesResumed() > 0);
        long second = store.bytes();
        assertTrue(second < all * 7 / 10, second + " of " + all);
    }

    private static void copyPartial(Path from, Path to) {
        try {
            Path ledger = from.resolveSibling(from.getFileName() + ".ltxfs-partial-state");
            if (Files.exists(ledger)) {
                Files.copy(ledger, to.resolveSibling(to.getFileName() + ".ltxfs-partial-state"));
            }
            Files.copy(PartialFile.partialOf(from), PartialFile.partialOf(to), StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private long fetchHalf(PageHistory history, RestoreTarget target) throws IOException {
        AtomicInteger left = new AtomicInteger(220);
        store.watch((key, offset, length) -> {
            if (left.decrementAndGet() < 0) {
                throw new StoreException(Kind.CREDENTIALS, "the credentials have expired");
            }
            return -1;
        });
        assertThrows(StoreException.class, () -> restore(history, target));
        store.watch(WatchedStore.NOTHING);
        assertFalse(Files.exists(out));
        return store.bytes();
    }

    /** The database went on between the two: what has not changed since is kept. */
    @Test
    void aRestoreGoesOnToALaterEnd() throws IOException {
        PageHistory history = history(5, true);
        long first = fetchHalf(history, new RestoreTarget.End());
        history.commit(3800, 40);
        history.commit(4200, 40);
        history.put(store, 0, history.last() - 1, history.last());
        RestoreResult result = restore(history, new RestoreTarget.End());
        assertEquals(history.last(), result.txid());
        assertArrayEquals(history.file(history.last()), Files.readAllBytes(out));
        long second = store.bytes();
        assertTrue(result.bytesResumed() > 0 && first > 0);
        assertTrue(second < 4200L * PAGE_SIZE * 6 / 10, first + ", " + second);
    }

    /** To an earlier transaction nothing can be kept. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aRestoreToAnotherTransactionBeginsAnew(boolean ours) throws IOException {
        PageHistory history = history(6, ours);
        fetchHalf(history, new RestoreTarget.End());
        RestoreResult result = restore(history, new RestoreTarget.AtTxid(2));
        assertEquals(0, result.bytesResumed());
        assertArrayEquals(history.file(2), Files.readAllBytes(out));
    }

    /** A disk that lost what was synced, or a person who wrote into the file. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aChangedPartialFileDoesNoHarm(boolean ours) throws IOException {
        PageHistory history = history(7, ours);
        fetchHalf(history, new RestoreTarget.End());
        Path partial = PartialFile.partialOf(out);
        byte[] bytes = Files.readAllBytes(partial);
        for (int at = 5; at < bytes.length; at += 10 * PAGE_SIZE) {
            bytes[at] ^= 1;
        }
        Files.write(partial, bytes);
        restore(history, new RestoreTarget.End());
        assertArrayEquals(history.file(history.last()), Files.readAllBytes(out));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 7, 20, 60, 1000})
    void aDamagedLedgerDoesNoHarm(int at) throws IOException {
        PageHistory history = history(8, true);
        fetchHalf(history, new RestoreTarget.End());
        Path ledger = dir.resolve("out.db.ltxfs-partial-state");
        byte[] bytes = Files.readAllBytes(ledger);
        bytes[Math.min(at, bytes.length - 1)] ^= 0x40;
        Files.write(ledger, bytes);
        restore(history, new RestoreTarget.End());
        assertArrayEquals(history.file(history.last()), Files.readAllBytes(out));
    }

    /** Retention deletes an object of the plan when a part of it was read; a higher level has what it had. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void whatIsGoneIsPlannedAnew(boolean ours) throws IOException {
        PageHistory history = history(9, ours);
        String base = PageHistory.in(store).key(0, 1, 1);
        AtomicInteger reads = new AtomicInteger();
        store.watch((key, offset, length) -> {
            if (key.equals(base) && reads.incrementAndGet() == 60) {
                try {
                    history.put(store, 1, 1, 4);
                } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
                for (int txid = 1; txid <= 4; txid++) {
                    store.delete(PageHistory.in(store).key(0, txid, txid));
                }
            }
            return -1;
        });
        RestoreResult result = restore(history, new RestoreTarget.End());
        assertArrayEquals(history.file(history.last()), Files.readAllBytes(out));
        assertEquals(history.last(), result.txid());
        assertEquals(ours, result.bytesResumed() > 0);
        try (var files = Files.list(dir)) {
            assertEquals(List.of(out), files.toList());
        }
    }

    @Test
    void whatIsInTheWayIsNotTouched() throws IOException {
        PageHistory history = history(10, true);
        Files.writeString(out, "mine");
        assertThrows(FileAlreadyExistsException.class, () -> restore(history, new RestoreTarget.End()));
        assertEquals("mine", Files.readString(out));
        Files.delete(out);
        Path wal = dir.resolve("out.db-wal");
        Files.writeString(wal, "frames");
        assertThrows(FileAlreadyExistsException.class, () -> restore(history, new RestoreTarget.End()));
        assertFalse(Files.exists(out));
        Files.writeString(wal, "");
        restore(history, new RestoreTarget.End());
        assertTrue(Files.exists(out));
    }

    @Test
    void twoRestoresToOneFileExcludeEachOther() throws IOException {
        PageHistory history = history(11, true);
        try (PartialFile other = PartialFile.open(out)) {
            IOException refusal =
                    assertThrows(FileAlreadyExistsException.class, () -> restore(history, new RestoreTarget.End()));
            assertTrue(refusal.getMessage().contains("another restore"), refusal.getMessage());
            assertEquals(0, other.size());
        }
        restore(history, new RestoreTarget.End());
    }

    @Test
    void aStoreThatIsAwayFailsAndLeavesNothingUnderTheName() throws IOException {
        PageHistory history = history(12, true);
        ObjectStore away = new MemoryStore();
        store = new WatchedStore(away);
        assertThrows(io.ltxfs.archive.ArchiveException.class, () -> restore(history, new RestoreTarget.End()));
        try (var files = Files.list(dir)) {
            assertEquals(0, files.count());
        }
    }
}
