package io.ltxfs.ltx;

import java.io.IOException;

/** Reads the entries of a page index, one after the other, and keeps the file's CRC over them. */
final class PageIndexReader {
    private final ByteSource source;
    private final long start;
    private final byte[] field = new byte[LtxLayout.UVARINT_SIZE_MAX];
    private long crc;
    private long pgno;
    private long offset;
    private long size;

    PageIndexReader(ByteSource source, long crc) {
        this.source = source;
        this.start = source.offset();
        this.crc = crc;
    }

    /** Reads the next entry; false at the end of the entries. */
    boolean next() throws IOException {
        pgno = uvarint("page number");
        if (pgno == 0) {
            return false;
        }
        offset = uvarint("offset");
        size = uvarint("size");
        return true;
    }

    long pgno() {
        return pgno;
    }

    long offset() {
        return offset;
    }

    long size() {
        return size;
    }

    long crc() {
        return crc;
    }

    /** Reads the field behind the entries, which has the length of the entries. */
    void readSize() throws IOException {
        long at = source.offset();
        long actual = at - start;
        source.readFully(field, 0, LtxLayout.INDEX_SIZE_SIZE, "page index's size");
        crc = Crc64.update(crc, field, 0, LtxLayout.INDEX_SIZE_SIZE);
        long stored = LtxLayout.getLong(field, 0);
        if (stored != actual) {
            throw new LtxFormatException(
                    LtxError.INDEX_SIZE,
                    at,
                    "page index of " + actual + " bytes, its size field says " + Long.toUnsignedString(stored));
        }
    }

    private long uvarint(String what) throws IOException {
        long at = source.offset();
        long value = 0;
        for (int i = 0; i < LtxLayout.UVARINT_SIZE_MAX; i++) {
            int b = source.read();
            if (b < 0) {
                throw new LtxFormatException(
                        LtxError.INDEX_TRUNCATED, source.offset(), "the input ends in the page index, in a " + what);
            }
            field[i] = (byte) b;
            boolean last = i == LtxLayout.UVARINT_SIZE_MAX - 1;
            if (last && b > 1) {
                break;
            }
            value |= (b & 0x7fL) << 7 * i;
            if ((b & 0x80) == 0) {
                crc = Crc64.update(crc, field, 0, i + 1);
                return value;
            }
        }
        throw new LtxFormatException(
                LtxError.INDEX_VARINT_OVERFLOW, at, "a " + what + " of more than 64 bits in the page index");
    }
}
