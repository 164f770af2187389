package io.ltxfs.database.sim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.database.CorruptDatabaseException;
import io.ltxfs.database.Database;
import io.ltxfs.database.DatabaseSet;
import io.ltxfs.database.DatabaseSetOptions;
import io.ltxfs.database.NotAvailableException;
import io.ltxfs.database.Position;
import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.disk.Errno;
import io.ltxfs.database.feed.Transaction;
import io.ltxfs.database.feed.TransactionFeed.Follower;
import io.ltxfs.database.log.LogOptions;
import io.ltxfs.database.log.TransactionHeader;
import io.ltxfs.database.log.TransactionHeader.Image;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A database that is put in place whole is there for good, or not at all. */
class InstallTest {
    private static final String NAME = "tenants/a.db";
    private static final DatabaseSetOptions OPTIONS =
            new DatabaseSetOptions(new LogOptions(8_000, 40_000, true, false), name -> false, 1 << 20, () -> 1_000_000);

    private final Random random = new Random(3);
    private final byte[] content = Bench.image(700, random);
    private final TransactionHeader position = Bench.position(NAME, 0x20, 500, content);
    private final SimHost host = new SimHost();
    private int whole;
    private int absent;

    @BeforeAll
    static void quiet() {
        Quiet.please();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void everyCutLeavesItWholeOrNotThere(boolean droppedBefore) throws IOException {
        SimDisk disk = new SimDisk(5);
        DatabaseSet set = prepare(disk, droppedBefore);
        boolean[] busy = {false};
        disk.hook((kind, path) -> {
            if (!busy[0]) {
                busy[0] = true;
                for (int i = 0; i < 3; i++) {
                    judge(disk.powerCut(random.nextLong()), droppedBefore, false);
                }
                judge(disk.kill(), droppedBefore, false);
                busy[0] = false;
            }
        });
        set.install("staging/1", position);
        disk.hook((kind, path) -> {});
        for (int i = 0; i < 5; i++) {
            judge(disk.powerCut(random.nextLong()), droppedBefore, true);
        }
        assertTrue(whole > 10 && absent > 10, whole + " whole, " + absent + " absent");
    }

    @Test
    void everyErrorLeavesItNotThere() throws IOException {
        int failed = 0;
        for (int at = 0; at < 60; at++) {
            SimDisk disk = new SimDisk(at);
            DatabaseSet set = prepare(disk, at % 2 == 1);
            int[] left = {at};
            disk.faults((kind, path) -> left[0]-- == 0 ? Errno.EIO : 0);
            boolean done = false;
            try {
                set.install("staging/1", position);
                done = true;
            } catch (DiskException e) {
                failed++;
                assertTrue(set.find(NAME).isEmpty());
            }
            disk.faults((kind, path) -> 0);
            judge(disk.powerCut(random.nextLong()), at % 2 == 1, done);
            if (!done) {
                int before = whole;
                judge(disk.powerCut(random.nextLong()), at % 2 == 1, false);
                judge(disk.kill(), at % 2 == 1, false);
                assertEquals(before, whole, "it failed at operation " + at + " and is there");
            }
        }
        assertTrue(failed > 15, failed + " failures");
    }

    @Test
    void itsHistoryBeginsBehindIt() throws IOException {
        SimDisk disk = new SimDisk(1);
        DatabaseSet set = prepare(disk, true);
        Database database = set.install("staging/1", position);
        assertEquals(0, database.status().firstTxid());
        byte[] after = content;
        for (int i = 0; i < 100; i++) {
            after = Bench.commit(database, host, after, random);
            set.maintain();
            assertEquals(0, database.status().firstTxid());
        }
        assertEquals(0x84, database.position().txid());
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        assertThrows(NotAvailableException.class, () -> set.export(NAME, 0x21, Channels.newChannel(out)));
        assertThrows(NotAvailableException.class, () -> set.export(NAME, 1, Channels.newChannel(out)));
        set.export(NAME, 0, Channels.newChannel(out));
        assertArrayEquals(after, out.toByteArray());
        set.close();
        try (DatabaseSet again = DatabaseSet.open(disk, OPTIONS, new SimHost())) {
            assertEquals(0, again.find(NAME).orElseThrow().status().firstTxid());
            assertArrayEquals(after, Checker.content(again.find(NAME).orElseThrow()));
        }
    }

    @Test
    void followersHearOfIt() throws IOException {
        DatabaseSet set = prepare(new SimDisk(1), false);
        Follower follower = set.feed().follow("f", 0, () -> {});
        set.install("staging/1", position);
        Transaction installed = follower.next();
        assertEquals(Image.INSTALLED, installed.header().image());
        assertEquals(position.postChecksum(), installed.header().postChecksum());
        assertEquals(0, installed.pages());
    }

    @Test
    void whatIsNotWhatThePositionSaysIsRefused() throws IOException {
        SimDisk disk = new SimDisk(1);
        DatabaseSet set = prepare(disk, false);
        byte[] other = content.clone();
        other[5_000] ^= 1;
        Bench.stage(disk, "staging/2", other);
        assertThrows(CorruptDatabaseException.class, () -> set.install("staging/2", position));
        Bench.stage(disk, "staging/3", Bench.image(10, random));
        assertThrows(CorruptDatabaseException.class, () -> set.install("staging/3", position));
        assertTrue(set.find(NAME).isEmpty());
        set.install("staging/1", position);
        Bench.stage(disk, "staging/1", content);
        assertEquals(
                Errno.EEXIST,
                assertThrows(DiskException.class, () -> set.install("staging/1", position))
                        .errno());
    }

    @Test
    void txidsGoOnBehindADropThatIsInstalled() throws IOException {
        SimDisk disk = new SimDisk(1);
        DatabaseSet set = DatabaseSet.open(disk, OPTIONS, new SimHost());
        set.installDropped(Bench.position("b.db", 0x30, 700, new byte[0]));
        for (int i = 0; i < 3; i++) {
            SimDisk image = disk.powerCut(i);
            SimHost recovered = new SimHost();
            DatabaseSet again = DatabaseSet.open(image, OPTIONS, recovered);
            assertTrue(again.find("b.db").isEmpty());
            byte[] created = Bench.image(3, random);
            Bench.stage(image, "files/b.db", created);
            Database back = again.register("b.db", 0, 0, 0644);
            Bench.commit(back, recovered, created, random);
            assertEquals(0x31, back.position().txid());
        }
        assertThrows(DiskException.class, () -> set.installDropped(Bench.position("b.db", 0x30, 700, new byte[0])));
    }

    private DatabaseSet prepare(SimDisk disk, boolean droppedBefore) throws IOException {
        DatabaseSet set = DatabaseSet.open(disk, OPTIONS, host);
        if (droppedBefore) {
            disk.makeDirectories("files/tenants");
            disk.syncDirectory("files");
            byte[] first = Bench.image(4, random);
            Bench.stage(disk, "files/" + NAME, first);
            Database old = set.register(NAME, 0, 0, 0644);
            Bench.commit(old, host, first, random);
            assertEquals(1, old.position().txid());
            set.drop(old, errno -> assertEquals(0, errno));
            host.runAnswers();
            assertTrue(set.find(NAME).isEmpty());
        }
        Bench.stage(disk, "staging/1", content);
        return set;
    }

    private void judge(SimDisk image, boolean droppedBefore, boolean mustBe) {
        try {
            SimHost recovered = new SimHost();
            DatabaseSet set = DatabaseSet.open(image, OPTIONS, recovered);
            if (set.find(NAME).isEmpty()) {
                assertFalse(mustBe, "it is gone");
                absent++;
                assertFalse(image.exists("files/" + NAME), "a file is there that is no database");
                assertEquals(0, image.list("install").size());
                assertEquals(droppedBefore ? 2 : 0, set.droppedAt(NAME));
                return;
            }
            whole++;
            Database database = set.find(NAME).orElseThrow();
            assertEquals(new Position(0x20, position.postChecksum()), database.position());
            assertEquals("ok", database.status().state(), database.warnings().toString());
            assertArrayEquals(content, Checker.content(database));
            byte[] after = Bench.commit(database, recovered, content, random);
            assertEquals(0x21, database.position().txid());
            DatabaseSet again = DatabaseSet.open(image.powerCut(random.nextLong()), OPTIONS, recovered);
            assertArrayEquals(after, Checker.content(again.find(NAME).orElseThrow()));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
