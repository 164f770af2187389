package io.ltxfs.database.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.database.Database;
import io.ltxfs.database.DatabaseSet;
import io.ltxfs.database.DatabaseSetOptions;
import io.ltxfs.database.DatabaseSetOptions.Behind;
import io.ltxfs.database.TransactionSummary;
import io.ltxfs.database.feed.Transaction;
import io.ltxfs.database.feed.TransactionFeed.Follower;
import io.ltxfs.database.log.LogOptions;
import io.ltxfs.database.log.TransactionHeader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A set of databases, and those who follow it. */
class FollowersTest {
    private static final int LOG_BYTES = 40_000;

    private final Random random = new Random(1);
    private final SimDisk disk = new SimDisk(1);
    private final SimHost host = new SimHost();
    private final AtomicLong clock = new AtomicLong(1_000_000);

    private DatabaseSet set;
    private Database database;
    private byte[] content = Bench.image(3, random);

    @BeforeAll
    static void quiet() {
        Quiet.please();
    }

    private void open(Behind behind) throws IOException {
        LogOptions log = new LogOptions(8_000, LOG_BYTES, true, false);
        set = DatabaseSet.open(disk, new DatabaseSetOptions(log, name -> false, 1 << 20, clock::get, behind), host);
        database = set.find("a.db").orElse(null);
    }

    private void install() throws IOException {
        Bench.stage(disk, "staging/1", content);
        database = set.install("staging/1", Bench.position("a.db", 9, 500, content));
    }

    private void commit() {
        content = Bench.commit(database, host, content, random);
    }

    @Test
    void whatIsReleasedIsTrimmedAndNothingIsLost() throws IOException {
        open(Behind.START_OVER);
        install();
        Follower follower = set.feed().follow("quick", 0, () -> {});
        long txid = 8;
        for (int i = 0; i < 300; i++) {
            commit();
            set.maintain();
            for (Transaction next = follower.next(); next != null; next = follower.next()) {
                assertEquals(++txid, next.txid());
                follower.release(next.lsn() + 1);
            }
            assertFalse(follower.lost());
        }
        assertEquals(309, txid);
        assertTrue(set.logBytes() < 2 * LOG_BYTES, "log of " + set.logBytes());
        assertTrue(set.feed().backlog() < 0.3, "backlog " + set.feed().backlog());
    }

    @Test
    void oneWhoIsTooSlowStartsOver() throws IOException {
        open(Behind.START_OVER);
        install();
        Follower follower = set.feed().follow("slow", 0, () -> {});
        for (int i = 0; i < 300; i++) {
            commit();
            set.maintain();
        }
        assertTrue(set.logBytes() < 2 * LOG_BYTES, "log of " + set.logBytes());
        assertNull(follower.next());
        assertTrue(follower.lost());
        assertFalse(follower.lost());
        Transaction next = follower.next();
        assertNotNull(next);
        long txid = next.txid();
        assertTrue(txid > 10);
        for (Transaction more = follower.next(); more != null; more = follower.next()) {
            assertEquals(++txid, more.txid());
        }
        assertEquals(309, txid);
        assertFalse(follower.lost());
        assertEquals(List.of(), database.warnings());
    }

    @Test
    void commitsAreRefusedUntilOneWhoIsTooSlowHasCaughtUp() throws IOException {
        open(Behind.REFUSE_WRITES);
        install();
        Follower follower = set.feed().follow("slow", 0, () -> {});
        int commits = 0;
        while (database.warnings().isEmpty() && commits < 300) {
            commit();
            commits++;
            set.maintain();
        }
        assertTrue(commits > 10 && commits < 100, commits + " commits");
        assertTrue(
                database.warnings().get(0).contains("slow"), database.warnings().toString());
        String refused = Bench.refused(database, host, content, random);
        assertTrue(refused.endsWith("errno 28"), refused);
        assertEquals(9 + commits, database.position().txid());
        set.maintain();
        assertFalse(follower.lost());

        long txid = 8;
        for (Transaction next = follower.next(); next != null; next = follower.next()) {
            assertEquals(++txid, next.txid());
            set.feed().pages(next, (pgno, checksum, page) -> {});
            follower.release(next.lsn() + 1);
        }
        assertEquals(9 + commits, txid);
        set.maintain();
        assertEquals(List.of(), database.warnings());
        commit();
        assertEquals(10 + commits, database.position().txid());
    }

    @Test
    void aPreparedTransactionOfADeadWriterHoldsUpNobody() throws IOException {
        open(Behind.START_OVER);
        install();
        byte[] second = Bench.image(2, random);
        Bench.stage(disk, "staging/2", second);
        Database other = set.install("staging/2", Bench.position("b.db", 1, 500, second));
        Follower follower = set.feed().follow("f", 0, () -> {});
        assertEquals(9, follower.next().txid());
        assertEquals(1, follower.next().txid());
        io.ltxfs.database.sim.Transaction left = new io.ltxfs.database.sim.Transaction(database, host);
        left.begin();
        left.journal(content, List.of(2));
        left.write(Bench.PAGE_SIZE, new byte[Bench.PAGE_SIZE]);
        left.sync();
        Bench.commit(other, host, second, random);
        set.flush();
        assertEquals("b.db", follower.next().header().database());
        assertNull(follower.next());
        left.end();
        set.flush();
        assertEquals("a.db", follower.next().header().database());
        assertNull(follower.next());
    }

    @Test
    void timesNeverGoBack() throws IOException {
        open(Behind.START_OVER);
        install();
        commit();
        clock.set(10);
        commit();
        set.close();
        clock.set(5);
        open(Behind.START_OVER);
        commit();
        set.drop(database, errno -> assertEquals(0, errno));
        host.runAnswers();
        set.close();
        clock.set(2_000_000);
        open(Behind.START_OVER);
        Follower follower = set.feed().follow("f", 0, () -> {});
        long before = 0;
        int count = 0;
        for (Transaction next = follower.next(); next != null; next = follower.next()) {
            assertTrue(next.header().timeMillis() >= before, next.toString());
            before = next.header().timeMillis();
            count++;
        }
        assertEquals(5, count);
        assertEquals(1_000_000, before);
        clock.set(3);
        byte[] again = Bench.image(4, random);
        Bench.stage(disk, "files/a.db", again);
        Database back = set.register("a.db", 0, 0, 0644);
        assertEquals(13, back.position().txid());
        Bench.commit(back, host, again, random);
        List<TransactionSummary> history = set.history("a.db");
        assertEquals(14, history.get(history.size() - 1).txid());
        assertEquals(1_000_000, history.get(history.size() - 1).timeMillis());
    }

    @Test
    void anExportSaysWhatItWrote() throws IOException {
        open(Behind.START_OVER);
        install();
        commit();
        database.setAttributes(5, 6, 0600);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        TransactionHeader header = set.export("a.db", 0, Channels.newChannel(out));
        assertEquals(10, header.txid());
        assertEquals(1_000_000, header.timeMillis());
        assertEquals(SqliteImage.checksum(out.toByteArray()), header.postChecksum());
        assertEquals(Bench.PAGE_SIZE, header.pageSize());
        assertEquals(3, header.commit());
        assertEquals("5 6 600", header.uid() + " " + header.gid() + " " + Integer.toOctalString(header.mode()));
        set.close();
        open(Behind.START_OVER);
        out.reset();
        assertEquals(1_000_000, set.export("a.db", 0, Channels.newChannel(out)).timeMillis());
    }
}
