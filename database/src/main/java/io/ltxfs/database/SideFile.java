package io.ltxfs.database;

import io.ltxfs.database.disk.Disk;
import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.disk.DiskFile;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of a journal, WAL, wal-index or super-journal. They need not survive the node: recovery uses the log alone
 * and begins with no side files. So a small one stays in memory; one that outgrows its bound, or the budget that all
 * share, moves to a file. Not thread-safe: the database's lock owns it.
 */
final class SideFile {
    private static final int CHUNK = 16 << 10;
    private final SideStore store;
    private final long memoryBytesMax;
    private byte[][] chunks = new byte[0][];
    private @Nullable DiskFile file;
    private String path = "";
    private long size;

    /** @param memoryBytesMax up to this length it may stay in memory; {@code Long.MAX_VALUE}: always */
    SideFile(SideStore store, long memoryBytesMax) {
        this.store = store;
        this.memoryBytesMax = memoryBytesMax;
    }

    long size() {
        return size;
    }

    int read(long offset, ByteBuffer target) throws DiskException {
        if (offset >= size) {
            return 0;
        }
        int length = (int) Math.min(target.remaining(), size - offset);
        int end = target.limit();
        target.limit(target.position() + length);
        if (file != null) {
            int read = file.read(target, offset);
            while (target.hasRemaining()) {
                target.put((byte) 0);
                read++;
            }
        } else {
            for (long at = offset; target.hasRemaining(); ) {
                int within = (int) (at % CHUNK);
                int part = Math.min(target.remaining(), CHUNK - within);
                target.put(chunks[(int) (at / CHUNK)], within, part);
                at += part;
            }
        }
        target.limit(end);
        return length;
    }

    /** Copies bytes that are known to be there. */
    void copy(long offset, byte[] target, int position, int length) throws DiskException {
        if (file == null) {
            long at = offset;
            int to = position;
            for (int left = length; left > 0; ) {
                int within = (int) (at % CHUNK);
                int part = Math.min(left, CHUNK - within);
                System.arraycopy(chunks[(int) (at / CHUNK)], within, target, to, part);
                at += part;
                to += part;
                left -= part;
            }
        } else {
            file.read(ByteBuffer.wrap(target, position, length), offset);
        }
    }

    void write(long offset, ByteBuffer source) throws DiskException {
        long end = offset + source.remaining();
        if (!reserve(end)) {
            spilled().write(source, offset);
        } else {
            for (long at = offset; source.hasRemaining(); ) {
                int within = (int) (at % CHUNK);
                int part = Math.min(source.remaining(), CHUNK - within);
                source.get(chunks[(int) (at / CHUNK)], within, part);
                at += part;
            }
        }
        size = Math.max(size, end);
    }

    /** Puts zeros over a range; what lies at or past the end stays cut off. */
    void clear(long offset, long length) throws DiskException {
        ByteBuffer zeros = ByteBuffer.allocate((int) Math.min(length, CHUNK));
        for (long at = offset; at < offset + length; ) {
            zeros.clear().limit((int) Math.min(CHUNK, offset + length - at));
            at += zeros.remaining();
            write(at - zeros.remaining(), zeros);
        }
    }

    void truncate(long newSize) throws DiskException {
        if (newSize > size && !reserve(newSize)) {
            spilled();
        }
        if (file != null) {
            file.truncate(newSize);
        } else if (newSize < size) {
            int keep = chunksFor(newSize);
            int within = (int) (newSize % CHUNK);
            if (within != 0) {
                Arrays.fill(chunks[keep - 1], within, CHUNK, (byte) 0);
            }
            release(chunks.length - keep);
            chunks = Arrays.copyOf(chunks, keep);
        }
        size = newSize;
    }

    /** Gives memory and file back. */
    void close() {
        release(chunks.length);
        chunks = new byte[0][];
        size = 0;
        if (file != null) {
            file.close();
            file = null;
            try {
                store.disk.unlink(path);
            } catch (DiskException e) {
                // The directory is emptied at the next start: nothing depends on it now.
            }
        }
    }

    /** Sees to it that memory holds bytes up to {@code end}; false if the file has to. */
    private boolean reserve(long end) {
        if (file != null) {
            return false;
        }
        int wanted = chunksFor(end);
        if (wanted <= chunks.length) {
            return true;
        }
        if (bounded() && (end > memoryBytesMax || !store.budget.tryTake((long) (wanted - chunks.length) * CHUNK))) {
            return false;
        }
        int had = chunks.length;
        chunks = Arrays.copyOf(chunks, wanted);
        for (int i = had; i < wanted; i++) {
            chunks[i] = new byte[CHUNK];
        }
        return true;
    }

    private DiskFile spilled() throws DiskException {
        if (file == null) {
            String name = store.newPath();
            DiskFile opened = store.disk.open(name, Disk.Mode.CREATE);
            try {
                opened.truncate(0);
                for (int i = 0; i < chunks.length; i++) {
                    long at = (long) i * CHUNK;
                    if (at < size) {
                        opened.write(ByteBuffer.wrap(chunks[i], 0, (int) Math.min(CHUNK, size - at)), at);
                    }
                }
            } catch (DiskException e) {
                opened.close();
                store.disk.unlink(name);
                throw e;
            }
            path = name;
            file = opened;
            release(chunks.length);
            chunks = new byte[0][];
        }
        return file;
    }

    private void release(int count) {
        if (bounded()) {
            store.budget.giveBack((long) count * CHUNK);
        }
    }

    private boolean bounded() {
        return memoryBytesMax != Long.MAX_VALUE;
    }

    private static int chunksFor(long bytes) {
        return (int) ((bytes + CHUNK - 1) / CHUNK);
    }
}
