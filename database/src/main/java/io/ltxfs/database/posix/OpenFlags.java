package io.ltxfs.database.posix;

/** Flags of open(2) on Linux (asm-generic/fcntl.h). Some differ between x86-64 and aarch64, so they are no constants of the compiler's. */
public final class OpenFlags {
    private static final boolean ARM = System.getProperty("os.arch", "").equals("aarch64");

    public static final int RDONLY = 0;
    public static final int WRONLY = 1;
    public static final int RDWR = 2;
    /** Masks the three above. */
    public static final int ACCMODE = 3;

    public static final int CREAT = 0x40;
    public static final int EXCL = 0x80;
    public static final int NOCTTY = 0x100;
    public static final int TRUNC = 0x200;
    public static final int APPEND = 0x400;
    public static final int NONBLOCK = 0x800;
    public static final int DSYNC = 0x1000;
    public static final int SYNC = 0x101000;
    public static final int NOATIME = 0x40000;
    public static final int CLOEXEC = 0x80000;
    public static final int PATH = 0x200000;
    public static final int DIRECT = ARM ? 0x10000 : 0x4000;
    public static final int DIRECTORY = ARM ? 0x4000 : 0x10000;
    public static final int NOFOLLOW = ARM ? 0x8000 : 0x20000;
    public static final int TMPFILE = 0x400000 | DIRECTORY;

    private OpenFlags() {}
}
