package io.ltxfs.database.posix;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import jnr.ffi.Runtime;

/**
 * System calls, as plain static functions.
 *
 * <p>A result is what the call returns, or <em>the negative error number</em>: there is no errno to read afterwards and
 * no exception on the way. {@link #check} makes an exception of it where that reads better. Paths and names are UTF-8
 * whatever the locale is. Buffers are direct; a call uses the bytes from position to limit and moves neither. Nothing
 * is retried: a caller that can be interrupted sees {@code -EINTR}.
 *
 * <p>JVM options: none on 17; on 24 and newer {@code --enable-native-access=ALL-UNNAMED
 * --sun-misc-unsafe-memory-access=allow} keep the JVM from warning.
 */
public final class Posix {
    /** In place of a directory's descriptor: the working directory. */
    public static final int AT_FDCWD = -100;

    private static final int AT_SYMLINK_NOFOLLOW = 0x100;
    private static final int AT_EMPTY_PATH = 0x1000;
    private static final int STATX_BASIC_STATS = 0x7ff;

    /** fallocate(2): keep the size. */
    public static final int FALLOC_KEEP_SIZE = 1;

    /** fallocate(2): make a hole; goes with {@link #FALLOC_KEEP_SIZE}. */
    public static final int FALLOC_PUNCH_HOLE = 2;

    /** posix_fadvise(2): drop cached pages. */
    public static final int FADV_DONTNEED = 4;

    /** sync_file_range(2): start writing. */
    public static final int SYNC_FILE_RANGE_WRITE = 2;

    /** unshare(2): a descriptor table of the thread's own. */
    public static final int CLONE_FILES = 0x400;

    /** flock(2). */
    public static final int LOCK_SH = 1;

    private static final int F_SETFD = 2;
    private static final int FD_CLOEXEC = 1;

    public static final int LOCK_EX = 2;
    public static final int LOCK_NB = 4;
    public static final int LOCK_UN = 8;

    /** A time for {@link #utimens}: the present. */
    public static final FileTime TIME_NOW = new FileTime(0, (1 << 30) - 1);

    /** A time for {@link #utimens}: leave it as it is. */
    public static final FileTime TIME_OMIT = new FileTime(0, (1 << 30) - 2);

    private static final LibC C = LibC.INSTANCE;
    private static final Runtime RUNTIME = Runtime.getRuntime(C);
    private static final long SYS_CLOSE_RANGE = 436;

    private Posix() {}

    /**
     * Throws if a result is an error.
     *
     * @param result as any method here returns it
     * @param what the call and what it was about
     * @return the result
     */
    public static long check(long result, String what) throws PosixException {
        if (result < 0) {
            throw new PosixException((int) -result, what);
        }
        return result;
    }

    /** open(2). @return a descriptor; add {@link OpenFlags#CLOEXEC}, or children inherit it */
    public static int open(String path, int flags, int mode) {
        return result(C.open(cString(path), flags, mode));
    }

    /** openat(2). @param directory a descriptor or {@link #AT_FDCWD} */
    public static int openat(int directory, String path, int flags, int mode) {
        return result(C.openat(directory, cString(path), flags, mode));
    }

    /** close(2). The descriptor is gone whatever is returned. */
    public static int close(int fd) {
        return result(C.close(fd));
    }

    /** pread(2) into the buffer from its position to its limit. @return bytes read, 0 at the end of the file */
    public static long pread(int fd, ByteBuffer buffer, long offset) {
        return pread(fd, address(buffer), buffer.remaining(), offset);
    }

    /** pread(2) to an address. */
    public static long pread(int fd, long address, long bytes, long offset) {
        return result(C.pread(fd, address, bytes, offset));
    }

    /** pwrite(2) of the bytes between position and limit. @return bytes written, perhaps fewer */
    public static long pwrite(int fd, ByteBuffer buffer, long offset) {
        return pwrite(fd, address(buffer), buffer.remaining(), offset);
    }

    /** pwrite(2) from an address. */
    public static long pwrite(int fd, long address, long bytes, long offset) {
        return result(C.pwrite(fd, address, bytes, offset));
    }

    /** read(2) to an address. */
    public static long read(int fd, long address, long bytes) {
        return result(C.read(fd, address, bytes));
    }

    /** write(2) from an address. */
    public static long write(int fd, long address, long bytes) {
        return result(C.write(fd, address, bytes));
    }

    /** writev(2). @param vectorAddress {@code count} pairs of address and length, each a 64-bit word */
    public static long writev(int fd, long vectorAddress, int count) {
        return result(C.writev(fd, vectorAddress, count));
    }

    /** ftruncate(2). */
    public static int ftruncate(int fd, long size) {
        return result(C.ftruncate(fd, size));
    }

    /** truncate(2). */
    public static int truncate(String path, long size) {
        return result(C.truncate(cString(path), size));
    }

    /** fsync(2). */
    public static int fsync(int fd) {
        return result(C.fsync(fd));
    }

    /** fdatasync(2). */
    public static int fdatasync(int fd) {
        return result(C.fdatasync(fd));
    }

    /** sync_file_range(2): no promise of durability. */
    public static int syncFileRange(int fd, long offset, long length, int flags) {
        return result(C.sync_file_range(fd, offset, length, flags));
    }

    /** fallocate(2). */
    public static int fallocate(int fd, int mode, long offset, long length) {
        return result(C.fallocate(fd, mode, offset, length));
    }

    /** posix_fadvise(2). */
    public static int fadvise(int fd, long offset, long length, int advice) {
        return -C.posix_fadvise(fd, offset, length, advice);
    }

    /** lseek(2). */
    public static long lseek(int fd, long offset, int whence) {
        return result(C.lseek(fd, offset, whence));
    }

    /** flock(2): a lock of the open file, not of SQLite's kind. */
    public static int flock(int fd, int operation) {
        return result(C.flock(fd, operation));
    }

    /** ioctl(2). @param argument in and out */
    public static int ioctl(int fd, long request, byte[] argument) {
        return result(C.ioctl(fd, request, argument));
    }

    /** Marks a descriptor that another library has opened to be closed by execve(2). @return 0 or a negative error number */
    public static int closeOnExec(int fd) {
        return result(C.fcntl(fd, F_SETFD, FD_CLOEXEC));
    }

    /** fcntl(2) with a structure. */
    static int fcntl(int fd, int command, byte[] argument) {
        return result(C.fcntl(fd, command, argument));
    }

    /** Attributes of a path, links followed. */
    public static FileStat stat(String path) throws PosixException {
        return statx(AT_FDCWD, path, 0);
    }

    /** Attributes of a path, of a link itself if it is one. */
    public static FileStat lstat(String path) throws PosixException {
        return statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW);
    }

    /** Attributes of an open file. */
    public static FileStat fstat(int fd) throws PosixException {
        return statx(fd, "", AT_EMPTY_PATH);
    }

    private static FileStat statx(int directory, String path, int flags) throws PosixException {
        byte[] stat = new byte[FileStat.BYTES];
        int result = result(C.statx(directory, cString(path), flags, STATX_BASIC_STATS, stat));
        if (result < 0) {
            throw new PosixException(-result, "stat " + (path.isEmpty() ? "descriptor " + directory : path));
        }
        return FileStat.parse(stat);
    }

    /** Space and limits of the file system that holds a path. */
    public static VolumeStat statvfs(String path) throws PosixException {
        byte[] stat = new byte[VolumeStat.BYTES];
        check(result(C.statvfs(cString(path), stat)), "statvfs " + path);
        return VolumeStat.parse(stat);
    }

    /** chmod(2); links are followed. */
    public static int chmod(String path, int mode) {
        return result(C.fchmodat(AT_FDCWD, cString(path), mode, 0));
    }

    /** fchmod(2). */
    public static int fchmod(int fd, int mode) {
        return result(C.fchmod(fd, mode));
    }

    /** lchown(2): of a link itself. @param uid or -1 to leave it @param gid or -1 to leave it */
    public static int lchown(String path, int uid, int gid) {
        return result(C.lchown(cString(path), uid, gid));
    }

    /** fchown(2). */
    public static int fchown(int fd, int uid, int gid) {
        return result(C.fchown(fd, uid, gid));
    }

    /** utimensat(2) of a path, of a link itself; see {@link #TIME_NOW} and {@link #TIME_OMIT}. */
    public static int utimens(String path, FileTime access, FileTime modification) {
        return result(C.utimensat(AT_FDCWD, cString(path), times(access, modification), AT_SYMLINK_NOFOLLOW));
    }

    /** futimens(3). */
    public static int futimens(int fd, FileTime access, FileTime modification) {
        return result(C.futimens(fd, times(access, modification)));
    }

    private static long[] times(FileTime access, FileTime modification) {
        return new long[] {access.seconds(), access.nanos(), modification.seconds(), modification.nanos()};
    }

    /** symlink(2). */
    public static int symlink(String target, String path) {
        return result(C.symlink(cString(target), cString(path)));
    }

    /** readlink(2). */
    public static String readlink(String path) throws PosixException {
        byte[] target = new byte[4096];
        long length = check(result(C.readlink(cString(path), target, target.length)), "readlink " + path);
        return new String(target, 0, (int) length, StandardCharsets.UTF_8);
    }

    /** readlinkat(2). @param path may be empty if the descriptor is a link's own (O_PATH and O_NOFOLLOW) */
    public static String readlinkat(int directory, String path) throws PosixException {
        byte[] target = new byte[4096];
        int length = (int) check(
                result(C.readlinkat(directory, cString(path), target, target.length)),
                "readlink " + path + " in descriptor " + directory);
        return new String(target, 0, length, StandardCharsets.UTF_8);
    }

    /** mkdir(2). */
    public static int mkdir(String path, int mode) {
        return result(C.mkdir(cString(path), mode));
    }

    /** mknod(2). @param device as the C library's {@code makedev} makes it */
    public static int mknod(String path, int mode, long device) {
        return result(C.mknod(cString(path), mode, device));
    }

    /** link(2). */
    public static int link(String oldPath, String newPath) {
        return result(C.link(cString(oldPath), cString(newPath)));
    }

    /** unlink(2). */
    public static int unlink(String path) {
        return result(C.unlink(cString(path)));
    }

    /** rmdir(2). */
    public static int rmdir(String path) {
        return result(C.rmdir(cString(path)));
    }

    /** renameat2(2) of paths. @param flags 0, 1 (no replace) or 2 (exchange) */
    public static int rename(String oldPath, String newPath, int flags) {
        return result(C.renameat2(AT_FDCWD, cString(oldPath), AT_FDCWD, cString(newPath), flags));
    }

    /** Lists a directory, in its own order. */
    public static List<DirectoryEntry> list(String path) throws PosixException {
        int fd = (int) check(
                open(path, OpenFlags.RDONLY | OpenFlags.DIRECTORY | OpenFlags.CLOEXEC, 0), "open directory " + path);
        try {
            List<DirectoryEntry> entries = new ArrayList<>();
            ByteBuffer buffer = ByteBuffer.allocateDirect(32 * 1024).order(ByteOrder.nativeOrder());
            while (true) {
                int bytes = (int) check(result(C.getdents64(fd, address(buffer), buffer.capacity())), "list " + path);
                if (bytes == 0) {
                    return entries;
                }
                DirectoryRecords.parse(buffer, bytes, entries);
            }
        } finally {
            close(fd);
        }
    }

    /** unshare(2), for the calling thread. */
    public static int unshare(int flags) {
        return result(C.unshare(flags));
    }

    /** close_range(2): closes all descriptors from {@code first} to {@code last}, both included, in the thread's table. */
    public static int closeRange(int first, int last) {
        return (int) result(C.syscall(SYS_CLOSE_RANGE, first, last & 0xffffffffL, 0, 0));
    }

    /** mount(2). */
    public static int mount(String source, String target, String type, long flags, String data) {
        return result(C.mount(cString(source), cString(target), cString(type), flags, cString(data)));
    }

    /** umount2(2). */
    public static int umount(String target, int flags) {
        return result(C.umount2(cString(target), flags));
    }

    /** The kernel's id of the calling thread. */
    public static int gettid() {
        return C.gettid();
    }

    /** The effective user id of the process. */
    public static int geteuid() {
        return C.geteuid();
    }

    /** The effective group id of the process. */
    public static int getegid() {
        return C.getegid();
    }

    /** kill(2). @param signal 0 only asks whether the process is there */
    public static int kill(int pid, int signal) {
        return result(C.kill(pid, signal));
    }

    /**
     * The address of the byte at a direct buffer's position; good as long as the buffer is reachable.
     *
     * @throws IllegalArgumentException if the buffer is not direct
     */
    public static long address(ByteBuffer buffer) {
        if (!buffer.isDirect()) {
            throw new IllegalArgumentException("a system call needs a direct buffer");
        }
        return com.kenai.jffi.MemoryIO.getInstance().getDirectBufferAddress(buffer) + buffer.position();
    }

    private static byte[] cString(String path) {
        byte[] utf8 = path.getBytes(StandardCharsets.UTF_8);
        byte[] terminated = new byte[utf8.length + 1];
        System.arraycopy(utf8, 0, terminated, 0, utf8.length);
        return terminated;
    }

    /** clock_gettime(2), into a struct timespec. */
    static int clockGettime(int clock, byte[] time) {
        return result(C.clock_gettime(clock, time));
    }

    private static int result(int returned) {
        return returned == -1 ? -RUNTIME.getLastError() : returned;
    }

    private static long result(long returned) {
        return returned == -1 ? -RUNTIME.getLastError() : returned;
    }
}
