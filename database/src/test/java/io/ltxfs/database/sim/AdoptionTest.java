package io.ltxfs.database.sim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ltxfs.database.Database;
import io.ltxfs.database.DatabaseSet;
import io.ltxfs.database.DatabaseSetOptions;
import io.ltxfs.database.Handle;
import io.ltxfs.database.log.LogOptions;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a connection without a journal has written becomes a transaction between two of its statements. */
class AdoptionTest {
    private static final int WRITER = 1;
    private static final int READER = 2;

    private final SimHost host = new SimHost();
    private final SimDisk disk = new SimDisk(1);
    private final Handle handle = new Handle(true, false, WRITER);
    private final byte[] content = Bench.image(3, new Random(1));
    private DatabaseSet set;
    private Database database;

    @BeforeEach
    void open() throws IOException {
        Quiet.please();
        LogOptions log = new LogOptions(1 << 20, 1 << 20, true, false);
        set = DatabaseSet.open(disk, new DatabaseSetOptions(log, name -> false, 1 << 20, () -> 1_000), host);
        Bench.stage(disk, "staging/1", content);
        database = set.install("staging/1", Bench.position("a.db", 1, 1, content));
        database.file().opened(handle);
    }

    /** A lock of the node's own would be in the way of the reader's next step, or it in the node's. */
    @Test
    void readersAndTheNodeAreInNobodysWay() {
        lock(WRITER, 'w');
        write(1, 7);
        unlock();
        lock(READER, 'r');
        poll();
        assertEquals(2, database.position().txid());
    }

    @Test
    void theMiddleOfATransactionIsNone() throws IOException {
        lock(WRITER, 'w');
        write(1, 7);
        unlock();
        poll();
        assertEquals(2, database.position().txid());

        lock(WRITER, 'w');
        write(1, 8);
        unlock();
        set.maintain();
        host.runAnswer();
        lock(WRITER, 'w');
        write(2, 8);
        host.foreign(true); // the kernel was asked before, its answer comes now
        settle();
        host.foreign(false);
        assertEquals(2, database.position().txid());
        unlock();
        poll();
        assertEquals(3, database.position().txid());
        byte[] after = content.clone();
        Arrays.fill(after, Bench.PAGE_SIZE, 3 * Bench.PAGE_SIZE, (byte) 8);
        assertArrayEquals(after, Checker.content(database));
    }

    /** An own thread that is held up would have to answer all that were asked meanwhile. */
    @Test
    void oneQuestionIsAskedAtATime() {
        lock(WRITER, 'w');
        write(1, 7);
        set.maintain();
        set.maintain();
        assertEquals(1, host.questions());
        unlock();
        poll();
        poll();
        assertEquals(2, database.position().txid());
    }

    private void poll() {
        set.maintain();
        settle();
    }

    private void settle() {
        while (host.runAnswers() || host.runTask()) {
            // Until nothing is left to do.
        }
    }

    private void write(int block, int value) {
        byte[] page = new byte[Bench.PAGE_SIZE];
        Arrays.fill(page, (byte) value);
        int[] errno = {-1};
        database.file().write(handle, (long) block * page.length, ByteBuffer.wrap(page), result -> errno[0] = result);
        while (errno[0] == -1 && (host.runAnswers() || host.runTask())) {
            // Until it is answered.
        }
        assertEquals(0, errno[0]);
    }

    private void lock(int pid, char type) {
        byte[] lock = ByteBuffer.allocate(9)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(512)
                .put((byte) type)
                .array();
        host.lock(new TraceRecord(TraceRecord.LOCK, pid, 1, 0x40000000L, database.name(), lock));
    }

    private void unlock() {
        host.exited(WRITER);
    }
}
