package io.ltxfs.ltx;

import java.nio.ByteBuffer;

/**
 * Checksums of pages and databases.
 *
 * <p>A page's checksum is the CRC of its number (four bytes, big-endian) followed by its content. A database's
 * checksum is the XOR of its pages' checksums, the {@linkplain LockPage lock page} left out, so the order does not
 * matter and a changed page costs two XORs. In both, {@link #FLAG} is always set: a checksum that is present is never
 * zero, 63 bits carry information.
 */
public final class PageChecksum {
    /** The bit that is set in every checksum that is present; alone it is the checksum of an empty database. */
    public static final long FLAG = 0x8000000000000000L;

    /** The checksum of a database without pages. */
    public static final long EMPTY = FLAG;

    private PageChecksum() {}

    /**
     * The checksum of one page in a buffer, heap or direct.
     *
     * @param position the absolute offset of the page in the buffer; the buffer's own position is not used or changed
     */
    public static long of(int pgno, ByteBuffer page, int position, int pageSize) {
        return FLAG | Crc64.update(Crc64.updateInt(0, pgno), page, position, pageSize);
    }

    /** The checksum of one page in an array. */
    public static long of(int pgno, byte[] page, int offset, int pageSize) {
        return FLAG | Crc64.update(Crc64.updateInt(0, pgno), page, offset, pageSize);
    }

    /** The database checksum with a page's checksum added, or taken out again: the two are the same operation. */
    public static long toggle(long database, long page) {
        return FLAG | (database ^ page);
    }

    /**
     * The database checksum after one page changed.
     *
     * @param before the page's checksum before, 0 if the database did not have the page
     * @param after the page's checksum now, 0 if the database does not have the page any more
     */
    public static long replace(long database, long before, long after) {
        return FLAG | (database ^ before ^ after);
    }

    /** The text form: 16 lower-case hexadecimal digits. */
    public static String format(long checksum) {
        return Hex64.format(checksum);
    }

    /**
     * Reads the text form: exactly 16 hexadecimal digits of either case.
     *
     * @throws IllegalArgumentException if the text has another form
     */
    public static long parse(CharSequence text) {
        return Hex64.parse(text, Hex64.DIGITS, "checksum");
    }

    /**
     * Reads what a person typed: 1 to 16 hexadecimal digits of either case.
     *
     * @throws IllegalArgumentException if the text has another form
     */
    public static long parseShort(CharSequence text) {
        return Hex64.parse(text, 1, "checksum");
    }
}
