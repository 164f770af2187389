package io.ltxfs.database.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.database.disk.Disk;
import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.disk.DiskFile;
import io.ltxfs.database.disk.Errno;
import io.ltxfs.database.disk.PosixDisk;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A spare file that one thread takes while another cares for the next one. */
class SpareSegmentTest {
    private static final long BYTES = 64 << 10;
    private static final String SPARE = LogFiles.path("spare.tmp");
    private static final String NEXT = LogFiles.segment(2);
    private static final String OLD = LogFiles.segment(1);

    private Disk disk;
    private SpareSegment spare;

    /** What another thread does between a taker's decision and its rename. */
    private Action meanwhile = () -> {};

    private boolean directorySyncFails;

    @FunctionalInterface
    private interface Action {
        void run() throws DiskException;
    }

    @BeforeEach
    void makeOne(@TempDir Path directory) throws Exception {
        Disk real = new PosixDisk(directory);
        real.makeDirectories(TransactionLog.DIRECTORY);
        disk = (Disk) Proxy.newProxyInstance(
                Disk.class.getClassLoader(), new Class<?>[] {Disk.class}, (proxy, method, arguments) -> {
                    if (method.getName().equals("rename") && arguments[0].equals(SPARE)) {
                        Action action = meanwhile;
                        meanwhile = () -> {};
                        action.run();
                    }
                    if (method.getName().equals("syncDirectory") && directorySyncFails) {
                        throw new DiskException(Errno.EIO, "a fault of the test's");
                    }
                    try {
                        return method.invoke(real, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
        spare = new SpareSegment(disk);
        assertTrue(spare.prepare(BYTES));
    }

    @Test
    void isNotWrittenWhileItIsTaken() throws Exception {
        meanwhile = () -> assertFalse(spare.prepare(2 * BYTES));
        assertTrue(spare.take(NEXT));
        assertEquals(BYTES, sizeOf(NEXT), "written by another thread");
        assertFalse(spare.take(NEXT), "there is none");
    }

    @Test
    void isNotReplacedWhileItIsTaken() throws Exception {
        disk.open(OLD, Disk.Mode.CREATE).close();
        meanwhile = () -> assertFalse(spare.recycle(OLD));
        assertTrue(spare.take(NEXT));
        assertEquals(BYTES, sizeOf(NEXT), "another file than the one that was ready");
        assertTrue(disk.exists(OLD));
        assertFalse(spare.take(NEXT), "there is none");
    }

    @Test
    void isMadeAgainAfterATakeThatFailed() throws Exception {
        meanwhile = () -> disk.unlink(SPARE);
        try {
            spare.take(NEXT);
        } catch (DiskException e) {
            assertTrue(spare.prepare(BYTES));
            assertTrue(spare.take(NEXT));
            return;
        }
        throw new AssertionError("took what was not there");
    }

    private long sizeOf(String path) throws DiskException {
        DiskFile file = disk.open(path, Disk.Mode.READ);
        try {
            return file.size();
        } finally {
            file.close();
        }
    }

    @Test
    void isNotWrittenUnderANameThatMayComeBack() throws Exception {
        assertTrue(spare.take(NEXT));
        disk.open(OLD, Disk.Mode.CREATE).close();
        directorySyncFails = true;
        assertThrows(DiskException.class, () -> spare.recycle(OLD));
        assertFalse(disk.exists(SPARE), "what is prepared next would be written to the old segment");
    }
}
