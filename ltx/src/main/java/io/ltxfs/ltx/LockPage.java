package io.ltxfs.ltx;

/**
 * The lock page: the page that contains SQLite's PENDING byte, at file offset 1 GiB. It never holds data, is never
 * part of an LTX file and does not count in the database checksum, but counts in the database's size.
 */
public final class LockPage {
    /** The file offset of SQLite's PENDING byte. */
    public static final int PENDING_BYTE = 0x40000000;

    private LockPage() {}

    /**
     * The number of the lock page.
     *
     * @param pageSize the database's page size in bytes, not zero
     */
    public static int pgno(int pageSize) {
        return PENDING_BYTE / pageSize + 1;
    }
}
