package io.ltxfs.fusefs.transport;

import io.ltxfs.database.posix.FileTime;
import java.util.Objects;

/**
 * A node's attributes, as stat(2) shows them.
 *
 * @param ino the inode number: stable, and never another file's while this one is open (SQLite keys its locks by it)
 * @param size bytes
 * @param blocks allocated units of 512 bytes
 * @param mode type (S_IFMT) and permission bits
 * @param blockBytes preferred unit of I/O
 */
public record Attr(
        long ino,
        long size,
        long blocks,
        FileTime atime,
        FileTime mtime,
        FileTime ctime,
        int mode,
        int nlink,
        int uid,
        int gid,
        int rdev,
        int blockBytes) {
    /** @throws NullPointerException if a time is missing: an answer must not fail halfway */
    public Attr {
        Objects.requireNonNull(atime, "atime");
        Objects.requireNonNull(mtime, "mtime");
        Objects.requireNonNull(ctime, "ctime");
    }
}
