package io.ltxfs.database.sim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.database.Completion;
import io.ltxfs.database.Database;
import io.ltxfs.database.DatabaseSet;
import io.ltxfs.database.DatabaseSetOptions;
import io.ltxfs.database.disk.Errno;
import io.ltxfs.database.feed.Transaction;
import io.ltxfs.database.feed.TransactionFeed;
import io.ltxfs.database.log.LogOptions;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Commits that are answered when others have them. */
class WaitsTest {
    private static final DatabaseSetOptions OPTIONS = new DatabaseSetOptions(
            new LogOptions(24 << 10, 64 << 20, true, false), name -> false, 1 << 20, () -> 1_000_000);

    private final Random random = new Random(5);
    private final SimHost host = new SimHost();
    private final SimDisk disk = new SimDisk(3);

    @BeforeAll
    static void quiet() {
        Quiet.please();
    }

    /** Whoever is waited for has been given the transaction, in every mode, or would wait for ever. */
    @org.junit.jupiter.api.Test
    void whatIsWaitedForHasBeenGiven() throws IOException {
        int waited = 0;
        for (String name : Trace.names()) {
            Trace trace = Trace.load(name);
            waited += waited(trace);
        }
        assertTrue(waited > 700, waited + " waits");
    }

    private static int waited(Trace trace) throws IOException {
        SimHost host = new SimHost();
        SimDisk disk = new SimDisk(3);
        DatabaseSet set = DatabaseSet.open(disk, OPTIONS, host);
        TransactionFeed.Follower follower = set.feed().follow("replica", TransactionFeed.Kind.REPLICA, 0, () -> {});
        Map<String, Long> given = new HashMap<>();
        int[] waits = {0};
        host.commitsWait((database, header, lsn, completion) -> {
            try {
                for (Transaction next = follower.next(); next != null; next = follower.next()) {
                    given.put(next.header().database(), next.txid());
                    if (next.header().database().equals(database.name()) && next.txid() == header.txid()) {
                        assertEquals(lsn, next.lsn(), trace.name());
                    }
                }
            } catch (IOException e) {
                throw new AssertionError(e);
            }
            assertEquals(header.txid(), given.getOrDefault(database.name(), 0L), trace.name());
            waits[0]++;
            completion.done(0);
        });
        TraceDriver driver = new TraceDriver(set, disk, host);
        for (TraceRecord record : trace.records()) {
            if (record.kind() == TraceRecord.MARK) {
                Mark mark = Mark.parse(record.data());
                if (mark.kind().equals("exit")) {
                    driver.exited(Integer.parseInt(mark.fields().get("pid")));
                }
                continue;
            }
            driver.apply(record);
        }
        set.close();
        return waits[0];
    }

    private final ArrayDeque<Completion> waiting = new ArrayDeque<>();

    private Database database(byte[] content) throws IOException {
        DatabaseSet set = DatabaseSet.open(disk, OPTIONS, host);
        Bench.stage(disk, "staging/1", content);
        Database database = set.install("staging/1", Bench.position("a.db", 9, 500, content));
        sets = set;
        return database;
    }

    private DatabaseSet sets;

    private byte[] exported() throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        sets.export("a.db", 0, Channels.newChannel(out));
        return out.toByteArray();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void anUnknownOutcomeStaysInRollbackMode(boolean known) throws IOException {
        byte[] content = Bench.image(3, random);
        Database database = database(content);
        host.commitsWait((which, header, lsn, completion) -> completion.done(known ? 0 : Errno.EIO));
        if (known) {
            byte[] after = Bench.commit(database, host, content, random);
            assertArrayEquals(after, exported());
            assertTrue(database.journal().isEmpty());
            return;
        }
        IllegalStateException failed =
                assertThrows(IllegalStateException.class, () -> Bench.commit(database, host, content, random));
        assertTrue(failed.getMessage().endsWith("errno 5"), failed.getMessage());
        host.exited(1);
        assertEquals(10, database.position().txid());
        assertFalse(Arrays.equals(content, exported()));
        assertEquals(0, database.journal().orElseThrow().size(), "the journal can be played back");
        host.commitsWait((which, header, lsn, completion) -> completion.done(0));
        int[] errno = {-1};
        database.unlinkJournal(1, result -> errno[0] = result);
        assertEquals(0, errno[0]);
        byte[] now = exported();
        byte[] after = Bench.commit(database, host, now, random);
        assertEquals(11, database.position().txid());
        assertArrayEquals(after, exported());
        DatabaseSet again = DatabaseSet.open(disk.powerCut(3), OPTIONS, new SimHost());
        assertEquals(11, again.find("a.db").orElseThrow().position().txid());
    }

    @org.junit.jupiter.api.Test
    void anUnknownOutcomeStaysInWalMode() throws IOException {
        byte[] content = Bench.image(3, random);
        Database database = database(content);
        WalWriter writer = new WalWriter(database);
        host.commitsWait((which, header, lsn, completion) -> waiting.add(completion));
        int[] errno = {-1};
        byte[] first = page();
        writer.commit(2, first, result -> errno[0] = result);
        host.runAnswers();
        assertEquals(-1, errno[0], "it was answered before others had it");
        assertEquals(10, database.position().txid());
        waiting.remove().done(0);
        assertEquals(0, errno[0]);
        database.walPublished(1);

        errno[0] = -1;
        byte[] second = page();
        WalWriter before = writer.copy();
        writer.commit(3, second, result -> errno[0] = result);
        host.runAnswers();
        waiting.remove().done(Errno.EIO);
        assertEquals(Errno.EIO, errno[0]);
        assertEquals(11, database.position().txid());

        // The application tries again before the mount has published what is there.
        errno[0] = -1;
        before.commit(3, page(), result -> errno[0] = result);
        assertEquals(Errno.EIO, errno[0]);
        assertEquals(11, database.position().txid());
        assertEquals(2, database.walTail().orElseThrow().mxFrame());

        database.walPublished(2);
        errno[0] = -1;
        byte[] third = page();
        writer.commit(2, third, result -> errno[0] = result);
        host.runAnswers();
        waiting.remove().done(0);
        assertEquals(0, errno[0]);
        assertEquals(12, database.position().txid());
        byte[] expected = content.clone();
        System.arraycopy(third, 0, expected, Bench.PAGE_SIZE, Bench.PAGE_SIZE);
        System.arraycopy(second, 0, expected, 2 * Bench.PAGE_SIZE, Bench.PAGE_SIZE);
        assertArrayEquals(expected, exported());
    }

    @org.junit.jupiter.api.Test
    void anUnknownOutcomeStaysForAllMembersOfAGroup() throws IOException {
        // Two databases whose journals name one super-journal: played as recorded, with an answer that says nothing.
        Trace trace = Trace.load("multi_delete_full");
        DatabaseSet set = DatabaseSet.open(disk, OPTIONS, host);
        boolean[] unknown = {false};
        host.commitsWait((database, header, lsn, completion) -> completion.done(unknown[0] ? Errno.EIO : 0));
        TraceDriver driver = new TraceDriver(set, disk, host);
        int asked = 0;
        for (TraceRecord record : trace.records()) {
            if (record.kind() == TraceRecord.MARK) {
                continue;
            }
            boolean decides =
                    record.kind() == TraceRecord.UNLINK && record.path().contains("-mj");
            if (!decides) {
                driver.apply(record);
                continue;
            }
            List<Long> before = set.all().stream().map(d -> d.position().txid()).toList();
            unknown[0] = true;
            boolean failed = false;
            try {
                driver.apply(record);
            } catch (TraceDriver.Diverged e) {
                failed = true;
            }
            unknown[0] = false;
            List<Long> after = set.all().stream().map(d -> d.position().txid()).toList();
            assertEquals(failed, !before.equals(after));
            if (failed) {
                asked++;
                for (Database database : set.all()) {
                    assertTrue(
                            database.journal().isEmpty()
                                    || database.journal().get().size() == 0,
                            "the journal of " + database.name() + " can be played back");
                }
                break;
            }
        }
        assertEquals(1, asked);
    }

    private byte[] page() {
        byte[] page = new byte[Bench.PAGE_SIZE];
        random.nextBytes(page);
        return page;
    }
}
