package io.ltxfs.ltx;

/**
 * The generations of the format. All carry the same magic and the same 100-byte header; no field says which one a
 * file is, so {@link LtxReader} looks at the first bytes behind the header.
 */
public enum LtxGeneration {
    /** Libraries 0.3.0 to 0.3.18 without compression: raw pages behind a 4-byte header, no index. */
    V1_RAW(LtxLayout.PGNO_SIZE, false),
    /** The same libraries with compression (LiteFS's default): the whole page block is one LZ4 frame, no index. */
    V1_LZ4(LtxLayout.PGNO_SIZE, false),
    /** Library 0.4.0: an LZ4 frame a page behind a 4-byte header, index. */
    V2(LtxLayout.PGNO_SIZE, true),
    /**
     * Libraries 0.5.0 and 0.5.1 (Litestream 0.5.0 to 0.5.15): an LZ4 frame a page behind a 6-byte header with flags 0.
     */
    V3_FRAME(LtxLayout.PAGE_HEADER_SIZE, true),
    /**
     * Library 0.5.2 and later: an LZ4 block a page behind its length. May hold single frames as in {@link #V3_FRAME}.
     */
    V3_BLOCK(LtxLayout.PAGE_HEADER_SIZE, true);

    private final int pageHeaderSize;
    private final boolean hasIndex;

    LtxGeneration(int pageHeaderSize, boolean hasIndex) {
        this.pageHeaderSize = pageHeaderSize;
        this.hasIndex = hasIndex;
    }

    /** Bytes of a page header, and of the zeros that end the pages. */
    int pageHeaderSize() {
        return pageHeaderSize;
    }

    /** Whether a page index lies between the pages and the trailer. */
    public boolean hasIndex() {
        return hasIndex;
    }
}
