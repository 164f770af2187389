package io.ltxfs.fusefs.tree;

import io.ltxfs.database.Handle;

/**
 * An open of a regular file. Compared by identity.
 *
 * @param fh what the kernel calls it
 * @param handle what the databases call it
 */
final class OpenFile implements Opened {
    private final long fh;
    private final RegularFile file;
    private final Handle handle;

    OpenFile(long fh, RegularFile file, Handle handle) {
        this.fh = fh;
        this.file = file;
        this.handle = handle;
    }

    long fh() {
        return fh;
    }

    RegularFile file() {
        return file;
    }

    /** What the databases call it. */
    Handle handle() {
        return handle;
    }
}
