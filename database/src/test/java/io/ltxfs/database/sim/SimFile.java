package io.ltxfs.database.sim;

import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.disk.DiskFile;
import java.nio.ByteBuffer;

/** An open file of a {@link SimDisk}. Keeps the name that it was opened under, for messages. */
final class SimFile implements DiskFile {
    private final SimDisk disk;
    private final String path;
    private final SimInode inode;
    private boolean closed;

    SimFile(SimDisk disk, String path, SimInode inode) {
        this.disk = disk;
        this.path = path;
        this.inode = inode;
    }

    @Override
    public int read(ByteBuffer target, long offset) throws DiskException {
        open();
        return disk.read(path, inode, target, offset);
    }

    @Override
    public void write(ByteBuffer source, long offset) throws DiskException {
        open();
        disk.write(path, inode, source, offset);
    }

    @Override
    public long size() throws DiskException {
        open();
        return disk.size(inode);
    }

    @Override
    public void truncate(long size) throws DiskException {
        open();
        disk.truncate(path, inode, size);
    }

    @Override
    public void allocate(long offset, long length) throws DiskException {
        open();
        disk.allocate(path, inode, offset + length);
    }

    @Override
    public void sync() throws DiskException {
        open();
        disk.sync(path, inode);
    }

    @Override
    public void close() {
        closed = true;
    }

    private void open() {
        if (closed) {
            throw new IllegalStateException(path + " is used after close");
        }
    }
}
