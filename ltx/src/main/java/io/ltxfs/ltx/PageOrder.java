package io.ltxfs.ltx;

/**
 * Which page may come next in a file: within the database, never the lock page, strictly ascending, and in a snapshot
 * every page from 1 to the last. Writer and reader apply the same rules.
 */
final class PageOrder {
    private final boolean snapshot;
    private final long commit;
    private final long lockPgno;
    private long last;

    PageOrder(LtxHeader header) {
        this.snapshot = header.isSnapshot();
        this.commit = Integer.toUnsignedLong(header.commit());
        this.lockPgno = header.lockPgno();
    }

    /**
     * Takes the next page.
     *
     * @param offset where its frame is in the file
     */
    void next(int unsignedPgno, long offset) throws LtxFormatException {
        long pgno = Integer.toUnsignedLong(unsignedPgno);
        if (pgno == 0) {
            throw new LtxFormatException(LtxError.PGNO_REQUIRED, offset, "page number 0 in a page frame");
        }
        if (pgno > commit) {
            throw new LtxFormatException(
                    LtxError.PGNO_OUT_OF_BOUNDS, offset, "page " + pgno + " in a database of " + commit + " pages");
        }
        if (pgno == lockPgno) {
            throw new LtxFormatException(
                    LtxError.LOCK_PAGE, offset, "page " + pgno + " is the lock page and never holds data");
        }
        if (pgno <= last) {
            throw new LtxFormatException(LtxError.PAGE_ORDER, offset, "page " + pgno + " follows page " + last);
        }
        if (snapshot && pgno != following()) {
            throw new LtxFormatException(
                    LtxError.SNAPSHOT_GAP,
                    offset,
                    "page " + pgno + " in a snapshot where page " + following() + " is due");
        }
        last = pgno;
    }

    /** Takes the end of the pages. */
    void end(long offset) throws LtxFormatException {
        if (snapshot && following() <= commit) {
            throw new LtxFormatException(
                    LtxError.SNAPSHOT_INCOMPLETE,
                    offset,
                    "the pages of a snapshot end where page " + following() + " of " + commit + " is due");
        }
    }

    private long following() {
        return last + 1 == lockPgno ? last + 2 : last + 1;
    }
}
