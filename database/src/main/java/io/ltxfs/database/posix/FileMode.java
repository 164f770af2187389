package io.ltxfs.database.posix;

/** The bits of a file's mode (linux/stat.h). */
public final class FileMode {
    /** Masks the type. */
    public static final int TYPE = 0170000;

    public static final int SOCKET = 0140000;
    public static final int SYMLINK = 0120000;
    public static final int REGULAR = 0100000;
    public static final int BLOCK = 0060000;
    public static final int DIRECTORY = 0040000;
    public static final int CHARACTER = 0020000;
    public static final int FIFO = 0010000;

    public static final int SETUID = 04000;
    public static final int SETGID = 02000;
    public static final int STICKY = 01000;
    /** Masks everything but the type. */
    public static final int PERMISSIONS = 07777;

    private FileMode() {}

    /** Whether the mode is a directory's. */
    public static boolean isDirectory(int mode) {
        return (mode & TYPE) == DIRECTORY;
    }

    /** Whether the mode is a regular file's. */
    public static boolean isRegular(int mode) {
        return (mode & TYPE) == REGULAR;
    }

    /** Whether the mode is a symbolic link's. */
    public static boolean isSymlink(int mode) {
        return (mode & TYPE) == SYMLINK;
    }
}
