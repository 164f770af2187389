package io.ltxfs.database.log;

import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.disk.DiskFile;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * A stage's file as the one has it who staged the pages. After a failed sync what it holds may be lost at any moment; the
 * log then makes a copy that is durable, and puts that in its place (F7). From the append on it is only read.
 */
final class StageFile implements DiskFile {
    private volatile DiskFile file;

    /** Calls may run on them yet. Guarded by this. */
    private final List<DiskFile> before = new ArrayList<>();

    /** Guarded by this. */
    private boolean closed;

    StageFile(DiskFile file) {
        this.file = file;
    }

    /** @param copy belongs to this from here on */
    synchronized void replace(DiskFile copy) {
        if (closed) {
            copy.close();
            return;
        }
        before.add(file);
        file = copy;
    }

    @Override
    public int read(ByteBuffer target, long offset) throws DiskException {
        return file.read(target, offset);
    }

    @Override
    public void write(ByteBuffer source, long offset) throws DiskException {
        file.write(source, offset);
    }

    @Override
    public long size() throws DiskException {
        return file.size();
    }

    @Override
    public long modifiedNanos() throws DiskException {
        return file.modifiedNanos();
    }

    @Override
    public void truncate(long size) throws DiskException {
        file.truncate(size);
    }

    @Override
    public void allocate(long offset, long length) throws DiskException {
        file.allocate(offset, length);
    }

    @Override
    public void sync() throws DiskException {
        file.sync();
    }

    @Override
    public synchronized void close() {
        closed = true;
        before.forEach(DiskFile::close);
        before.clear();
        file.close();
    }
}
