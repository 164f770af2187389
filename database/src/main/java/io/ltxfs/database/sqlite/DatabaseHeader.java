package io.ltxfs.database.sqlite;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** The database header, the first 100 bytes of page 1 (SQLite file format §1.3). */
public final class DatabaseHeader {
    /** Length of the header in bytes. */
    public static final int SIZE = 100;

    private static final byte[] MAGIC = "SQLite format 3\0".getBytes(StandardCharsets.US_ASCII);
    private static final int PAGE_SIZE = 16;
    private static final int WRITE_VERSION = 18;
    private static final int CHANGE_COUNTER = 24;
    private static final int PAGE_COUNT = 28;
    private static final int VERSION_VALID_FOR = 92;

    private DatabaseHeader() {}

    /** Whether the buffer's bytes from {@code position} on begin as a SQLite database does; needs 16 bytes. */
    public static boolean hasMagic(ByteBuffer bytes, int position) {
        if (bytes.limit() - position < MAGIC.length) {
            return false;
        }
        for (int i = 0; i < MAGIC.length; i++) {
            if (bytes.get(position + i) != MAGIC[i]) {
                return false;
            }
        }
        return true;
    }

    /** The page size of a header with magic; 0 if it is none of 512 to 65536. */
    public static int pageSize(ByteBuffer header) {
        int stored = Short.toUnsignedInt(header.getShort(PAGE_SIZE));
        int size = stored == 1 ? 65536 : stored;
        return isPageSize(size) ? size : 0;
    }

    /** Whether a number is a page size that SQLite knows. */
    public static boolean isPageSize(int size) {
        return size >= 512 && size <= 65536 && Integer.bitCount(size) == 1;
    }

    /**
     * The database size in pages as the header says it; 0 if it says none that is valid (written by a SQLite before
     * 3.7.0), and the size of the file counts then.
     */
    public static int pageCount(ByteBuffer header) {
        boolean valid = header.getInt(CHANGE_COUNTER) == header.getInt(VERSION_VALID_FOR);
        return valid ? header.getInt(PAGE_COUNT) : 0;
    }

    /** Whether the header says that the database is in WAL mode. */
    public static boolean isWal(ByteBuffer header) {
        return header.get(WRITE_VERSION) == 2;
    }
}
