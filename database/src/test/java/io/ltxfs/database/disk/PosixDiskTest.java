package io.ltxfs.database.disk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PosixDiskTest {
    @TempDir
    Path directory;

    private Disk disk;

    @BeforeEach
    void open() {
        disk = new PosixDisk(directory);
    }

    @Test
    void readsBackWhatWasWrittenFromBuffersOfBothKinds() throws Exception {
        Random random = new Random(1);
        byte[] expected = new byte[300_000];
        try (DiskFile file = disk.open("f", Disk.Mode.CREATE)) {
            for (int i = 0; i < 200; i++) {
                int offset = random.nextInt(expected.length - 1);
                byte[] bytes = new byte[random.nextInt(expected.length - offset)];
                random.nextBytes(bytes);
                System.arraycopy(bytes, 0, expected, offset, bytes.length);
                ByteBuffer source = ByteBuffer.wrap(bytes);
                if (random.nextBoolean()) {
                    source = ByteBuffer.allocateDirect(bytes.length + 7)
                            .position(7)
                            .put(bytes)
                            .position(7);
                }
                file.write(source, offset);
                assertFalse(source.hasRemaining());
            }
            long size = file.size();
            for (boolean direct : new boolean[] {true, false}) {
                ByteBuffer target = direct ? ByteBuffer.allocateDirect(400_000) : ByteBuffer.allocate(400_000);
                assertEquals(size, file.read(target, 0));
                byte[] actual = new byte[expected.length];
                target.flip().get(actual, 0, (int) size);
                assertArrayEquals(expected, actual);
                assertEquals(0, file.read(target.clear(), size));
                assertEquals(0, target.position());
            }
        }
    }

    @Test
    void sizesAndReservations() throws Exception {
        try (DiskFile file = disk.open("f", Disk.Mode.CREATE)) {
            file.allocate(0, 1 << 20);
            assertEquals(0, file.size());
            file.truncate(5000);
            assertEquals(5000, file.size());
            file.sync();
        }
    }

    @Test
    void namesOfFiles() throws Exception {
        assertEquals(
                Errno.ENOENT,
                assertThrows(DiskException.class, () -> disk.open("a/b/c", Disk.Mode.CREATE))
                        .errno());
        assertEquals(List.of(), disk.list("a"));
        disk.makeDirectories("a/b");
        disk.makeDirectories("a/b");
        disk.open("a/b/c", Disk.Mode.CREATE).close();
        assertTrue(disk.exists("a/b/c"));
        assertFalse(disk.exists("a/b/c/d"));
        disk.rename("a/b/c", "a/b/é");
        assertEquals(List.of("é"), disk.list("a/b"));
        disk.syncDirectory("a/b");
        disk.unlink("a/b/é");
        disk.unlink("a/b/é");
        assertFalse(disk.exists("a/b/é"));
        assertEquals(
                Errno.ENOENT,
                assertThrows(DiskException.class, () -> disk.open("a/b/é", Disk.Mode.WRITE))
                        .errno());
    }

    @Test
    void failuresCarryErrnoAndName() throws Exception {
        disk.open("f", Disk.Mode.CREATE).close();
        try (DiskFile file = disk.open("f", Disk.Mode.READ)) {
            DiskException failure = assertThrows(DiskException.class, () -> file.write(ByteBuffer.allocate(10), 0));
            assertEquals(Errno.EBADF, failure.errno());
            assertTrue(failure.getMessage().contains(directory + "/f"), failure.getMessage());
        }
        Files.createSymbolicLink(directory.resolve("link"), directory.resolve("f"));
        assertEquals(
                40,
                assertThrows(DiskException.class, () -> disk.open("link", Disk.Mode.READ))
                        .errno());
        DiskFile full = new PosixDisk(Path.of("/dev")).open("full", Disk.Mode.WRITE);
        assertEquals(
                Errno.ENOSPC,
                assertThrows(DiskException.class, () -> full.write(ByteBuffer.allocateDirect(10), 0))
                        .errno());
        full.close();
    }

    @Test
    void aClosedFileIsNotUsedAnyMore() throws Exception {
        DiskFile closed = disk.open("f", Disk.Mode.CREATE);
        closed.close();
        closed.close();
        try (DiskFile other = disk.open("g", Disk.Mode.CREATE)) {
            for (int i = 0; i < 3; i++) {
                assertEquals(
                        Errno.EBADF,
                        assertThrows(DiskException.class, () -> closed.write(ByteBuffer.allocate(10), 0))
                                .errno());
            }
            assertEquals(0, other.size());
        }
    }
}
