package io.ltxfs.database.sqlite;

import io.ltxfs.database.disk.DiskException;
import java.nio.ByteBuffer;
import java.util.BitSet;

/** The free pages of a database (SQLite file format §1.5): trunk pages, each with a list of leaves that hold nothing. */
public final class Freelist {
    private static final int FIRST_TRUNK = 32;

    /** Reads one page. */
    @FunctionalInterface
    public interface Pages {
        void read(int pgno, ByteBuffer target) throws DiskException;
    }

    private Freelist() {}

    /**
     * The page numbers of all leaves; fewer if the list is damaged.
     *
     * @param commit the database's size in pages
     */
    public static BitSet leaves(Pages pages, int pageSize, int commit) throws DiskException {
        BitSet leaves = new BitSet();
        BitSet trunks = new BitSet();
        ByteBuffer page = ByteBuffer.allocate(pageSize);
        pages.read(1, page);
        int trunk = page.getInt(FIRST_TRUNK);
        while (trunk > 1 && trunk <= commit && !trunks.get(trunk)) {
            trunks.set(trunk);
            page.clear();
            pages.read(trunk, page);
            int count = page.getInt(4);
            for (int i = 0; i < count && 8 + i * 4 + 4 <= pageSize; i++) {
                int leaf = page.getInt(8 + i * 4);
                if (leaf > 1 && leaf <= commit) {
                    leaves.set(leaf);
                }
            }
            trunk = page.getInt(0);
        }
        return leaves;
    }
}
