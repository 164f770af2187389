package io.ltxfs.database.log;

import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.disk.DiskFile;
import io.ltxfs.ltx.Crc64;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Writes records: a small one with one write, a larger one in pieces of the buffer's size.
 *
 * <p>Not thread-safe. Use: {@link #begin}, put the metadata into the buffer it returns, {@link #sizeWith}, {@link #write}.
 */
final class RecordWriter {
    private static final int BUFFER_BYTES = 256 * 1024;

    private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    private long chain;

    /** Where the metadata goes, up to {@link LogLayout#META_BYTES_MAX}. */
    ByteBuffer begin() {
        return buffer.clear().position(LogLayout.HEADER_BYTES);
    }

    /** The bytes that the record will take in the segment, with the metadata that was put. */
    long sizeWith(int pageCount, int pageSize, boolean staged) {
        return buffer.position()
                + (long) pageCount * LogLayout.TABLE_ENTRY_BYTES
                + (staged ? 0 : (long) pageCount * pageSize);
    }

    /** The chain of the record written last. */
    long chain() {
        return chain;
    }

    /**
     * Writes the record.
     *
     * @param previousChain the chain of the record before it
     * @return the offset behind it
     * @throws DiskException any part of the record may have been written
     */
    long write(DiskFile file, long offset, long previousChain, byte kind, long lsn, PageSet pages, int pageSize)
            throws DiskException {
        int metaEnd = buffer.position();
        if (metaEnd - LogLayout.HEADER_BYTES > LogLayout.META_BYTES_MAX) {
            throw new IllegalArgumentException("the metadata of a record is too long for the log");
        }
        int count = pages.count();
        boolean staged = count > 0 && pages.stage().isPresent();
        long size = sizeWith(count, pageSize, staged);
        LogLayout.putHeader(
                buffer, 0, kind, staged, lsn, metaEnd - LogLayout.HEADER_BYTES, count, count == 0 ? 0 : pageSize);
        if (size <= buffer.capacity()) {
            writeWhole(file, offset, previousChain, pages, staged);
        } else {
            writePieces(file, offset, previousChain, pages, staged, pageSize);
        }
        return offset + size;
    }

    private void writeWhole(DiskFile file, long offset, long previousChain, PageSet pages, boolean staged)
            throws DiskException {
        int count = pages.count();
        for (int i = 0; i < count; i++) {
            LogLayout.putTableEntry(buffer, pages.pgno(i), staged ? pages.slot(i) : i, pages.checksum(i));
        }
        int tableEnd = buffer.position();
        if (!staged) {
            for (int i = 0; i < count; i++) {
                pages.copy(i, buffer);
            }
        }
        seal(headerChain(previousChain), tableEnd);
        file.write(buffer.flip(), offset);
    }

    /** The table is gone through twice: the chain in the header needs it, and it may be larger than the buffer. */
    private void writePieces(
            DiskFile file, long offset, long previousChain, PageSet pages, boolean staged, int pageSize)
            throws DiskException {
        int metaEnd = buffer.position();
        int count = pages.count();
        long crc = Crc64.update(
                headerChain(previousChain), buffer, LogLayout.HEADER_BYTES, metaEnd - LogLayout.HEADER_BYTES);
        for (int i = 0; i < count; i++) {
            if (buffer.remaining() < LogLayout.TABLE_ENTRY_BYTES) {
                crc = Crc64.update(crc, buffer, metaEnd, buffer.position() - metaEnd);
                buffer.position(metaEnd);
            }
            LogLayout.putTableEntry(buffer, pages.pgno(i), staged ? pages.slot(i) : i, pages.checksum(i));
        }
        chain = Crc64.update(crc, buffer, metaEnd, buffer.position() - metaEnd);
        buffer.putLong(LogLayout.CHAIN_AT, chain);
        buffer.position(metaEnd);

        long at = offset;
        for (int i = 0; i < count; i++) {
            at = makeRoom(file, at, LogLayout.TABLE_ENTRY_BYTES);
            LogLayout.putTableEntry(buffer, pages.pgno(i), staged ? pages.slot(i) : i, pages.checksum(i));
        }
        if (!staged) {
            for (int i = 0; i < count; i++) {
                at = makeRoom(file, at, pageSize);
                pages.copy(i, buffer);
            }
        }
        makeRoom(file, at, BUFFER_BYTES);
    }

    private long makeRoom(DiskFile file, long at, int bytes) throws DiskException {
        if (buffer.remaining() >= bytes) {
            return at;
        }
        long next = at + buffer.position();
        file.write(buffer.flip(), at);
        buffer.clear();
        return next;
    }

    private long headerChain(long previousChain) {
        return Crc64.update(previousChain, buffer, 0, LogLayout.CHAIN_AT);
    }

    private void seal(long headerChain, int tableEnd) {
        chain = Crc64.update(headerChain, buffer, LogLayout.HEADER_BYTES, tableEnd - LogLayout.HEADER_BYTES);
        buffer.putLong(LogLayout.CHAIN_AT, chain);
    }
}
