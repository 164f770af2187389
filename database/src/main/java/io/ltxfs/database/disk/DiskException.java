package io.ltxfs.database.disk;

import java.io.IOException;

/** A system call on the data directory failed; carries the errno that the caller of the file system is to see. */
public class DiskException extends IOException {
    private final int errno;

    /**
     * @param errno the Linux error number, positive
     * @param message what was being done, to which file
     */
    public DiskException(int errno, String message) {
        super(message);
        this.errno = errno;
    }

    /** What was being done, to which file; never null. */
    @Override
    public String getMessage() {
        return String.valueOf(super.getMessage());
    }

    /** The Linux error number, positive (see {@link Errno}). */
    public int errno() {
        return errno;
    }
}
