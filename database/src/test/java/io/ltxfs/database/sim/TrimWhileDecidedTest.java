package io.ltxfs.database.sim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.database.Database;
import io.ltxfs.database.DatabaseSet;
import io.ltxfs.database.DatabaseSetOptions;
import io.ltxfs.database.feed.TransactionFeed;
import io.ltxfs.database.log.LogOptions;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The log is trimmed between the moment at which a record is durable and the one at which its database knows of it. */
class TrimWhileDecidedTest {
    private static final DatabaseSetOptions OPTIONS = new DatabaseSetOptions(
            new LogOptions(8 << 10, 16 << 10, true, false), name -> false, 1 << 20, () -> 1_000_000);

    private final Random random = new Random(5);
    private final SimHost host = new SimHost();
    private final SimDisk disk = new SimDisk(3);
    private DatabaseSet set;
    private Database a;
    private byte[] before;
    private byte[] other;

    /** What happens once, between the sync of the log and its answers. */
    private Runnable meanwhile = () -> {};

    @BeforeAll
    static void quiet() {
        Quiet.please();
    }

    @BeforeEach
    void open() throws IOException {
        set = DatabaseSet.open(disk, OPTIONS, host);
        before = Bench.image(3, random);
        other = Bench.image(3, random);
        Bench.stage(disk, "staging/1", before);
        a = set.install("staging/1", Bench.position("a.db", 9, 500, before));
        Bench.stage(disk, "staging/2", other);
        set.install("staging/2", Bench.position("b.db", 9, 500, other));
        set.maintain();
        set.feed().follow("test", TransactionFeed.Kind.REPLICA, 5, () -> {
            Runnable now = meanwhile;
            meanwhile = () -> {};
            now.run();
        });
    }

    @Test
    void ofOneDatabase() throws IOException {
        Transaction transaction = new Transaction(a, host);
        byte[] after = written(transaction, "");
        meanwhile = this::fillAndTrim;
        transaction.end();
        keepsAfterAPowerCut(after);
    }

    @Test
    void ofSeveralDatabases() throws IOException {
        Transaction transaction = new Transaction(a, host);
        set.createSuperJournal("group-mj");
        byte[] after = written(transaction, "group-mj");
        transaction.sync();
        fillAndTrim();
        long held = set.logBytes();
        assertTrue(held > OPTIONS.log().maxBytes(), "what is prepared is kept");
        transaction.lockAgain();
        meanwhile = set::maintain;
        transaction.call(done -> set.unlinkSuperJournal("group-mj", done));
        keepsAfterAPowerCut(after);
    }

    private byte[] written(Transaction transaction, String superJournal) {
        byte[] after = Bench.changed(before, random);
        transaction.begin();
        transaction.journal(before, List.of(1, 3), superJournal);
        transaction.write(0, Arrays.copyOf(after, Bench.PAGE_SIZE));
        transaction.write(2 * Bench.PAGE_SIZE, Arrays.copyOfRange(after, 2 * Bench.PAGE_SIZE, after.length));
        return after;
    }

    private void fillAndTrim() {
        Database b = set.find("b.db").orElseThrow();
        for (int i = 0; i < 30; i++) {
            other = Bench.commit(b, host, other, random);
        }
        set.maintain();
    }

    private void keepsAfterAPowerCut(byte[] after) throws IOException {
        assertEquals(10, a.position().txid());
        for (long seed = 0; seed < 8; seed++) {
            DatabaseSet again = DatabaseSet.open(disk.powerCut(seed), OPTIONS, new SimHost());
            Database found = again.find("a.db").orElseThrow();
            assertEquals(List.of(), found.warnings());
            assertEquals(10, found.position().txid());
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            again.export("a.db", 0, Channels.newChannel(out));
            assertArrayEquals(after, out.toByteArray());
        }
    }
}
