package io.ltxfs.node.replication;

import io.ltxfs.ltx.PageChecksum;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * The pages of one database that have arrived, in a file that outlives a broken connection and the process: the next try
 * tells their checksums, and gets only what is missing or has changed. A record is page number, page size, checksum, page;
 * the last one of a page counts, and a torn or damaged tail is cut off. Not for use by several threads at once.
 */
final class SnapshotStage implements AutoCloseable {
    private static final int HEAD_BYTES = 16;
    private static final int PAGE_BYTES_MAX = 65536;

    private final Path path;
    private final FileChannel file;
    private final ByteBuffer record = ByteBuffer.allocateDirect(HEAD_BYTES + PAGE_BYTES_MAX);
    private int pageSize;
    private long end;
    /** By page number; the offset of the page, 0 if it is not here. */
    private long[] offsets = new long[64];

    private long[] checksums = new long[64];
    private int last;

    private SnapshotStage(Path path, FileChannel file) {
        this.path = path;
        this.file = file;
    }

    /** Opens what is there of a database. */
    static SnapshotStage open(Path directory, String database) throws IOException {
        Files.createDirectories(directory);
        Path path = directory.resolve("snapshot-" + name(database));
        FileChannel file =
                FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
        SnapshotStage stage = new SnapshotStage(path, file);
        try {
            stage.load();
            return stage;
        } catch (IOException | RuntimeException e) {
            file.close();
            throw e;
        }
    }

    /** Names of databases may be longer than those of files can be. */
    private static String name(String database) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(database.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(hash, 0, 16);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private void load() throws IOException {
        long size = file.size();
        while (end + HEAD_BYTES < size) {
            record.clear().limit(HEAD_BYTES);
            readFully(end);
            int pgno = record.getInt(0);
            int length = record.getInt(4);
            long checksum = record.getLong(8);
            boolean plausible = pgno > 0
                    && length >= 512
                    && length <= PAGE_BYTES_MAX
                    && (pageSize == 0 || length == pageSize)
                    && end + HEAD_BYTES + length <= size;
            if (!plausible) {
                break;
            }
            record.clear().limit(length);
            readFully(end + HEAD_BYTES);
            if (PageChecksum.of(pgno, record, 0, length) != checksum) {
                break;
            }
            pageSize = length;
            index(pgno, checksum, end + HEAD_BYTES);
            end += HEAD_BYTES + length;
        }
        file.truncate(end);
    }

    private void readFully(long offset) throws IOException {
        long at = offset;
        while (record.hasRemaining()) {
            int count = file.read(record, at);
            if (count < 0) {
                throw new IOException(path + " has become shorter");
            }
            at += count;
        }
        record.flip();
    }

    private void index(int pgno, long checksum, long offset) {
        if (pgno >= offsets.length) {
            int length = (int) Math.min(Integer.MAX_VALUE - 8L, Math.max(pgno + 1L, offsets.length * 2L));
            offsets = Arrays.copyOf(offsets, length);
            checksums = Arrays.copyOf(checksums, length);
        }
        offsets[pgno] = offset;
        checksums[pgno] = checksum;
        last = Math.max(last, pgno);
    }

    /** The page size of what is here; 0 if nothing is. */
    int pageSize() {
        return pageSize;
    }

    /** The highest page number that is here. */
    int lastPage() {
        return last;
    }

    /** The checksum of a page; 0 if it is not here. */
    long checksum(int pgno) {
        return pgno <= last ? checksums[pgno] : 0;
    }

    /** Forgets everything, unless it has this page size. */
    void begin(int size) throws IOException {
        if (pageSize != 0 && pageSize != size) {
            file.truncate(0);
            end = 0;
            Arrays.fill(offsets, 0);
            Arrays.fill(checksums, 0);
            last = 0;
        }
        pageSize = size;
    }

    /** Takes a page in. */
    void put(int pgno, byte[] page) throws IOException {
        if (pgno <= 0) {
            throw new IOException("page " + Integer.toUnsignedString(pgno) + " is beyond what can be staged");
        }
        long checksum = PageChecksum.of(pgno, page, 0, pageSize);
        record.clear();
        record.putInt(pgno).putInt(pageSize).putLong(checksum).put(page, 0, pageSize);
        record.flip();
        long at = end;
        while (record.hasRemaining()) {
            at += file.write(record, at);
        }
        index(pgno, checksum, end + HEAD_BYTES);
        end = at;
    }

    /** Reads a page that is here; the buffer is used again. */
    ByteBuffer page(int pgno) throws IOException {
        record.clear().limit(pageSize);
        readFully(offsets[pgno]);
        return record;
    }

    /** It is not needed any more. */
    void delete() throws IOException {
        Files.deleteIfExists(path);
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
