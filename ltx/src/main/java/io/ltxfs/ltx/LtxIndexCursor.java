package io.ltxfs.ltx;

import java.io.IOException;

/**
 * Reads the page index of an LTX file entry by entry, and checks on the way that the entries cover the frames without
 * gap or overlap, in ascending order of page. Holds nothing but the present entry.
 */
public final class LtxIndexCursor {
    private final LtxEnds ends;
    private final PageIndexReader reader;
    private final long commit;
    private final int lockPgno;
    private final int sizeMax;
    private long last;
    private long expected = LtxLayout.HEADER_SIZE;
    private boolean finished;

    LtxIndexCursor(LtxEnds ends, ByteSource source) {
        this.ends = ends;
        this.reader = new PageIndexReader(source, 0);
        this.commit = Integer.toUnsignedLong(ends.header().commit());
        this.lockPgno = ends.header().lockPgno();
        // Twice a page is more than any coding needs and keeps a page's read within bounds.
        this.sizeMax = 2 * ends.header().pageSize() + LtxLayout.HEADER_SIZE;
    }

    /**
     * Goes to the next entry.
     *
     * @return false behind the last one; then the whole index was right
     * @throws LtxFormatException if an entry is wrong
     */
    public boolean next() throws IOException {
        if (finished) {
            return false;
        }
        if (!reader.next()) {
            if (expected != ends.framesEnd()) {
                throw mismatch(
                        "the page index ends with byte " + expected + ", the pages with byte " + ends.framesEnd());
            }
            reader.readSize();
            finished = true;
            return false;
        }
        long pgno = reader.pgno();
        if (Long.compareUnsigned(pgno, commit) > 0 || pgno == lockPgno) {
            throw mismatch("the page index lists page " + Long.toUnsignedString(pgno));
        }
        if (pgno <= last) {
            throw mismatch("the page index lists page " + pgno + " behind page " + last);
        }
        if (reader.offset() != expected) {
            throw mismatch("the page index has page " + pgno + " at byte " + Long.toUnsignedString(reader.offset())
                    + " where byte " + expected + " is due");
        }
        long size = reader.size();
        if (size <= ends.generation().pageHeaderSize() || size > sizeMax || size > ends.framesEnd() - expected) {
            throw mismatch("the page index has page " + pgno + " at byte " + expected + " with "
                    + Long.toUnsignedString(size) + " bytes, the pages end with byte " + ends.framesEnd());
        }
        last = pgno;
        expected += size;
        return true;
    }

    private LtxFormatException mismatch(String detail) {
        return new LtxFormatException(LtxError.INDEX_MISMATCH, ends.indexStart(), detail);
    }

    /** The page's number, 1 to 2<sup>32</sup> - 1. */
    public long pgno() {
        return last;
    }

    /** Where the page's frame is in the file, in bytes. */
    public long offset() {
        return reader.offset();
    }

    /** The length of the page's frame in bytes. */
    public int size() {
        return (int) reader.size();
    }

    /** The CRC of the index and its size field; after {@link #next} has returned false. */
    public long crc() {
        if (!finished) {
            throw new IllegalStateException("the index has not been read to its end");
        }
        return reader.crc();
    }
}
