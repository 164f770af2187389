package io.ltxfs.ltx;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * What the first 100 bytes of a SQLite database say about its geometry (sqlite.org/fileformat2.html, "The Database
 * Header").
 *
 * @param pageSize the page size in bytes
 * @param pages the size in pages (unsigned)
 */
public record DatabaseHeader(int pageSize, int pages) {
    /** How many bytes the header has. */
    public static final int SIZE = 100;

    private static final byte[] MAGIC = "SQLite format 3\0".getBytes(StandardCharsets.US_ASCII);
    private static final int PAGE_SIZE_OFFSET = 16;
    private static final int CHANGE_COUNTER_OFFSET = 24;
    private static final int PAGES_OFFSET = 28;
    private static final int VERSION_VALID_FOR_OFFSET = 92;

    /**
     * Reads a header.
     *
     * @param bytes the first 100 bytes, or fewer if the file is shorter
     * @param fileSize the file's size in bytes, which counts where the header's page count is not valid
     * @throws LtxFormatException if this is no header
     */
    public static DatabaseHeader parse(byte[] bytes, long fileSize) throws LtxFormatException {
        if (bytes.length < SIZE) {
            throw new LtxFormatException(
                    LtxError.BAD_DATABASE,
                    bytes.length,
                    bytes.length == 0 ? "the database is empty" : "the file ends in the database header");
        }
        if (!Arrays.equals(bytes, 0, MAGIC.length, MAGIC, 0, MAGIC.length)) {
            throw new LtxFormatException(LtxError.BAD_DATABASE, 0, "the file does not start as a SQLite database does");
        }
        int stored = LtxLayout.getShort(bytes, PAGE_SIZE_OFFSET);
        int pageSize = stored == 1 ? LtxLayout.PAGE_SIZE_MAX : stored;
        if (!LtxLayout.isPageSize(pageSize)) {
            throw new LtxFormatException(
                    LtxError.BAD_PAGE_SIZE, PAGE_SIZE_OFFSET, "page size " + stored + " in the database header");
        }
        int pages = LtxLayout.getInt(bytes, PAGES_OFFSET);
        boolean pagesValid = pages != 0
                && LtxLayout.getInt(bytes, CHANGE_COUNTER_OFFSET) == LtxLayout.getInt(bytes, VERSION_VALID_FOR_OFFSET);
        return new DatabaseHeader(pageSize, pagesValid ? pages : (int) Math.min(fileSize / pageSize, 0xffffffffL));
    }
}
