package io.ltxfs.fusefs.replica;

import io.ltxfs.database.sqlite.WalLayout;
import java.util.Arrays;

/**
 * A checkpoint that is under way: which pages are to be copied to the database file, and how far it is. Done in slices, so
 * that what arrives meanwhile is not held up.
 */
final class Checkpoint {
    final int safe;
    private final long[] copies;
    private int done;

    /** @param safe the last frame that it may copy */
    Checkpoint(WalState state, int safe) {
        this.safe = safe;
        int first = state.backfilled + 1;
        long[] all = new long[Math.max(0, safe - first + 1)];
        for (int frame = first; frame <= safe; frame++) {
            all[frame - first] = Integer.toUnsignedLong(state.page(frame)) << 32 | frame;
        }
        Arrays.sort(all);
        int kept = 0;
        for (int i = 0; i < all.length; i++) {
            boolean newest = i + 1 == all.length || all[i + 1] >>> 32 != all[i] >>> 32;
            if (newest && all[i] >>> 32 <= Integer.toUnsignedLong(state.databasePages)) {
                all[kept++] = all[i];
            }
        }
        copies = Arrays.copyOf(all, kept);
    }

    static long pageOffset(int frame, int pageSize) {
        return WalLayout.frameOffset(frame, pageSize) + WalLayout.FRAME_HEADER_SIZE;
    }

    long[] copies() {
        return copies;
    }

    int left() {
        return copies.length - done;
    }

    int done() {
        return done;
    }

    void did(int count) {
        done += count;
    }
}
