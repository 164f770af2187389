package io.ltxfs.ltx;

import java.io.IOException;
import java.io.InputStream;

/** The checksum of a whole database file. */
public final class DatabaseChecksum {
    private DatabaseChecksum() {}

    /**
     * Reads a database's pages to the end of the stream.
     *
     * @return the checksum; {@link PageChecksum#EMPTY} if there is no page
     * @throws LtxFormatException with {@link LtxError#BAD_DATABASE} if the stream ends within a page
     */
    public static long of(InputStream database, int pageSize) throws IOException {
        byte[] page = new byte[pageSize];
        int lockPgno = LockPage.pgno(pageSize);
        long checksum = PageChecksum.EMPTY;
        int pgno = 1;
        for (int count = database.readNBytes(page, 0, pageSize);
                count > 0;
                count = database.readNBytes(page, 0, pageSize)) {
            if (count < pageSize) {
                throw new LtxFormatException(
                        LtxError.BAD_DATABASE,
                        LtxLayout.pageOffset(pgno, pageSize) + count,
                        "the database ends within page " + Integer.toUnsignedString(pgno)
                                + ": its size is no multiple of the page size " + pageSize);
            }
            if (pgno != lockPgno) {
                checksum = PageChecksum.toggle(checksum, PageChecksum.of(pgno, page, 0, pageSize));
            }
            pgno++;
        }
        return checksum;
    }
}
