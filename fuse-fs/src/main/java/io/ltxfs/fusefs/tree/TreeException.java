package io.ltxfs.fusefs.tree;

import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.posix.Errno;
import io.ltxfs.database.posix.PosixException;
import java.io.IOException;

/** A request cannot be done; carries the error number that answers it. */
final class TreeException extends IOException {
    private static final long serialVersionUID = 1L;

    private final int errno;

    TreeException(int errno, String what) {
        super(what + ": " + Errno.describe(errno));
        this.errno = errno;
    }

    /** A node that the kernel asked for is not there any more; it looks the name up again then. */
    static TreeException stale(long node) {
        return new TreeException(Errno.ESTALE, "node " + node);
    }

    int errno() {
        return errno;
    }

    /** The error number that any failure of the layers below is answered with. */
    static int errnoOf(IOException failure) {
        if (failure instanceof TreeException tree) {
            return tree.errno();
        }
        if (failure instanceof PosixException posix) {
            return posix.errno();
        }
        if (failure instanceof DiskException disk) {
            return disk.errno();
        }
        return Errno.EIO;
    }

    /** Throws if a system call returned a negative error number. */
    static long check(long result, String what) throws TreeException {
        if (result < 0) {
            throw new TreeException((int) -result, what);
        }
        return result;
    }
}
