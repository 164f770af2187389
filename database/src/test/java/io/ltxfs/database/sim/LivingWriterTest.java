package io.ltxfs.database.sim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ltxfs.database.Completion;
import io.ltxfs.database.Database;
import io.ltxfs.database.DatabaseSet;
import io.ltxfs.database.DatabaseSetOptions;
import io.ltxfs.database.Handle;
import io.ltxfs.database.SqliteFile;
import io.ltxfs.database.disk.Errno;
import io.ltxfs.database.log.LogOptions;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Rule A7: who takes the journal of a living writer away in the middle of its transaction commits nothing. */
class LivingWriterTest {
    private static final int FOREIGN = 2;

    private final SimDisk disk = new SimDisk(1);
    private final SimHost host = new SimHost();
    private final byte[] content = Bench.image(4, new Random(1));
    private Database database;
    private Transaction transaction;
    private Handle second;

    @BeforeEach
    void begin() throws IOException {
        Quiet.please();
        LogOptions log = new LogOptions(1 << 20, 1 << 20, true, false);
        DatabaseSet set =
                DatabaseSet.open(disk, new DatabaseSetOptions(log, name -> false, 1 << 20, () -> 1_000), host);
        Bench.stage(disk, "staging/1", content);
        database = set.install("staging/1", Bench.position("a.db", 1, 1, content));
        transaction = new Transaction(database, host);
        transaction.begin();
        transaction.journal(content, List.of(2, 3));
        transaction.write(Bench.PAGE_SIZE, new byte[Bench.PAGE_SIZE]);
    }

    @Test
    void anUnlinkByAnotherProcessIsRefused() throws IOException {
        assertEquals(Errno.EBUSY, call(done -> database.unlinkJournal(FOREIGN, done)));
        finish();
    }

    @Test
    void aTruncateByAnotherProcessIsRefused() throws IOException {
        SqliteFile journal = database.journal().orElseThrow();
        Handle foreign = new Handle(true, false, FOREIGN);
        assertEquals(Errno.EBUSY, call(done -> journal.truncate(foreign, 0, done)));
        finish();
    }

    @Test
    void zerosFromAnotherProcessAreRefused() throws IOException {
        SqliteFile journal = database.journal().orElseThrow();
        Handle foreign = new Handle(true, false, FOREIGN);
        assertEquals(Errno.EBUSY, call(done -> journal.write(foreign, 0, ByteBuffer.wrap(new byte[28]), done)));
        finish();
    }

    /** The other one finds the journal hot, and plays it back: it has written the database then. */
    @Test
    void aRollbackByAnotherProcessIsNone() throws IOException {
        second = new Handle(true, false, FOREIGN);
        database.file().opened(second);
        byte[] page = java.util.Arrays.copyOfRange(content, Bench.PAGE_SIZE, 2 * Bench.PAGE_SIZE);
        assertEquals(0, call(done -> database.file().write(second, Bench.PAGE_SIZE, ByteBuffer.wrap(page), done)));
        assertEquals(0, call(done -> database.unlinkJournal(FOREIGN, done)));
        assertEquals(1, database.position().txid());
        assertArrayEquals(content, Checker.content(database));
    }

    private void finish() throws IOException {
        assertEquals(1, database.position().txid());
        transaction.write(2 * Bench.PAGE_SIZE, new byte[Bench.PAGE_SIZE]);
        transaction.sync();
        transaction.end();
        assertEquals(2, database.position().txid());
        byte[] after = content.clone();
        java.util.Arrays.fill(after, Bench.PAGE_SIZE, 3 * Bench.PAGE_SIZE, (byte) 0);
        assertArrayEquals(after, Checker.content(database));
    }

    private int call(Consumer<Completion> call) {
        int[] errno = {-1};
        call.accept(result -> errno[0] = result);
        while (host.runAnswers() || errno[0] == -1 && host.runTask()) {
            // Until it is answered.
        }
        return errno[0];
    }
}
