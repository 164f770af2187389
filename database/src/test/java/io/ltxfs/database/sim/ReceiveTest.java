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
import io.ltxfs.database.feed.TransactionFeed.Kind;
import io.ltxfs.database.log.LogOptions;
import io.ltxfs.database.log.TransactionHeader;
import io.ltxfs.database.log.TransactionHeader.Image;
import io.ltxfs.database.receive.Arrival;
import io.ltxfs.database.receive.Divergent;
import io.ltxfs.database.receive.Fit;
import io.ltxfs.database.receive.NotNextException;
import io.ltxfs.database.receive.Receiver;
import io.ltxfs.ltx.LtxReader;
import io.ltxfs.ltx.PageChecksum;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What a replica takes, what it refuses, and what becomes of a history that is not the primary's. */
class ReceiveTest {
    private static final String NAME = "tenants/a.db";
    private static final int PAGE = Bench.PAGE_SIZE;

    private final Random random = new Random(11);
    private SimDisk disk = new SimDisk(4);
    private SimHost host = new SimHost();
    private DatabaseSet set;
    private Receiver receiver;
    private byte[] content = new byte[0];

    @BeforeAll
    static void quiet() {
        Quiet.please();
    }

    ReceiveTest() throws DiskException {
        open();
    }

    private void open() throws DiskException {
        host = new SimHost();
        set = DatabaseSet.open(disk, options(64 << 20), host);
        receiver = set.receiver();
    }

    private static DatabaseSetOptions options(long logBytes) {
        return new DatabaseSetOptions(
                new LogOptions(24 << 10, logBytes, true, false), name -> false, 1 << 20, () -> 1_000_000);
    }

    // ---- transactions of a primary

    private record Sent(TransactionHeader header, TreeMap<Integer, byte[]> pages) {
        Sent with(TransactionHeader other) {
            return new Sent(other, pages);
        }
    }

    private Sent sent(long txid, long epoch, byte[] before, byte[] after, Image image) {
        return sent(NAME, txid, epoch, before, after, image);
    }

    private static Sent sent(String name, long txid, long epoch, byte[] before, byte[] after, Image image) {
        TreeMap<Integer, byte[]> pages = new TreeMap<>();
        for (int i = 0; i < after.length / PAGE; i++) {
            byte[] page = Arrays.copyOfRange(after, i * PAGE, (i + 1) * PAGE);
            boolean same = (i + 1) * PAGE <= before.length
                    && Arrays.equals(page, Arrays.copyOfRange(before, i * PAGE, (i + 1) * PAGE));
            if (image == Image.FULL || !same) {
                pages.put(i + 1, page);
            }
        }
        return new Sent(
                new TransactionHeader(
                        name,
                        txid,
                        epoch,
                        700 + txid,
                        PAGE,
                        after.length / PAGE,
                        txid == 1 ? 0 : SqliteImage.checksum(before),
                        SqliteImage.checksum(after),
                        image,
                        1000,
                        100,
                        0640),
                pages);
    }

    private long receive(Sent sent) throws IOException {
        return receiver.receive(sent.header, visitor -> visit(sent, visitor));
    }

    private static void visit(Sent sent, io.ltxfs.database.log.TransactionLog.PageVisitor visitor)
            throws DiskException {
        for (Map.Entry<Integer, byte[]> page : sent.pages.entrySet()) {
            visitor.page(page.getKey(), 0, ByteBuffer.wrap(page.getValue()));
        }
    }

    private byte[] changed(byte[] from, int... pgnos) {
        byte[] to = from.clone();
        for (int pgno : pgnos) {
            byte[] bytes = new byte[PAGE / 2];
            random.nextBytes(bytes);
            System.arraycopy(bytes, 0, to, pgno * PAGE - PAGE / 2, PAGE / 2);
        }
        return to;
    }

    /** The first transactions of a database, received and applied. */
    private void begin(int transactions) throws IOException {
        content = Bench.image(6, random);
        receive(sent(1, 3, new byte[0], content, Image.FULL));
        for (int txid = 2; txid <= transactions; txid++) {
            byte[] after = changed(content, 2 + txid % 5);
            receive(sent(txid, 3, content, after, Image.DELTA));
            content = after;
        }
        applyAll();
    }

    private void applyAll() throws IOException {
        for (Arrival next = next(); next != null; next = next()) {
            receiver.applyToFile(next);
        }
    }

    private Arrival next() {
        return receiver.next(NAME).orElse(null);
    }

    private byte[] exported(long txid) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        set.export(NAME, txid, Channels.newChannel(out));
        return out.toByteArray();
    }

    private Database database() {
        return set.find(NAME).orElseThrow();
    }

    // ---- refusals

    @Test
    void whatDoesNotFollowIsRefusedAndChangesNothing() throws IOException {
        begin(3);
        byte[] after = changed(content, 3);
        Sent right = sent(4, 3, content, after, Image.DELTA);
        TransactionHeader h = right.header;
        refused(NotNextException.class, "does not follow", right.with(header(h, 5, 3, h.preChecksum())));
        refused(NotNextException.class, "does not follow", right.with(header(h, 3, 3, h.preChecksum())));
        refused(NotNextException.class, "does not follow", right.with(header(h, 4, 3, h.preChecksum() ^ 1)));
        refused(NotNextException.class, "of epoch 2 does not follow", right.with(header(h, 4, 2, h.preChecksum())));
        refused(NotNextException.class, "nothing", sent("b.db", 2, 3, content, after, Image.DELTA));
        refused(
                CorruptDatabaseException.class,
                "its pages make the checksum",
                sent(4, 3, content, changed(after, 2), Image.DELTA).with(h));
        Sent missing = sent(4, 3, content, longer(after, 2), Image.DELTA);
        missing.pages.remove(7);
        refused(CorruptDatabaseException.class, "page 7 of 8 is missing", missing);
        Sent beyond = sent(4, 3, content, after, Image.DELTA);
        beyond.pages.put(9, new byte[PAGE]);
        refused(CorruptDatabaseException.class, "page 9 is none of the 6 that it has", beyond);
        Sent torn = sent(4, 3, content, after, Image.DELTA);
        torn.pages.put(3, new byte[PAGE - 1]);
        refused(CorruptDatabaseException.class, "page 3 has " + (PAGE - 1) + " bytes", torn);
        Sent whole = sent(4, 3, content, after, Image.FULL);
        whole.pages.remove(2);
        refused(CorruptDatabaseException.class, "page 2 of 6 is missing", whole);
        receive(right);
        applyAll();
        assertArrayEquals(after, exported(0));
        assertEquals("ok", database().status().state());
    }

    private static TransactionHeader header(TransactionHeader h, long txid, long epoch, long preChecksum) {
        return new TransactionHeader(
                h.database(),
                txid,
                epoch,
                h.timeMillis(),
                h.pageSize(),
                h.commit(),
                preChecksum,
                h.postChecksum(),
                h.image(),
                h.uid(),
                h.gid(),
                h.mode());
    }

    private byte[] longer(byte[] from, int pages) {
        byte[] to = Arrays.copyOf(from, from.length + pages * PAGE);
        for (int i = from.length; i < to.length; i++) {
            to[i] = (byte) random.nextInt();
        }
        return to;
    }

    private <T extends IOException> void refused(Class<T> type, String message, Sent sent) {
        Map<String, TransactionHeader> before = receiver.received();
        long bytes = set.logBytes();
        T failure = assertThrows(type, () -> receive(sent));
        assertTrue(failure.getMessage().contains(message), failure.getMessage());
        assertTrue(failure.getMessage().startsWith(sent.header.database() + ":"), failure.getMessage());
        assertEquals(before, receiver.received());
        assertEquals(bytes, set.logBytes());
        assertTrue(receiver.next(NAME).isEmpty());
    }

    @Test
    void aDatabaseWithArrivalsTakesNoCommitsOfItsOwn() throws IOException {
        begin(2);
        byte[] after = changed(content, 1);
        receive(sent(3, 3, content, after, Image.DELTA));
        String refused = Bench.refused(database(), host, content, random);
        assertTrue(refused.endsWith("errno 5"), refused);
        assertEquals(2, database().position().txid());
        assertEquals(3, receiver.received(NAME).orElseThrow().txid());
        applyAll();
        assertArrayEquals(after, exported(0));
    }

    @Test
    void thePrimarysNumbersAreKept() throws IOException {
        begin(3);
        TransactionHeader last = receiver.received(NAME).orElseThrow();
        assertEquals("3 3 703", last.txid() + " " + last.epoch() + " " + last.timeMillis());
        assertEquals("1000 100 640", last.uid() + " " + last.gid() + " " + Integer.toOctalString(last.mode()));
        set.close();
        open();
        last = receiver.received(NAME).orElseThrow();
        assertEquals("3 3 703", last.txid() + " " + last.epoch() + " " + last.timeMillis());
        assertEquals(3, set.history(NAME).size());
        // What it commits itself when it is the primary goes on from there.
        content = Bench.commit(database(), host, content, random);
        assertEquals(4, database().position().txid());
        assertArrayEquals(content, exported(0));
    }

    /** What is received is compared with what the node has committed itself since the last time. */
    @Test
    void aDeposedPrimaryKnowsItsOwnPages() throws IOException {
        begin(3);
        content = Bench.commit(database(), host, content, random);
        long[] checksums = receiver.pageChecksums(NAME);
        for (int pgno = 1; pgno <= 6; pgno++) {
            assertEquals(PageChecksum.of(pgno, content, (pgno - 1) * PAGE, PAGE), checksums[pgno - 1]);
        }
        byte[] after = changed(content, 1, 6);
        receive(sent(5, 4, content, after, Image.DELTA));
        applyAll();
        assertArrayEquals(after, exported(0));
    }

    @Test
    void largeTransactionsGoByAStage() throws IOException {
        byte[] large = Bench.image(3000, random);
        receive(sent(1, 3, new byte[0], large, Image.FULL));
        assertTrue(disk.list("log").stream().anyMatch(name -> name.startsWith("stage-")), "no stage");
        applyAll();
        host.runTask();
        assertArrayEquals(large, exported(0));
        set.flush();
        disk = disk.powerCut(1);
        open();
        assertArrayEquals(large, Checker.content(database()));
    }

    @Test
    void theLogKeepsWhatIsNotApplied() throws IOException {
        set.close();
        disk = new SimDisk(9);
        set = DatabaseSet.open(disk, options(40_000), host);
        receiver = set.receiver();
        begin(2);
        for (int txid = 3; txid <= 200; txid++) {
            byte[] after = changed(content, 2 + txid % 5);
            receive(sent(txid, 3, content, after, Image.DELTA));
            content = after;
            set.maintain();
        }
        set.flush();
        DatabaseSet again = DatabaseSet.open(disk.powerCut(1), options(40_000), new SimHost());
        assertEquals(200, again.find(NAME).orElseThrow().position().txid());
        assertArrayEquals(content, Checker.content(again.find(NAME).orElseThrow()));
        applyAll();
        set.maintain();
        assertArrayEquals(content, exported(0));
        assertTrue(set.logBytes() < 120_000, set.logBytes() + " bytes");
    }

    // ---- other histories

    @Test
    void aReplacedDatabaseIsAtTheOtherPosition() throws IOException {
        begin(9);
        byte[] old = content;
        byte[] other = changed(longer(content, 3), 1, 4);
        long[] checksums = receiver.pageChecksums(NAME);
        assertEquals(6, checksums.length);
        assertEquals(PageChecksum.of(2, old, PAGE, PAGE), checksums[1]);
        replace(4, old, other);
        assertEquals(4, receiver.received(NAME).orElseThrow().txid());
        // The next follows it, received before it is applied.
        byte[] after = changed(other, 2);
        receive(sent(5, 8, other, after, Image.DELTA));
        assertEquals(9, database().position().txid());
        assertArrayEquals(old, exported(0));
        receiver.applyToFile(next());
        assertEquals(new Position(4, SqliteImage.checksum(other)), database().position());
        assertArrayEquals(other, exported(0));
        applyAll();
        assertArrayEquals(after, exported(0));
        assertEquals(
                List.of(4L, 5L), set.history(NAME).stream().map(t -> t.txid()).toList());
        assertThrows(NotAvailableException.class, () -> exported(3));
        assertThrows(NotAvailableException.class, () -> exported(9));
        assertArrayEquals(other, exported(4));
        set.flush();
        for (int i = 0; i < 5; i++) {
            SimDisk image = i == 0 ? disk.kill() : disk.powerCut(i);
            DatabaseSet again = DatabaseSet.open(image, options(64 << 20), new SimHost());
            assertEquals(5, again.find(NAME).orElseThrow().position().txid());
            assertEquals("ok", again.find(NAME).orElseThrow().status().state());
            assertArrayEquals(after, Checker.content(again.find(NAME).orElseThrow()));
            assertEquals(4, again.find(NAME).orElseThrow().status().firstTxid());
        }
        Map<String, Receiver.Place> places =
                receiver.locate(Map.of(NAME, new Position(5, SqliteImage.checksum(after))));
        assertEquals(Fit.KNOWN, places.get(NAME).fit());
        places = receiver.locate(Map.of(NAME, new Position(9, SqliteImage.checksum(old))));
        assertEquals(Fit.AHEAD, places.get(NAME).fit());
        places = receiver.locate(Map.of(NAME, new Position(3, 1)));
        assertEquals(Fit.TOO_OLD, places.get(NAME).fit());
    }

    private void replace(long txid, byte[] from, byte[] to) throws IOException {
        Sent jump = sent(txid, 8, from, to, Image.DELTA);
        receiver.replace(jump.header, visitor -> visit(jump, visitor));
    }

    @Test
    void aReplacementThatDoesNotMakeThePositionIsRefused() throws IOException {
        begin(5);
        byte[] other = changed(content, 1, 4);
        Sent jump = sent(2, 8, content, other, Image.DELTA);
        jump.pages.remove(4);
        CorruptDatabaseException refused = assertThrows(
                CorruptDatabaseException.class, () -> receiver.replace(jump.header, visitor -> visit(jump, visitor)));
        assertTrue(refused.getMessage().contains("its pages make the checksum"), refused.getMessage());
        assertTrue(receiver.next(NAME).isEmpty());
        assertArrayEquals(content, exported(0));
    }

    @Test
    void positionsBehindAJumpSurviveTheTrimmingOfTheLog() throws IOException {
        set.close();
        disk = new SimDisk(9);
        set = DatabaseSet.open(disk, options(60_000), host);
        receiver = set.receiver();
        begin(20);
        byte[] other = changed(content, 1, 4);
        replace(3, content, other);
        applyAll();
        content = other;
        List<byte[]> contents = new ArrayList<>(List.of(content));
        for (int txid = 4; txid <= 120; txid++) {
            byte[] after = changed(content, 2 + txid % 5);
            receive(sent(txid, 8, content, after, Image.DELTA));
            content = after;
            contents.add(after);
            applyAll();
            set.maintain();
            long first = database().status().firstTxid();
            assertTrue(first >= 3, "first " + first);
            if (txid % 10 == 0) {
                assertArrayEquals(contents.get((int) first - 3), exported(first));
                assertArrayEquals(contents.get((int) (first + txid) / 2 - 3), exported((first + txid) / 2));
            }
        }
        assertTrue(database().status().firstTxid() > 10);
    }

    @Test
    void aDatabaseIsReplacedByNothingAndByAnotherPageSize() throws IOException {
        begin(5);
        // An archive does not know the page size of what was dropped.
        TransactionHeader h = new TransactionHeader(NAME, 3, 8, 700, 0, 0, 0, PageChecksum.EMPTY, Image.DROP, 0, 0, 0);
        receiver.replace(h, visitor -> {});
        applyAll();
        assertTrue(set.find(NAME).isEmpty());
        assertEquals(3, set.droppedAt(NAME));
        byte[] other = Bench.image(9, random);
        Sent whole = sent(2, 9, new byte[0], other, Image.FULL);
        receiver.replace(whole.header, visitor -> visit(whole, visitor));
        applyAll();
        assertEquals(2, database().position().txid());
        assertArrayEquals(other, exported(0));
        set.flush();
        DatabaseSet again = DatabaseSet.open(disk.powerCut(5), options(64 << 20), new SimHost());
        assertArrayEquals(other, Checker.content(again.find(NAME).orElseThrow()));
        assertEquals(2, again.find(NAME).orElseThrow().position().txid());
    }

    @Test
    void positionsAreLocated() throws IOException {
        begin(9);
        byte[] last = content;
        Position now = database().position();
        assertEquals(Fit.KNOWN, locate(now).fit());
        assertEquals(Fit.OTHER, locate(new Position(9, 5)).fit());
        assertEquals(Fit.OTHER, locate(new Position(4, 5)).fit());
        assertEquals(Fit.AHEAD, locate(new Position(10, 5)).fit());
        Receiver.Place nothing = locate(Position.NONE);
        assertEquals(Fit.KNOWN, nothing.fit());
        set.flush();
        try (Follower follower = set.feed().follow("all", Kind.REPLICA, nothing.fromLsn(), () -> {})) {
            assertEquals(1, follower.next().txid());
        }
        long fourth = set.history(NAME).get(3).postApplyChecksum();
        Receiver.Place place = locate(new Position(4, fourth));
        assertEquals(Fit.KNOWN, place.fit());
        try (Follower follower = set.feed().follow("rest", Kind.REPLICA, place.fromLsn(), () -> {})) {
            for (long txid = 5; txid <= 9; txid++) {
                assertEquals(txid, follower.next().txid());
            }
        }
        assertEquals(
                Fit.AHEAD,
                receiver.locate(Map.of("b.db", new Position(3, 3))).get("b.db").fit());
        assertEquals(
                Fit.KNOWN,
                receiver.locate(Map.of("b.db", Position.NONE)).get("b.db").fit());
        assertArrayEquals(last, exported(0));
    }

    @Test
    void whatIsTrimmedAwayIsTooOld() throws IOException {
        set.close();
        disk = new SimDisk(9);
        set = DatabaseSet.open(disk, options(30_000), host);
        receiver = set.receiver();
        begin(200);
        set.maintain();
        set.maintain();
        assertEquals(Fit.TOO_OLD, locate(new Position(2, 5)).fit());
        assertEquals(Fit.TOO_OLD, locate(Position.NONE).fit());
        long first = set.history(NAME).get(0).txid();
        assertTrue(first > 10);
        Receiver.Place before =
                locate(new Position(first - 1, set.history(NAME).get(0).preApplyChecksum()));
        assertEquals(Fit.KNOWN, before.fit());
        try (Follower follower = set.feed().follow("rest", Kind.REPLICA, before.fromLsn(), () -> {})) {
            Transaction next = follower.next();
            assertEquals(first, next.txid());
            assertFalse(follower.lost());
        }
    }

    private Receiver.Place locate(Position position) throws DiskException {
        return receiver.locate(Map.of(NAME, position)).get(NAME);
    }

    // ---- what another history does not have

    @Test
    void whatThePrimaryDoesNotHaveIsKept() throws IOException {
        begin(9);
        List<Position> history = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            history.add(new Position(i + 1, set.history(NAME).get(i).postApplyChecksum()));
        }
        byte[] sixth = exported(6);
        history.add(new Position(7, 5));
        Divergent.Kept kept = set.divergent().keep(NAME, history);
        assertEquals(3, kept.files());
        assertEquals(kept, set.divergent().all().get(NAME));
        assertEquals(0, set.divergent().keep(NAME, history).files());
        disk = disk.powerCut(2);
        open();
        assertEquals(Map.of(NAME, kept), set.divergent().all());
        byte[] redone = sixth;
        for (int txid = 7; txid <= 9; txid++) {
            redone = applied(redone, String.format("divergent/%s/%016x-%016x.ltx", NAME, txid, txid));
        }
        assertArrayEquals(content, redone);
    }

    @Test
    void withoutAForkEverythingIsKept() throws IOException {
        begin(4);
        assertEquals(4, set.divergent().keep(NAME, List.of(new Position(4, 4))).files());
        byte[] other = changed(content, 1, 4);
        replace(3, content, other);
        applyAll();
        assertEquals(1, set.divergent().keep(NAME, List.of()).files());
        byte[] image = applied(new byte[0], String.format("divergent/%s/%016x-%016x.ltx", NAME, 1, 3));
        assertArrayEquals(other, image);
    }

    private byte[] applied(byte[] before, String path) throws IOException {
        LtxReader reader = LtxReader.open(new ByteArrayInputStream(disk.bytes(path)));
        byte[] after = Arrays.copyOf(before, reader.header().commit() * PAGE);
        byte[] page = new byte[PAGE];
        for (int pgno = reader.nextPage(page); pgno != 0; pgno = reader.nextPage(page)) {
            System.arraycopy(page, 0, after, (pgno - 1) * PAGE, PAGE);
        }
        return after;
    }

    // ---- demotion

    @Test
    void whatAnApplicationHasLeftOpenIsGivenUp() throws IOException {
        begin(3);
        io.ltxfs.database.sim.Transaction left = new io.ltxfs.database.sim.Transaction(database(), host);
        left.begin();
        left.journal(content, List.of(2));
        left.write(PAGE, new byte[PAGE]);
        left.sync();
        host.refuse(Errno.EIO);
        byte[] after = changed(content, 3);
        // Received while the application sits there, prepared.
        receive(sent(4, 4, content, after, Image.DELTA));
        assertThrows(IllegalStateException.class, left::end);
        host.exited(1);
        database().giveUp();
        assertArrayEquals(content, Checker.content(database()));
        assertEquals(0, database().journal().orElseThrow().size());
        applyAll();
        assertArrayEquals(after, exported(0));
        set.flush();
        for (int i = 0; i < 5; i++) {
            DatabaseSet again = DatabaseSet.open(disk.powerCut(i), options(64 << 20), new SimHost());
            assertEquals(
                    new Position(4, SqliteImage.checksum(after)),
                    again.find(NAME).orElseThrow().position());
            assertArrayEquals(after, Checker.content(again.find(NAME).orElseThrow()));
        }
        Follower follower = set.feed().follow("f", 0, () -> {});
        for (long txid = 1; txid <= 4; txid++) {
            Transaction next = follower.next();
            assertEquals(txid, next.txid());
            assertEquals(txid == 4 ? 4 : 3, next.header().epoch());
        }
    }

    @Test
    void slowReplicasKeepNobodyFromCommitting() throws IOException {
        set.close();
        disk = new SimDisk(9);
        DatabaseSetOptions options = new DatabaseSetOptions(
                new LogOptions(8_000, 40_000, true, false),
                name -> false,
                1 << 20,
                () -> 1_000_000,
                DatabaseSetOptions.Behind.REFUSE_WRITES);
        set = DatabaseSet.open(disk, options, host);
        receiver = set.receiver();
        begin(1);
        Follower replica = set.feed().follow("slow", Kind.REPLICA, 0, () -> {});
        Follower archive = set.feed().follow("archive", Kind.ARCHIVE, 0, () -> {});
        for (int i = 0; i < 200; i++) {
            content = Bench.commit(database(), host, content, random);
            set.maintain();
            for (Transaction next = archive.next(); next != null; next = archive.next()) {
                archive.release(next.lsn() + 1);
            }
        }
        assertEquals(List.of(), database().warnings());
        assertFalse(archive.lost());
        assertTrue(replica.lost());
        assertTrue(set.logBytes() < 80_000, set.logBytes() + " bytes");
    }
}
