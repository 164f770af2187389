package io.ltxfs.fusefs.replica;

import io.ltxfs.database.sqlite.WalLayout;
import io.ltxfs.fusefs.host.WalIndexLayout;
import java.util.Arrays;

/**
 * Where the end of a WAL is that only this node writes: what a SQLite writer keeps in its copy of the wal-index header,
 * and the page of each frame. Owned by the database's follower.
 */
final class WalState {
    private int[] pages = new int[64];
    int pageSize;
    boolean bigEndian;
    int salt1;
    int salt2;
    int checkpointSequence;
    /** Counts publications. */
    int change;
    /** Size of the database in pages. */
    int databasePages;
    /** The last complete frame. */
    int mxFrame;
    /** Running checksum after it, first half in the upper word. */
    long checksum;
    /** The last frame that readers know of. */
    int published;
    /** How many frames are known to be in the database file. */
    int backfilled;
    /** The database was larger than it is since the last checkpoint. */
    boolean shrank;

    /** The page of a frame, from 1 on. */
    int page(int frame) {
        return pages[frame];
    }

    void page(int frame, int page) {
        if (frame >= pages.length) {
            pages = Arrays.copyOf(pages, Math.max(frame + 1, pages.length * 2));
        }
        pages[frame] = page;
    }

    void pages(int[] ofFrames) {
        pages = new int[Math.max(64, ofFrames.length + 1)];
        System.arraycopy(ofFrames, 0, pages, 1, ofFrames.length);
    }

    /** The frames between two, for another thread. @return pages of frames {@code from + 1} to {@code to} */
    int[] pages(int from, int to) {
        return Arrays.copyOfRange(pages, from + 1, to + 1);
    }

    /** Bytes of the WAL. */
    long bytes() {
        return WalLayout.frameOffset(mxFrame + 1, pageSize);
    }

    WalIndexLayout.Header header() {
        return new WalIndexLayout.Header(
                change,
                bigEndian,
                pageSize,
                mxFrame,
                databasePages,
                (int) (checksum >>> 32),
                (int) checksum,
                salt1,
                salt2);
    }
}
