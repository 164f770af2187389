package io.ltxfs.database.log;

import io.ltxfs.database.disk.DiskException;
import java.nio.ByteBuffer;
import java.util.Optional;

/** The pages of one transaction, in ascending page number, as they are handed to the log. */
public interface PageSet {

    /** The number of pages, 0 or more. */
    int count();

    /** The page number at an index below {@link #count}, 1 or more. */
    int pgno(int index);

    /** The LTX page checksum (CRC-64/GO-ISO of page number and page, bit 63 set) of the page at an index. */
    long checksum(int index);

    /** Copies a page (page size bytes) into the buffer and advances it. */
    void copy(int index, ByteBuffer target) throws DiskException;

    /**
     * The staging file in which all the pages lie already, one slot of page size bytes each. The log then takes that
     * file over, by reference: it belongs to the log from the append on.
     */
    Optional<Stage> stage();

    /** A page's slot in the staging file; only if {@link #stage} is present. The page begins at slot * page size. */
    int slot(int index);

    /** No pages. */
    static PageSet empty() {
        return EmptyPageSet.INSTANCE;
    }
}
