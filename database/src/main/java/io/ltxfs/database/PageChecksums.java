package io.ltxfs.database;

import io.ltxfs.database.disk.Disk;
import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.disk.DiskFile;
import io.ltxfs.ltx.LockPage;
import io.ltxfs.ltx.PageChecksum;
import java.nio.ByteBuffer;
import java.nio.LongBuffer;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The LTX checksum of every page of one database as it is at the database's position (not as its file is), 8 bytes a
 * page, in a file; a bounded number of chunks is in memory. Like the database file it is a cache of the log: what it
 * holds beyond the watermark is set again by recovery, which then checks the XOR of all against the log (F8). A value
 * of 0 stands for no page. Not thread-safe: the database's lock owns it.
 */
final class PageChecksums {
    private static final int ENTRIES = 512;
    private static final int CHUNK_BYTES = ENTRIES * Long.BYTES;
    private static final int CHUNKS_MAX = 128;

    private final DiskFile file;
    private final LinkedHashMap<Integer, long[]> clean = new LinkedHashMap<>(16, 0.75f, true);
    private final HashMap<Integer, long[]> dirty = new HashMap<>();
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(CHUNK_BYTES);

    PageChecksums(Disk disk, String path) throws DiskException {
        this.file = disk.open(path, Disk.Mode.CREATE);
    }

    /** The checksum of a page, or 0. */
    long get(int pgno) throws DiskException {
        return chunk(index(pgno))[offset(pgno)];
    }

    /** Sets a page's checksum. Does not fail if {@link #get} of the page succeeded since the last {@link #write}. */
    void set(int pgno, long checksum) throws DiskException {
        int index = index(pgno);
        long[] chunk = dirty.get(index);
        if (chunk == null) {
            chunk = chunk(index);
            clean.remove(index);
            dirty.put(index, chunk);
        }
        chunk[offset(pgno)] = checksum;
    }

    /** Removes the checksums of pages {@code first} to {@code last} and returns the XOR of what they were. */
    long clear(int first, int last) throws DiskException {
        long xor = 0;
        for (long p = Integer.toUnsignedLong(first); p <= Integer.toUnsignedLong(last); p++) {
            long before = get((int) p);
            if (before != 0) {
                xor ^= before;
                set((int) p, 0);
            }
        }
        return xor;
    }

    /** The database checksum of pages 1 to {@code commit}; 0 if a page that must have a checksum has none. */
    long total(int commit, int pageSize) throws DiskException {
        int lockPage = LockPage.pgno(pageSize);
        long total = PageChecksum.FLAG;
        for (long p = 1; p <= Integer.toUnsignedLong(commit); p++) {
            if (p != lockPage) {
                long checksum = get((int) p);
                if (checksum == 0) {
                    return 0;
                }
                total = PageChecksum.toggle(total, checksum);
            }
        }
        return total;
    }

    /** Writes what changed to the file; {@link #sync} makes it durable. */
    void write() throws DiskException {
        var iterator = dirty.entrySet().iterator();
        while (iterator.hasNext()) {
            Map.Entry<Integer, long[]> entry = iterator.next();
            buffer.clear();
            buffer.asLongBuffer().put(entry.getValue());
            file.write(buffer, (long) entry.getKey() * CHUNK_BYTES);
            clean.put(entry.getKey(), entry.getValue());
            iterator.remove();
        }
        while (clean.size() > CHUNKS_MAX) {
            clean.remove(clean.keySet().iterator().next());
        }
    }

    /** Makes durable what was written. May run without the database's lock. */
    void sync() throws DiskException {
        file.sync();
    }

    void close() {
        file.close();
    }

    private long[] chunk(int index) throws DiskException {
        long[] chunk = dirty.get(index);
        if (chunk != null) {
            return chunk;
        }
        chunk = clean.get(index);
        if (chunk == null) {
            chunk = new long[ENTRIES];
            buffer.clear();
            file.read(buffer, (long) index * CHUNK_BYTES);
            buffer.flip();
            LongBuffer longs = buffer.asLongBuffer();
            longs.get(chunk, 0, longs.remaining());
            clean.put(index, chunk);
            if (clean.size() > CHUNKS_MAX && dirty.size() <= CHUNKS_MAX) {
                clean.remove(clean.keySet().iterator().next());
            }
        }
        return chunk;
    }

    /** Whether so much has changed in memory that it should be written. */
    boolean wantsWrite() {
        return dirty.size() > CHUNKS_MAX;
    }

    private static int index(int pgno) {
        return Integer.divideUnsigned(pgno - 1, ENTRIES);
    }

    private static int offset(int pgno) {
        return Integer.remainderUnsigned(pgno - 1, ENTRIES);
    }
}
