package io.ltxfs.database.posix;

import jnr.ffi.LibraryLoader;
import jnr.ffi.annotations.In;
import jnr.ffi.annotations.Out;

/**
 * The C library's functions as jnr-ffi binds them. Java's {@code long} is C's {@code long}, an address or a size here:
 * ltxfs runs on 64-bit Linux only. Paths are zero-terminated bytes, so that no default character set matters.
 */
public interface LibC {
    /** Bound once, when first used. */
    LibC INSTANCE = LibraryLoader.create(LibC.class).load("c");

    int open(@In byte[] path, int flags, int mode);

    int openat(int directory, @In byte[] path, int flags, int mode);

    int close(int fd);

    long read(int fd, long address, long bytes);

    long pread(int fd, long address, long bytes, long offset);

    long write(int fd, long address, long bytes);

    long pwrite(int fd, long address, long bytes, long offset);

    long writev(int fd, long vectorAddress, int count);

    int ftruncate(int fd, long size);

    int truncate(@In byte[] path, long size);

    int fsync(int fd);

    int fdatasync(int fd);

    int sync_file_range(int fd, long offset, long length, int flags);

    int fallocate(int fd, int mode, long offset, long length);

    int posix_fadvise(int fd, long offset, long length, int advice);

    long lseek(int fd, long offset, int whence);

    int fcntl(int fd, int command, @In @Out byte[] argument);

    int fcntl(int fd, int command, int argument);

    int flock(int fd, int operation);

    int ioctl(int fd, long request, @In @Out byte[] argument);

    int statx(int directory, @In byte[] path, int flags, int mask, @Out byte[] stat);

    int statvfs(@In byte[] path, @Out byte[] stat);

    long getdents64(int fd, long address, long bytes);

    int fchmod(int fd, int mode);

    int fchmodat(int directory, @In byte[] path, int mode, int flags);

    int fchown(int fd, int uid, int gid);

    int lchown(@In byte[] path, int uid, int gid);

    int futimens(int fd, @In long[] times);

    int utimensat(int directory, @In byte[] path, @In long[] times, int flags);

    int symlink(@In byte[] target, @In byte[] path);

    long readlink(@In byte[] path, @Out byte[] target, long bytes);

    long readlinkat(int directory, @In byte[] path, @Out byte[] target, long bytes);

    int mkdir(@In byte[] path, int mode);

    int mknod(@In byte[] path, int mode, long device);

    int link(@In byte[] oldPath, @In byte[] newPath);

    int unlink(@In byte[] path);

    int rmdir(@In byte[] path);

    int renameat2(int oldDirectory, @In byte[] oldPath, int newDirectory, @In byte[] newPath, int flags);

    int unshare(int flags);

    int mount(@In byte[] source, @In byte[] target, @In byte[] type, long flags, @In byte[] data);

    int umount2(@In byte[] target, int flags);

    int clock_gettime(int clock, @Out byte[] time);

    int gettid();

    int geteuid();

    int getegid();

    int kill(int pid, int signal);

    long syscall(long number, long a, long b, long c, long d);
}
