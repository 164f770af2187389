package io.ltxfs.fusefs.transport;

import io.ltxfs.database.posix.FileTime;

/**
 * A change of attributes. A field counts only if its bit is in {@code valid}.
 *
 * @param valid which fields count: the constants below
 * @param fh the handle for ftruncate(2) and futimens(2), or {@link FileSystem#NO_HANDLE}
 * @param size new size in bytes
 * @param atime new access time; with {@link #ATIME_NOW} the present
 * @param mtime new modification time; with {@link #MTIME_NOW} the present
 * @param ctime new change time, sent in write-back mode only
 * @param mode new permission bits, with the type
 * @param uid new owner
 * @param gid new group
 */
public record SetAttr(
        int valid, long fh, long size, FileTime atime, FileTime mtime, FileTime ctime, int mode, int uid, int gid) {
    public static final int MODE = 1;
    public static final int UID = 1 << 1;
    public static final int GID = 1 << 2;
    public static final int SIZE = 1 << 3;
    public static final int ATIME = 1 << 4;
    public static final int MTIME = 1 << 5;
    public static final int FH = 1 << 6;
    public static final int ATIME_NOW = 1 << 7;
    public static final int MTIME_NOW = 1 << 8;
    public static final int LOCKOWNER = 1 << 9;
    public static final int CTIME = 1 << 10;
    public static final int KILL_SUIDGID = 1 << 11;

    /** Whether any of the given bits is set. */
    public boolean has(int bits) {
        return (valid & bits) != 0;
    }
}
