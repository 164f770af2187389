package io.ltxfs.database.posix;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * What statx(2) tells of a file.
 *
 * @param ino inode number
 * @param mode type and permission bits
 * @param size bytes
 * @param blocks allocated units of 512 bytes
 * @param blockBytes preferred unit of I/O
 * @param deviceMajor with {@code deviceMinor} the file system's device, st_dev
 * @param rdevMajor with {@code rdevMinor} what a device file stands for
 */
public record FileStat(
        long ino,
        int mode,
        int nlink,
        int uid,
        int gid,
        long size,
        long blocks,
        int blockBytes,
        int deviceMajor,
        int deviceMinor,
        int rdevMajor,
        int rdevMinor,
        FileTime atime,
        FileTime mtime,
        FileTime ctime) {
    /** Size of {@code struct statx} (linux/stat.h), the same on every architecture. */
    static final int BYTES = 256;

    static FileStat parse(byte[] statx) {
        ByteBuffer b = ByteBuffer.wrap(statx).order(ByteOrder.nativeOrder());
        return new FileStat(
                b.getLong(32),
                b.getShort(28) & 0xffff,
                b.getInt(16),
                b.getInt(20),
                b.getInt(24),
                b.getLong(40),
                b.getLong(48),
                b.getInt(4),
                b.getInt(136),
                b.getInt(140),
                b.getInt(128),
                b.getInt(132),
                new FileTime(b.getLong(64), b.getInt(72)),
                new FileTime(b.getLong(112), b.getInt(120)),
                new FileTime(b.getLong(96), b.getInt(104)));
    }

    /** Whether this is a directory. */
    public boolean isDirectory() {
        return FileMode.isDirectory(mode);
    }

    /** Whether this is a regular file. */
    public boolean isRegular() {
        return FileMode.isRegular(mode);
    }

    /** Whether this is a symbolic link. */
    public boolean isSymlink() {
        return FileMode.isSymlink(mode);
    }

    /** The device number in the form of {@code dev_t} that the kernel's 32-bit interfaces use. */
    public int rdev() {
        return (rdevMinor & 0xff) | (rdevMajor << 8) | ((rdevMinor & ~0xff) << 12);
    }
}
