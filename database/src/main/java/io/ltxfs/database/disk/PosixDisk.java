package io.ltxfs.database.disk;

import io.ltxfs.database.posix.DirectoryEntry;
import io.ltxfs.database.posix.Errno;
import io.ltxfs.database.posix.OpenFlags;
import io.ltxfs.database.posix.Posix;
import io.ltxfs.database.posix.PosixException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A directory of this machine, by system calls, so that every failure has its real errno: a commit that is refused for
 * a full disk has to answer ENOSPC and not EIO.
 */
public final class PosixDisk implements Disk {
    private static final int FILE_MODE = 0600;
    private static final int DIRECTORY_MODE = 0700;

    private final String root;

    /** @param root an absolute directory; created by {@link #makeDirectories} if it is missing */
    public PosixDisk(Path root) {
        if (!root.isAbsolute()) {
            throw new IllegalArgumentException("the data directory must be an absolute path: " + root);
        }
        this.root = root.normalize().toString();
    }

    @Override
    public DiskFile open(String path, Mode mode) throws DiskException {
        String name = absolute(path);
        int flags = OpenFlags.CLOEXEC | OpenFlags.NOFOLLOW | (mode == Mode.READ ? OpenFlags.RDONLY : OpenFlags.RDWR);
        if (mode == Mode.CREATE) {
            flags |= OpenFlags.CREAT;
        }
        int fd;
        do {
            fd = Posix.open(name, flags, FILE_MODE);
        } while (fd == -Errno.EINTR);
        check(fd, "open", name);
        return new PosixFile(fd, name);
    }

    @Override
    public boolean exists(String path) throws DiskException {
        try {
            Posix.lstat(absolute(path));
            return true;
        } catch (PosixException e) {
            if (e.errno() == Errno.ENOENT || e.errno() == Errno.ENOTDIR) {
                return false;
            }
            throw new DiskException(e.errno(), e.getMessage());
        }
    }

    @Override
    public List<String> list(String directory) throws DiskException {
        try {
            List<DirectoryEntry> entries = Posix.list(absolute(directory));
            List<String> names = new ArrayList<>(entries.size());
            for (DirectoryEntry entry : entries) {
                names.add(entry.name());
            }
            return names;
        } catch (PosixException e) {
            if (e.errno() == Errno.ENOENT) {
                return List.of();
            }
            throw new DiskException(e.errno(), e.getMessage());
        }
    }

    @Override
    public void makeDirectories(String path) throws DiskException {
        makeDirectory(absolute(path));
    }

    private static void makeDirectory(String name) throws DiskException {
        int result = Posix.mkdir(name, DIRECTORY_MODE);
        if (result == -Errno.ENOENT && name.lastIndexOf('/') > 0) {
            makeDirectory(name.substring(0, name.lastIndexOf('/')));
            result = Posix.mkdir(name, DIRECTORY_MODE);
        }
        if (result != -Errno.EEXIST) {
            check(result, "make directory", name);
        }
    }

    @Override
    public void unlink(String path) throws DiskException {
        String name = absolute(path);
        int result = Posix.unlink(name);
        if (result != -Errno.ENOENT) {
            check(result, "unlink", name);
        }
    }

    @Override
    public void rename(String from, String to) throws DiskException {
        String name = absolute(from);
        check(Posix.rename(name, absolute(to), 0), "rename to " + to, name);
    }

    @Override
    public void syncDirectory(String directory) throws DiskException {
        String name = absolute(directory);
        int fd;
        do {
            fd = Posix.open(name, OpenFlags.RDONLY | OpenFlags.DIRECTORY | OpenFlags.CLOEXEC, 0);
        } while (fd == -Errno.EINTR);
        check(fd, "open", name);
        try {
            int result;
            do {
                result = Posix.fsync(fd);
            } while (result == -Errno.EINTR);
            check(result, "fsync", name);
        } finally {
            Posix.close(fd);
        }
    }

    private String absolute(String path) {
        return path.isEmpty() ? root : root + '/' + path;
    }

    private static void check(int result, String what, String name) throws DiskException {
        if (result < 0) {
            throw failure(-result, what, name);
        }
    }

    static DiskException failure(int errno, String what, String name) {
        return new DiskException(
                errno, what + " " + name + ": " + Errno.describe(errno) + " (" + Errno.name(errno) + ")");
    }

    @Override
    public void setAttributes(String path, int uid, int gid, int mode) throws DiskException {
        String name = absolute(path);
        check(Posix.lchown(name, uid, gid), "chown", name);
        check(Posix.chmod(name, mode & 07777), "chmod", name);
    }
}
