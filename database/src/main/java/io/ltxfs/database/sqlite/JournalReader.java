package io.ltxfs.database.sqlite;

import io.ltxfs.database.disk.DiskException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * Reads a rollback journal as {@code pager_playback} does: segments of a header and records, each record with a sampled
 * checksum; reading ends at the first that is not valid.
 */
public final class JournalReader {

    /** Random access to the journal's bytes. */
    @FunctionalInterface
    public interface Source {
        /** Fills the buffer as far as the journal reaches; returns the number of bytes. */
        int read(long offset, ByteBuffer target) throws DiskException;
    }

    /** Receives the records; the buffer holds the pre-image of one page. */
    @FunctionalInterface
    public interface RecordVisitor {
        /** @return false to stop */
        boolean record(int pgno, int pageSize, ByteBuffer preImage) throws DiskException;
    }

    private final Source source;
    private final long length;
    private final ByteBuffer header = ByteBuffer.allocate(JournalLayout.HEADER_SIZE);

    /**
     * @param length how far the journal was written since its header was: what lies beyond is of an older transaction
     */
    public JournalReader(Source source, long length) {
        this.source = source;
        this.length = length;
    }

    /** Whether the journal's first header says that the journal is not synced ({@code synchronous=OFF}). */
    public boolean notSynced() throws DiskException {
        return readHeader(0) && header.getInt(JournalLayout.RECORD_COUNT) == JournalLayout.COUNT_NOT_SYNCED;
    }

    /** The page size that the first header names; 0 if there is no valid header. */
    public int pageSize() throws DiskException {
        if (!readHeader(0)) {
            return 0;
        }
        int size = header.getInt(JournalLayout.PAGE_SIZE);
        return DatabaseHeader.isPageSize(size) ? size : 0;
    }

    /** The database's size in pages before the transaction. */
    public int originalPages() throws DiskException {
        return readHeader(0) ? header.getInt(JournalLayout.ORIGINAL_PAGES) : 0;
    }

    /** Visits the valid records of all segments in file order. */
    public void records(RecordVisitor visitor) throws DiskException {
        if (!readHeader(0)) {
            return;
        }
        int sector = header.getInt(JournalLayout.SECTOR_SIZE);
        int pageSize = header.getInt(JournalLayout.PAGE_SIZE);
        if (sector < 32 || sector > 65536 || Integer.bitCount(sector) != 1 || !DatabaseHeader.isPageSize(pageSize)) {
            return;
        }
        ByteBuffer record = ByteBuffer.allocate(pageSize + JournalLayout.RECORD_OVERHEAD);
        long offset = 0;
        while (readHeader(offset)) {
            int stored = header.getInt(JournalLayout.RECORD_COUNT);
            int nonce = header.getInt(JournalLayout.NONCE);
            boolean open = stored == JournalLayout.COUNT_NOT_SYNCED;
            long count = open ? Long.MAX_VALUE : Integer.toUnsignedLong(stored);
            long position = offset + sector;
            for (long i = 0; i < count; i++) {
                if (!readRecord(record, position, pageSize, nonce)) {
                    break;
                }
                int pgno = record.getInt(0);
                record.position(4).limit(4 + pageSize);
                if (!visitor.record(pgno, pageSize, record)) {
                    return;
                }
                position += record.capacity();
            }
            if (open || stored == 0) {
                return;
            }
            offset = (position + sector - 1) / sector * sector;
        }
    }

    /** The base name of the super-journal that the journal's tail names, or an empty string. */
    public String superJournal() throws DiskException {
        if (length < JournalLayout.SUPER_TAIL + 4) {
            return "";
        }
        ByteBuffer tail = ByteBuffer.allocate(JournalLayout.SUPER_TAIL);
        source.read(length - JournalLayout.SUPER_TAIL, tail);
        if (tail.hasRemaining() || tail.getLong(8) != JournalLayout.MAGIC) {
            return "";
        }
        int nameLength = tail.getInt(0);
        if (nameLength <= 0
                || nameLength > JournalLayout.SUPER_NAME_MAX
                || nameLength > length - JournalLayout.SUPER_TAIL) {
            return "";
        }
        ByteBuffer name = ByteBuffer.allocate(nameLength);
        source.read(length - JournalLayout.SUPER_TAIL - nameLength, name);
        int sum = 0;
        for (byte b : name.array()) {
            sum += b;
        }
        if (name.hasRemaining() || sum != tail.getInt(4)) {
            return "";
        }
        String path = new String(name.array(), StandardCharsets.UTF_8);
        return path.substring(path.lastIndexOf('/') + 1);
    }

    private boolean readHeader(long offset) throws DiskException {
        if (offset + JournalLayout.HEADER_SIZE > length) {
            return false;
        }
        header.clear();
        source.read(offset, header);
        return !header.hasRemaining() && header.getLong(0) == JournalLayout.MAGIC;
    }

    private boolean readRecord(ByteBuffer record, long position, int pageSize, int nonce) throws DiskException {
        if (position + record.capacity() > length) {
            return false;
        }
        record.clear();
        source.read(position, record);
        if (record.hasRemaining()) {
            return false;
        }
        record.clear();
        int sum = nonce;
        for (int i = pageSize - 200; i > 0; i -= 200) {
            sum += Byte.toUnsignedInt(record.get(4 + i));
        }
        return record.getInt(0) != 0 && sum == record.getInt(4 + pageSize);
    }
}
