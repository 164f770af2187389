package io.ltxfs.fusefs.tree;

import io.ltxfs.database.posix.DirectoryEntry;
import io.ltxfs.database.posix.Errno;
import io.ltxfs.database.posix.FileStat;
import io.ltxfs.database.posix.OpenFlags;
import io.ltxfs.database.posix.Posix;
import io.ltxfs.database.posix.PosixException;
import io.ltxfs.database.posix.VolumeStat;
import io.ltxfs.fusefs.transport.Caller;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * The backing directory that mirrors the mount: its directories, plain files, links and database files, under the
 * same names. Paths are below the mount.
 */
final class Mirror {
    /** The first bytes of every SQLite database that is not encrypted (fileformat2.html, 1.3.1). */
    private static final byte[] SQLITE_HEADER = "SQLite format 3\0".getBytes(StandardCharsets.US_ASCII);

    private final String root;
    private final int ownUid;
    private final int ownGid;

    Mirror(Path root) {
        this.root = root.toString();
        this.ownUid = Posix.geteuid();
        this.ownGid = Posix.getegid();
    }

    /** Puts a name behind a path that may be empty. */
    static String join(String path, String name) {
        return path.isEmpty() ? name : path + "/" + name;
    }

    /** Where a path lies on the disk below. */
    String backing(String path) {
        return path.isEmpty() ? root : root + "/" + path;
    }

    Optional<FileStat> find(String path) throws PosixException {
        try {
            return Optional.of(Posix.lstat(backing(path)));
        } catch (PosixException e) {
            if (e.errno() == Errno.ENOENT) {
                return Optional.empty();
            }
            throw e;
        }
    }

    FileStat stat(String path) throws PosixException {
        return Posix.lstat(backing(path));
    }

    List<DirectoryEntry> list(String path) throws PosixException {
        return Posix.list(backing(path));
    }

    String readLink(String path) throws PosixException {
        return Posix.readlink(backing(path));
    }

    VolumeStat volume() throws PosixException {
        return Posix.statvfs(root);
    }

    /** Opens a regular file for reading and writing, or only for reading if the disk allows no more. */
    int open(String path) throws TreeException {
        int flags = OpenFlags.CLOEXEC | OpenFlags.NOFOLLOW;
        int fd = Posix.open(backing(path), OpenFlags.RDWR | flags, 0);
        if (fd == -Errno.EACCES || fd == -Errno.EROFS) {
            fd = Posix.open(backing(path), OpenFlags.RDONLY | flags, 0);
        }
        return (int) TreeException.check(fd, "open " + path);
    }

    /** Makes a regular file that must not exist. @return its descriptor */
    int create(String path, int mode, int uid, int gid) throws TreeException {
        int flags = OpenFlags.RDWR | OpenFlags.CREAT | OpenFlags.EXCL | OpenFlags.CLOEXEC | OpenFlags.NOFOLLOW;
        int fd = (int) TreeException.check(Posix.open(backing(path), flags, 0600), "create " + path);
        if (uid != ownUid || gid != ownGid) {
            // Not root: the file stays the daemon's own, which is all it can be.
            Posix.fchown(fd, uid, gid);
        }
        // After chown, which clears set-user-id, and not through open, whose mode the daemon's umask would cut.
        Posix.fchmod(fd, mode & 07777);
        return fd;
    }

    void makeDirectory(String path, int mode, int uid, int gid) throws TreeException {
        TreeException.check(Posix.mkdir(backing(path), 0700), "mkdir " + path);
        own(path, uid, gid);
        Posix.chmod(backing(path), mode & 07777);
    }

    void makeLink(String target, String path, int uid, int gid) throws TreeException {
        TreeException.check(Posix.symlink(target, backing(path)), "symlink " + path);
        own(path, uid, gid);
    }

    /** Makes a FIFO or a socket. */
    void makeNode(String path, int mode, int uid, int gid) throws TreeException {
        TreeException.check(Posix.mknod(backing(path), mode, 0), "mknod " + path);
        own(path, uid, gid);
        Posix.chmod(backing(path), mode & 07777);
    }

    private void own(String path, int uid, int gid) {
        if (uid != ownUid || gid != ownGid) {
            Posix.lchown(backing(path), uid, gid);
        }
    }

    void unlink(String path) throws TreeException {
        TreeException.check(Posix.unlink(backing(path)), "unlink " + path);
    }

    void removeDirectory(String path) throws TreeException {
        TreeException.check(Posix.rmdir(backing(path)), "rmdir " + path);
    }

    void rename(String from, String to, int flags) throws TreeException {
        TreeException.check(Posix.rename(backing(from), backing(to), flags), "rename " + from + " to " + to);
    }

    /** Makes the names in a directory durable. */
    void syncDirectory(String path) throws TreeException {
        int flags = OpenFlags.RDONLY | OpenFlags.DIRECTORY | OpenFlags.CLOEXEC;
        int fd = (int) TreeException.check(Posix.open(backing(path), flags, 0), "open directory " + path);
        try {
            TreeException.check(Posix.fsync(fd), "fsync directory " + path);
        } finally {
            Posix.close(fd);
        }
    }

    /** The gid of a new file in a directory, which passes its own on if it is set-group-id. */
    static int groupOf(Caller caller, FileStat parent) {
        return (parent.mode() & 02000) != 0 ? parent.gid() : caller.gid();
    }

    /** Whether these are the first bytes of a SQLite database. Leaves the buffer's position. */
    static boolean startsDatabase(ByteBuffer bytes) {
        if (bytes.remaining() < SQLITE_HEADER.length) {
            return false;
        }
        for (int i = 0; i < SQLITE_HEADER.length; i++) {
            if (bytes.get(bytes.position() + i) != SQLITE_HEADER[i]) {
                return false;
            }
        }
        return true;
    }

    /** Whether a write at this offset touches what makes a file a SQLite database. */
    static boolean touchesHeader(long offset) {
        return offset < SQLITE_HEADER.length;
    }

    /** Whether an open file starts as a SQLite database does. */
    static boolean isDatabase(int fd) {
        return startsDatabase(start(fd));
    }

    /** The first bytes of an open file, as many as tell a SQLite database; fewer if it is shorter or cannot be read. */
    static ByteBuffer start(int fd) {
        ByteBuffer start = ByteBuffer.allocateDirect(SQLITE_HEADER.length);
        return start.limit((int) Math.max(0, Posix.pread(fd, start, 0)));
    }
}
