package io.ltxfs.database.disk;

import java.nio.ByteBuffer;

/** An open file of a {@link Disk}. Reads and writes name their offset and may run at the same time on several threads. */
public interface DiskFile extends AutoCloseable {

    /**
     * Fills the buffer's remaining space as far as the file reaches and advances its position.
     *
     * @return the number of bytes read; fewer than the space only at the end of the file
     */
    int read(ByteBuffer target, long offset) throws DiskException;

    /**
     * Writes all remaining bytes of the buffer and advances its position. When it throws, any part may have been
     * written.
     */
    void write(ByteBuffer source, long offset) throws DiskException;

    /** The length in bytes. */
    long size() throws DiskException;

    /** When the content last changed, nanoseconds since the Unix epoch; 0 where the disk does not tell. */
    default long modifiedNanos() throws DiskException {
        return 0;
    }

    /** Cuts the file, or extends it with zeros. */
    void truncate(long size) throws DiskException;

    /** Reserves space so that later writes in the range cannot fail for lack of it; does not change the size. */
    void allocate(long offset, long length) throws DiskException;

    /** Makes content and size durable (fdatasync). After a failure nothing may be concluded about what is on disk. */
    void sync() throws DiskException;

    @Override
    void close();
}
