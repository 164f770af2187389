package io.ltxfs.database.sqlite;

import java.nio.ByteBuffer;

/** The rollback journal (SQLite file format §3): offsets of its header, its records and its tail. All big-endian. */
public final class JournalLayout {
    /** Bytes of the header that mean something; it is padded to a sector. */
    public static final int HEADER_SIZE = 28;

    /** The first eight bytes of a header, and the last of a super-journal name's record. */
    public static final long MAGIC = 0xd9d505f920a163d7L;

    static final int RECORD_COUNT = 8;
    static final int NONCE = 12;
    static final int ORIGINAL_PAGES = 16;
    static final int SECTOR_SIZE = 20;
    static final int PAGE_SIZE = 24;
    /** The record count of a journal that is never synced: as many records as the file holds. */
    static final int COUNT_NOT_SYNCED = 0xffffffff;

    /** A record is a page number, the page, and a checksum. */
    static final int RECORD_OVERHEAD = 8;
    /** At the end: name length, name checksum, magic. */
    static final int SUPER_TAIL = 16;

    static final int SUPER_NAME_MAX = 4096;

    private JournalLayout() {}

    /** Whether these bytes, written at offset 0, end a transaction in PERSIST mode: a header's worth of zeros. */
    public static boolean isZeroedHeader(ByteBuffer source) {
        if (source.remaining() != HEADER_SIZE) {
            return false;
        }
        for (int i = source.position(); i < source.limit(); i++) {
            if (source.get(i) != 0) {
                return false;
            }
        }
        return true;
    }
}
