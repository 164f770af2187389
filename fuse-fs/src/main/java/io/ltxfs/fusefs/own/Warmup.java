package io.ltxfs.fusefs.own;

import io.ltxfs.database.posix.FileStat;
import io.ltxfs.database.posix.OpenFlags;
import io.ltxfs.database.posix.Posix;
import io.ltxfs.database.posix.PosixException;
import io.ltxfs.database.posix.RecordLock;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;

/**
 * Does on an ordinary file, while the thread still shares the process's descriptors, each thing that a job may do later,
 * successes and failures: whatever has to be loaded or bound for it is then there.
 */
final class Warmup implements OwnJob<Boolean>, AutoCloseable {
    private final Path file;

    private Warmup(Path file) {
        this.file = file;
    }

    static Warmup create() throws IOException {
        return new Warmup(Files.createTempFile("ltxfs", ".tmp"));
    }

    @Override
    public Boolean run(OwnMountThread thread) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocateDirect(8);
        OwnFile one = thread.open(file.toString(), OpenFlags.RDWR);
        OwnFile two = thread.open(file.toString(), OpenFlags.RDWR);
        one.write(buffer, 0);
        buffer.flip();
        one.read(buffer, 0);
        one.setLock(RecordLock.WRITE, 0, 1);
        boolean locked = two.setLock(RecordLock.READ, 0, 1);
        two.queryLock(RecordLock.READ, 0, 1);
        one.setLock(RecordLock.UNLOCK, 0, 1);
        two.queryLock(RecordLock.READ, 0, 1);
        one.startWriteBack(0, 8);
        one.sync();
        one.truncate(0);
        FileStat stat = one.stat();
        one.close();
        two.close();
        fail(thread);
        // What the split itself needs.
        Posix.list("/proc/thread-self/fd");
        Posix.readlink("/proc/thread-self/fd/0");
        return !locked && stat.size() == 0;
    }

    private void fail(OwnMountThread thread) {
        try {
            thread.open(file + "/none", OpenFlags.RDONLY).close();
        } catch (PosixException expected) {
            Objects.requireNonNull(expected.getMessage());
        }
    }

    @Override
    public void close() throws IOException {
        Files.delete(file);
    }
}
