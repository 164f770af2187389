package io.ltxfs.database.log;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.ltxfs.database.disk.Disk;
import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.disk.DiskFile;
import io.ltxfs.database.disk.Errno;
import io.ltxfs.database.sim.SimDisk;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A stage whose sync failed: the kernel may forget its pages at any moment, and reads give what the disk has. */
class StageFaultsTest {
    private static final int PAGE_BYTES = 4096;

    private final SimDisk disk = new SimDisk(7);
    private TransactionLog log;
    private Stage stage;
    private final Map<Integer, byte[]> content = new HashMap<>();

    /** A file, whatever its name is now. */
    private static final class Inode {
        boolean forgotten;
    }

    private final Map<String, Inode> inodes = new HashMap<>();

    @BeforeEach
    void stageWhoseSyncFails() throws Exception {
        Disk forgetting = (Disk) Proxy.newProxyInstance(
                Disk.class.getClassLoader(), new Class<?>[] {Disk.class}, (proxy, method, arguments) -> {
                    Object result = invoke(disk, method, arguments);
                    if (method.getName().equals("rename") && inodes.containsKey((String) arguments[0])) {
                        inodes.put((String) arguments[1], inodes.remove((String) arguments[0]));
                    }
                    if (method.getName().equals("open") && ((String) arguments[0]).startsWith("log/stage-")) {
                        return file((DiskFile) result, inodes.computeIfAbsent((String) arguments[0], p -> new Inode()));
                    }
                    return result;
                });
        log = TransactionLog.open(forgetting, new LogOptions(1 << 20, 1L << 30, true, false));
        Random random = new Random(3);
        for (int pgno = 1; pgno <= 3; pgno++) {
            byte[] page = new byte[PAGE_BYTES];
            random.nextBytes(page);
            content.put(pgno, page);
        }
        PageSet pages = TestPages.staged(log, content);
        stage = pages.stage().orElseThrow();
        long lsn = log.append(new LogRecord.Committed(TestPages.delta("d", 1), pages));
        fails(SimDisk.Kind.SYNC, stage.path());
        assertThrows(DiskException.class, () -> log.flushAndWait(lsn));
    }

    @Test
    void isNotSavedASecondTimeFromWhatIsForgotten() throws Exception {
        Inode old = inodes.get(stage.path());
        fails(SimDisk.Kind.SYNC_DIRECTORY, "log");
        assertThrows(DiskException.class, () -> log.flushAndWait(1));
        old.forgotten = true;
        log.flushAndWait(1);
        isWhole(log);
        isWhole(TransactionLog.open(disk.powerCut(3), new LogOptions(1 << 20, 1L << 30, true, false)));
    }

    @Test
    void isReadFromItsCopyByWhoeverStagedThePages() throws Exception {
        Inode old = inodes.get(stage.path());
        log.flushAndWait(1);
        old.forgotten = true;
        ByteBuffer page = ByteBuffer.allocate(PAGE_BYTES);
        // The last page was staged first.
        stage.file().read(page, 0);
        assertArrayEquals(content.get(3), page.array());
        stage.file().close();
    }

    private void isWhole(TransactionLog of) throws DiskException {
        Map<Integer, byte[]> found = TestPages.read(of, TestPages.entries(of).get(0));
        assertEquals(content.keySet(), found.keySet());
        found.forEach((pgno, page) -> assertArrayEquals(content.get(pgno), page));
    }

    private void fails(SimDisk.Kind which, String where) {
        boolean[] done = {false};
        // The note that a sync has failed changes the directory too.
        disk.faults((kind, path) -> {
            boolean now = !done[0] && kind == which && path.equals(where);
            done[0] |= now;
            return now ? Errno.EIO : 0;
        });
    }

    private static DiskFile file(DiskFile real, Inode inode) {
        return (DiskFile) Proxy.newProxyInstance(
                DiskFile.class.getClassLoader(), new Class<?>[] {DiskFile.class}, (proxy, method, arguments) -> {
                    Object result = invoke(real, method, arguments);
                    if (method.getName().equals("read") && inode.forgotten) {
                        ByteBuffer target = (ByteBuffer) arguments[0];
                        for (int at = target.position() - (int) result; at < target.position(); at++) {
                            target.put(at, (byte) 0);
                        }
                    }
                    return result;
                });
    }

    private static Object invoke(Object real, java.lang.reflect.Method method, Object[] arguments) throws Throwable {
        try {
            return method.invoke(real, arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }
}
