package io.ltxfs.ltx;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * A database file that LTX files are applied to, with its checksum. The checksum is computed once and then kept
 * along, page by page, by reading what a change replaces; no memory is needed for it.
 */
final class DatabaseImage {
    private static final int COPY_SIZE = 64 * 1024;

    private final FileChannel channel;
    private int pageSize;
    private boolean checksumKnown;
    private long checksum;
    private ByteBuffer page = ByteBuffer.allocate(0);

    DatabaseImage(FileChannel channel) {
        this.channel = channel;
    }

    /** Copies a file in; blocks of zeros become holes. */
    void copyFrom(Path database) throws IOException {
        try (FileChannel from = FileChannel.open(database, StandardOpenOption.READ)) {
            ByteBuffer block = ByteBuffer.allocate(COPY_SIZE);
            long size = from.size();
            for (long at = 0; at < size; at += COPY_SIZE) {
                block.clear().limit((int) Math.min(COPY_SIZE, size - at));
                readFully(from, block, at);
                if (!isZero(block)) {
                    writeFully(block, at);
                }
            }
            setSize(size);
        }
    }

    /** Every page from here on has this size. */
    void setPageSize(int pageSize) {
        if (this.pageSize != pageSize) {
            this.pageSize = pageSize;
            this.checksumKnown = false;
            this.page = ByteBuffer.allocate(pageSize);
        }
    }

    long checksum() throws IOException {
        if (!checksumKnown) {
            channel.position(0);
            // The stream is not closed: the channel stays in use.
            checksum = DatabaseChecksum.of(Channels.newInputStream(channel), pageSize);
            checksumKnown = true;
        }
        return checksum;
    }

    void writePage(int pgno, byte[] content) throws IOException {
        long offset = LtxLayout.pageOffset(pgno, pageSize);
        if (checksumKnown) {
            growTo(offset);
            long before = offset < channel.size() ? checksumAt(pgno, offset) : 0;
            checksum = PageChecksum.replace(checksum, before, PageChecksum.of(pgno, content, 0, pageSize));
        }
        writeFully(ByteBuffer.wrap(content, 0, pageSize), offset);
    }

    /** Cuts off pages, or adds pages of zeros. */
    void resize(long size) throws IOException {
        if (checksumKnown) {
            growTo(size);
            for (long offset = size; offset < channel.size(); offset += pageSize) {
                checksum = PageChecksum.replace(checksum, checksumAt(pgnoAt(offset), offset), 0);
            }
        }
        setSize(size);
    }

    /** Pages of zeros count in the checksum like any others. */
    private void growTo(long size) throws IOException {
        long old = channel.size();
        if (old < size) {
            byte[] zeros = new byte[pageSize];
            for (long offset = old; offset < size; offset += pageSize) {
                int pgno = pgnoAt(offset);
                if (pgno != LockPage.pgno(pageSize)) {
                    checksum = PageChecksum.toggle(checksum, PageChecksum.of(pgno, zeros, 0, pageSize));
                }
            }
            setSize(size);
        }
    }

    private int pgnoAt(long offset) {
        return (int) (offset / pageSize + 1);
    }

    private long checksumAt(int pgno, long offset) throws IOException {
        if (pgno == LockPage.pgno(pageSize)) {
            return 0;
        }
        readFully(channel, page.clear(), offset);
        return PageChecksum.of(pgno, page, 0, pageSize);
    }

    private void setSize(long size) throws IOException {
        if (channel.size() > size) {
            channel.truncate(size);
        } else if (channel.size() < size) {
            writeFully(ByteBuffer.allocate(1), size - 1);
        }
    }

    private void writeFully(ByteBuffer bytes, long offset) throws IOException {
        long start = offset - bytes.position();
        while (bytes.hasRemaining()) {
            channel.write(bytes, start + bytes.position());
        }
    }

    private static void readFully(FileChannel from, ByteBuffer bytes, long offset) throws IOException {
        while (bytes.hasRemaining()) {
            if (from.read(bytes, offset + bytes.position()) < 0) {
                throw new EOFException("the database ends at byte " + from.size());
            }
        }
        bytes.flip();
    }

    private static boolean isZero(ByteBuffer bytes) {
        byte[] array = bytes.array();
        for (int i = 0; i < bytes.limit(); i++) {
            if (array[i] != 0) {
                return false;
            }
        }
        return true;
    }

    /** How many bytes a database on this file's disk can have at most. */
    static long sizeMax(Path file) throws IOException {
        long present = Files.exists(file) ? Files.size(file) : 0;
        Path directory = file.toAbsolutePath().getParent();
        return present + Files.getFileStore(directory).getUsableSpace();
    }
}
