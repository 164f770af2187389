package io.ltxfs.database.sim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.database.Completion;
import io.ltxfs.database.Database;
import io.ltxfs.database.DatabaseSet;
import io.ltxfs.database.DatabaseSetOptions;
import io.ltxfs.database.Handle;
import io.ltxfs.database.disk.Errno;
import io.ltxfs.database.log.LogOptions;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What is left when a drop, a rename or a commit ends between two of its steps: all of it or nothing. */
class UnfinishedTest {
    private static final DatabaseSetOptions OPTIONS = new DatabaseSetOptions(
            new LogOptions(24 << 10, 64 << 20, true, false), name -> false, 1 << 20, () -> 1_000_000);

    private final Random random = new Random(8);
    private final SimHost host = new SimHost();
    private final SimDisk disk = new SimDisk(4);
    private final byte[] content = Bench.image(3, random);
    private DatabaseSet set;
    private Database database;

    @BeforeEach
    void open() throws IOException {
        Quiet.please();
        set = DatabaseSet.open(disk, OPTIONS, host);
        Bench.stage(disk, "staging/1", content);
        database = set.install("staging/1", Bench.position("a.db", 9, 500, content));
    }

    // ---- drop

    @Test
    void aTransactionGoesOnWhenTheDropOfItsDatabaseIsRefused() throws IOException {
        byte[] after = Bench.changed(content, random);
        Transaction transaction = new Transaction(database, host);
        transaction.begin();
        transaction.journal(content, List.of(1, 3));
        transaction.write(0, Arrays.copyOf(after, Bench.PAGE_SIZE));
        host.refuse(Errno.EROFS);
        assertEquals(Errno.EROFS, errno(done -> set.drop(database, done)));
        host.refuse(0);
        transaction.write(2 * Bench.PAGE_SIZE, Arrays.copyOfRange(after, 2 * Bench.PAGE_SIZE, after.length));
        transaction.sync();
        transaction.end();
        assertEquals(10, database.position().txid());
        assertArrayEquals(after, exported("a.db"));
    }

    @Test
    void aWalIsCapturedWhenTheDropOfItsDatabaseIsRefused() {
        WalWriter writer = new WalWriter(database);
        commit(writer, 0);
        host.refuse(Errno.EROFS);
        assertEquals(Errno.EROFS, errno(done -> set.drop(database, done)));
        host.refuse(0);
        commit(writer, 0);
        assertEquals(11, database.position().txid());
    }

    @Test
    void aWalIsCapturedWhenTheDropOfItsDatabaseDoesNotFitInTheLog() {
        WalWriter writer = new WalWriter(database);
        commit(writer, 0);
        disk.faults((kind, path) -> kind == SimDisk.Kind.WRITE && path.startsWith("log/") ? Errno.ENOSPC : 0);
        assertEquals(Errno.ENOSPC, errno(done -> set.drop(database, done)));
        disk.faults((kind, path) -> 0);
        commit(writer, 0);
        assertEquals(11, database.position().txid());
    }

    @Test
    void nothingIsCommittedToADatabaseWhoseDropIsOfUnknownOutcome() throws IOException {
        WalWriter writer = new WalWriter(database);
        commit(writer, 0);
        disk.faults((kind, path) -> kind == SimDisk.Kind.SYNC && path.startsWith("log/") ? Errno.EIO : 0);
        assertEquals(Errno.EIO, errno(done -> set.drop(database, done)));
        assertTrue(set.find("a.db").isPresent());
        commit(writer, Errno.EIO);
        disk.faults((kind, path) -> 0);
        assertEquals(0, errno(done -> set.drop(database, done)));
        assertTrue(set.find("a.db").isEmpty());
        assertEquals(Errno.ENOENT, errno(done -> set.drop(database, done)));
        DatabaseSet again = DatabaseSet.open(disk.powerCut(3), OPTIONS, new SimHost());
        assertTrue(again.find("a.db").isEmpty());
        assertEquals(11, again.droppedAt("a.db"));
    }

    @Test
    void aFileThatIsOpenedWhileItIsRemovedCanBeRead() throws IOException {
        Handle late = new Handle(false, false, 7);
        duringTheSync(() -> database.file().opened(late));
        assertEquals(0, errno(done -> set.drop(database, done)));
        assertFalse(database.file().isGone());
        ByteBuffer page = ByteBuffer.allocate(Bench.PAGE_SIZE);
        assertEquals(Bench.PAGE_SIZE, database.file().read(0, page));
        assertArrayEquals(Arrays.copyOf(content, Bench.PAGE_SIZE), page.array());
        database.file().released(late);
        assertTrue(database.file().isGone());
    }

    // ---- rename

    @Test
    void aDatabaseThatCouldNotBeRenamedGoesOn() throws IOException {
        disk.faults((kind, path) -> kind == SimDisk.Kind.RENAME ? Errno.ENOSPC : 0);
        assertEquals(Errno.ENOSPC, errno(done -> set.rename(database, "b.db", () -> {}, done)));
        disk.faults((kind, path) -> 0);
        byte[] after = Bench.commit(database, host, content, random);
        assertEquals(10, database.position().txid());
        assertArrayEquals(after, exported("a.db"));
        DatabaseSet again = DatabaseSet.open(disk.powerCut(3), OPTIONS, new SimHost());
        assertTrue(again.find("b.db").isEmpty());
        Database there = again.find("a.db").orElseThrow();
        assertEquals(List.of(), there.warnings());
        assertEquals(10, there.position().txid());
    }

    @Test
    void aDatabaseWhoseNewNameCouldNotBeSyncedIsRenamed() throws IOException {
        boolean[] renamed = {false};
        disk.faults((kind, path) -> {
            renamed[0] |= kind == SimDisk.Kind.RENAME;
            return renamed[0] && kind == SimDisk.Kind.SYNC_DIRECTORY ? Errno.EIO : 0;
        });
        assertEquals(0, errno(done -> set.rename(database, "b.db", () -> {}, done)));
        disk.faults((kind, path) -> 0);
        assertTrue(set.find("a.db").isEmpty());
        byte[] after = Bench.commit(set.find("b.db").orElseThrow(), host, content, random);
        assertArrayEquals(after, exported("b.db"));
        DatabaseSet again = DatabaseSet.open(disk.powerCut(3), OPTIONS, new SimHost());
        assertTrue(again.find("a.db").isEmpty());
        assertEquals(2, again.find("b.db").orElseThrow().position().txid());
    }

    @Test
    void handlesGoOnUnderTheNewNameBeforeAnybodyCanWrite() throws IOException {
        List<String> order = new ArrayList<>();
        host.onExclusiveEnd(() -> order.add("unlocked"));
        assertEquals(
                0,
                errno(done -> set.rename(
                        database,
                        "b.db",
                        () -> {
                            assertTrue(set.find("b.db").isPresent());
                            order.add("renamed");
                        },
                        done)));
        assertEquals(List.of("renamed", "unlocked"), order);
    }

    // ---- commits whose record becomes durable while something else happens

    @Test
    void aLeaseThatEndsWhileTheRecordIsSyncedIsNoticed() throws IOException {
        Transaction transaction = unprepared();
        duringTheSync(() -> host.refuse(Errno.EROFS));
        assertEquals(Errno.EROFS, errno(done -> database.unlinkJournal(1, done)));
        assertEquals(9, database.position().txid());
        host.refuse(0);
        rolledBack(transaction);
    }

    @Test
    void whatAnotherProgramWritesWhileTheRecordIsSyncedIsNotTakenForIt() throws IOException {
        Transaction transaction = unprepared();
        byte[] other = new byte[Bench.PAGE_SIZE];
        duringTheSync(() -> assertEquals(
                0,
                errno(done -> database.file()
                        .write(new Handle(true, false, 2), Bench.PAGE_SIZE, ByteBuffer.wrap(other), done))));
        assertEquals(Errno.EIO, errno(done -> database.unlinkJournal(1, done)));
        assertEquals(9, database.position().txid());
        transaction.write(Bench.PAGE_SIZE, Arrays.copyOfRange(content, Bench.PAGE_SIZE, 2 * Bench.PAGE_SIZE));
        rolledBack(transaction);
    }

    /** One that wrote page 1 and has not synced the database. */
    private Transaction unprepared() {
        Transaction transaction = new Transaction(database, host);
        transaction.begin();
        transaction.journal(content, List.of(1));
        transaction.write(0, Arrays.copyOf(Bench.changed(content, random), Bench.PAGE_SIZE));
        return transaction;
    }

    private void rolledBack(Transaction transaction) throws IOException {
        transaction.write(0, Arrays.copyOf(content, Bench.PAGE_SIZE));
        transaction.sync();
        transaction.end();
        assertEquals(9, database.position().txid());
        assertArrayEquals(content, exported("a.db"));
        DatabaseSet again = DatabaseSet.open(disk.powerCut(3), OPTIONS, new SimHost());
        assertEquals(9, again.find("a.db").orElseThrow().position().txid());
    }

    @Test
    void aLeaseThatEndsWhileTheMarkOfAGroupIsSyncedIsNoticed() throws IOException {
        SimHost other = new SimHost();
        SimDisk fresh = new SimDisk(3);
        DatabaseSet group = DatabaseSet.open(fresh, OPTIONS, other);
        TraceDriver driver = new TraceDriver(group, fresh, other);
        int decisions = 0;
        for (TraceRecord record : Trace.load("multi_delete_full").records()) {
            if (record.kind() == TraceRecord.MARK) {
                continue;
            }
            List<Long> before = positions(group);
            boolean[] ended = {false};
            if (record.kind() == TraceRecord.UNLINK && record.path().contains("-mj")) {
                fresh.hook((kind, path) -> {
                    if (kind == SimDisk.Kind.SYNC && path.startsWith("log/")) {
                        ended[0] = true;
                        other.refuse(Errno.EROFS);
                    }
                });
            }
            boolean failed = false;
            try {
                driver.apply(record);
            } catch (TraceDriver.Diverged e) {
                failed = true;
            }
            if (ended[0]) {
                assertTrue(failed);
                assertEquals(before, positions(group));
                decisions++;
                break;
            }
            assertFalse(failed);
            fresh.hook((kind, path) -> {});
        }
        assertEquals(1, decisions);
    }

    private static List<Long> positions(DatabaseSet set) {
        List<Long> positions = new ArrayList<>();
        set.all().forEach(each -> positions.add(each.position().txid()));
        return positions;
    }

    // ----

    private void duringTheSync(Runnable action) {
        boolean[] done = {false};
        disk.hook((kind, path) -> {
            if (!done[0] && kind == SimDisk.Kind.SYNC && path.startsWith("log/")) {
                done[0] = true;
                action.run();
            }
        });
    }

    private void commit(WalWriter writer, int expected) {
        byte[] page = new byte[Bench.PAGE_SIZE];
        random.nextBytes(page);
        assertEquals(expected, errno(done -> writer.commit(2, page, done)));
    }

    private int errno(Consumer<Completion> call) {
        int[] errno = {-1};
        call.accept(result -> errno[0] = result);
        while (host.runAnswers() || errno[0] == -1 && host.runTask()) {
            // Until it is answered.
        }
        return errno[0];
    }

    private byte[] exported(String name) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        set.export(name, 0, Channels.newChannel(out));
        return out.toByteArray();
    }
}
