package io.ltxfs.database.posix;

import java.io.IOException;

/** A system call failed. The message names call, object and reason. */
public final class PosixException extends IOException {
    private static final long serialVersionUID = 1L;

    private final int errno;

    /**
     * @param errno positive error number
     * @param what the call and what it was about, as {@code open /data/app.db}
     */
    public PosixException(int errno, String what) {
        super(what + ": " + Errno.describe(errno) + " (" + Errno.name(errno) + ")");
        this.errno = errno;
    }

    /** What was being done, to which file; never null. */
    @Override
    public String getMessage() {
        return String.valueOf(super.getMessage());
    }

    /** The positive error number. */
    public int errno() {
        return errno;
    }
}
