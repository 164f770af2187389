package io.ltxfs.database.sim;

import io.ltxfs.database.disk.Errno;
import java.util.Random;

/** One error of a disk, or a spell of them, at a point that is drawn: EIO, or no space for anything that grows. */
final class DiskFault implements SimDisk.Faults {
    private final int errno;
    private long before;
    private int times;
    private String where = "";
    private boolean paused;

    /** @param within the fault begins at one of so many operations */
    DiskFault(Random draw, int within) {
        errno = draw.nextBoolean() ? Errno.EIO : Errno.ENOSPC;
        before = draw.nextInt(within);
        times = draw.nextBoolean() ? 1 : 1 + draw.nextInt(30);
    }

    @Override
    public int before(SimDisk.Kind kind, String path) {
        boolean possible = errno == Errno.EIO
                || switch (kind) {
                    case CREATE, MAKE_DIRECTORY, WRITE, TRUNCATE, ALLOCATE, RENAME -> true;
                    default -> false;
                };
        if (path.equals("log/unsynced")) {
            // The note that a sync has failed: if that is lost too, nobody can know what the disk holds.
            return 0;
        }
        if (paused || !possible || times == 0 || before-- > 0) {
            return 0;
        }
        times--;
        if (where.isEmpty()) {
            where = (errno == Errno.EIO ? "EIO" : "ENOSPC") + " at the " + kind + " of " + path;
        }
        return errno;
    }

    boolean happened() {
        return !where.isEmpty();
    }

    /** While paused, nothing fails and nothing is counted: what the checker reads is not what is tried. @return before */
    boolean pause(boolean yes) {
        boolean was = paused;
        paused = yes;
        return was;
    }

    /** No more errors. */
    void end() {
        times = 0;
    }

    @Override
    public String toString() {
        return where.isEmpty() ? "no fault" : where;
    }
}
