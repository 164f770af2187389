package io.ltxfs.ltx;

/** How a writer stores pages. */
public enum PageCoding {
    /** One LZ4 block a page: today's form. */
    BLOCK,
    /** One LZ4 frame a page: the form that Litestream 0.5.0 to 0.5.15 reads. */
    FRAME
}
