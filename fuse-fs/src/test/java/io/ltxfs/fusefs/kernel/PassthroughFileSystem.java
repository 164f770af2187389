package io.ltxfs.fusefs.kernel;

import io.ltxfs.database.posix.DirectoryEntry;
import io.ltxfs.database.posix.Errno;
import io.ltxfs.database.posix.FileMode;
import io.ltxfs.database.posix.FileStat;
import io.ltxfs.database.posix.FileTime;
import io.ltxfs.database.posix.OpenFlags;
import io.ltxfs.database.posix.Posix;
import io.ltxfs.database.posix.PosixException;
import io.ltxfs.database.posix.VolumeStat;
import io.ltxfs.fusefs.transport.Attr;
import io.ltxfs.fusefs.transport.Caller;
import io.ltxfs.fusefs.transport.Entry;
import io.ltxfs.fusefs.transport.FileSystem;
import io.ltxfs.fusefs.transport.FileSystemStat;
import io.ltxfs.fusefs.transport.Reply;
import io.ltxfs.fusefs.transport.ReplyAttr;
import io.ltxfs.fusefs.transport.ReplyCreate;
import io.ltxfs.fusefs.transport.ReplyData;
import io.ltxfs.fusefs.transport.ReplyDirectory;
import io.ltxfs.fusefs.transport.ReplyEmpty;
import io.ltxfs.fusefs.transport.ReplyEntry;
import io.ltxfs.fusefs.transport.ReplyLink;
import io.ltxfs.fusefs.transport.ReplyOffset;
import io.ltxfs.fusefs.transport.ReplyOpen;
import io.ltxfs.fusefs.transport.ReplyStatfs;
import io.ltxfs.fusefs.transport.ReplyWrite;
import io.ltxfs.fusefs.transport.SetAttr;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A directory shown through a mount, with nothing added: what a transport is tested and measured with.
 *
 * <p>A node holds an O_PATH descriptor of its file, so renames and removals do not touch it; a handle is the open
 * file's descriptor.
 */
class PassthroughFileSystem implements FileSystem {
    private final Map<Long, Node> nodes = new ConcurrentHashMap<>();
    private final Map<Long, Node> byInode = new ConcurrentHashMap<>();
    private final Map<Long, List<DirectoryEntry>> directories = new ConcurrentHashMap<>();
    private final AtomicLong lastId = new AtomicLong(ROOT);

    private static final class Node {
        final long id;
        final int fd;
        final long ino;
        long lookups;

        Node(long id, int fd, long ino) {
            this.id = id;
            this.fd = fd;
            this.ino = ino;
        }

        String path() {
            return "/proc/self/fd/" + fd;
        }
    }

    PassthroughFileSystem(Path backing) throws PosixException {
        int flags = OpenFlags.PATH | OpenFlags.DIRECTORY | OpenFlags.CLOEXEC;
        int fd = (int) Posix.check(Posix.open(backing.toString(), flags, 0), "open " + backing);
        Node root = new Node(ROOT, fd, Posix.fstat(fd).ino());
        root.lookups = 1;
        nodes.put(ROOT, root);
        byInode.put(root.ino, root);
    }

    @Override
    public void destroy() {
        nodes.values().forEach(n -> Posix.close(n.fd));
        nodes.clear();
    }

    private Node node(long id) {
        Node node = nodes.get(id);
        if (node == null) {
            throw new IllegalStateException("unknown node " + id);
        }
        return node;
    }

    private String path(long parent, String name) {
        return node(parent).path() + "/" + name;
    }

    private static Attr attr(FileStat s) {
        return new Attr(
                s.ino(),
                s.size(),
                s.blocks(),
                s.atime(),
                s.mtime(),
                s.ctime(),
                s.mode(),
                s.nlink(),
                s.uid(),
                s.gid(),
                s.rdev(),
                s.blockBytes());
    }

    private @Nullable Entry find(long parent, String name, Reply reply) {
        int fd = Posix.openat(node(parent).fd, name, OpenFlags.PATH | OpenFlags.NOFOLLOW | OpenFlags.CLOEXEC, 0);
        if (fd < 0) {
            if (fd != -Errno.ENOENT || !(reply instanceof ReplyEntry)) {
                reply.error(-fd);
                return null;
            }
            return Entry.negative(Entry.FOREVER);
        }
        try {
            FileStat stat = Posix.fstat(fd);
            synchronized (this) {
                Node node = byInode.get(stat.ino());
                if (node == null) {
                    node = new Node(lastId.incrementAndGet(), fd, stat.ino());
                    nodes.put(node.id, node);
                    byInode.put(stat.ino(), node);
                } else {
                    Posix.close(fd);
                }
                node.lookups++;
                return Entry.lasting(node.id, 1, attr(stat));
            }
        } catch (PosixException e) {
            reply.error(e.errno());
            return null;
        }
    }

    private void made(int result, long parent, String name, Caller caller, ReplyEntry reply) {
        if (result < 0) {
            reply.error(-result);
            return;
        }
        Posix.lchown(path(parent, name), caller.uid(), caller.gid());
        Entry entry = find(parent, name, reply);
        if (entry != null) {
            reply.entry(entry);
        }
    }

    private static void finish(long result, ReplyEmpty reply) {
        if (result < 0) {
            reply.error((int) -result);
        } else {
            reply.ok();
        }
    }

    @Override
    public void lookup(Caller caller, long parent, String name, ReplyEntry reply) {
        Entry entry = find(parent, name, reply);
        if (entry != null) {
            reply.entry(entry);
        }
    }

    @Override
    public synchronized void forget(long id, long lookups) {
        Node node = node(id);
        node.lookups -= lookups;
        if (node.lookups == 0 && id != ROOT) {
            nodes.remove(id);
            byInode.remove(node.ino);
            Posix.close(node.fd);
        }
    }

    @Override
    public void getattr(Caller caller, long node, long fh, ReplyAttr reply) {
        try {
            reply.attr(attr(Posix.fstat(node(node).fd)), Entry.FOREVER);
        } catch (PosixException e) {
            reply.error(e.errno());
        }
    }

    @Override
    public void setattr(Caller caller, long node, SetAttr change, ReplyAttr reply) {
        int fd = (int) change.fh();
        int access = change.has(SetAttr.SIZE) ? OpenFlags.RDWR : OpenFlags.RDONLY;
        if (!change.has(SetAttr.FH)) {
            fd = Posix.open(node(node).path(), access | OpenFlags.CLOEXEC | OpenFlags.NONBLOCK, 0);
        }
        int result = fd < 0 ? fd : apply(fd, change);
        if (!change.has(SetAttr.FH) && fd >= 0) {
            Posix.close(fd);
        }
        if (result < 0) {
            reply.error(-result);
        } else {
            getattr(caller, node, change.fh(), reply);
        }
    }

    private static int apply(int fd, SetAttr change) {
        int result = 0;
        if (change.has(SetAttr.SIZE)) {
            result = Posix.ftruncate(fd, change.size());
        }
        if (result == 0 && change.has(SetAttr.UID | SetAttr.GID)) {
            int uid = change.has(SetAttr.UID) ? change.uid() : -1;
            result = Posix.fchown(fd, uid, change.has(SetAttr.GID) ? change.gid() : -1);
        }
        if (result == 0 && change.has(SetAttr.MODE)) {
            result = Posix.fchmod(fd, change.mode() & FileMode.PERMISSIONS);
        }
        if (result == 0 && change.has(SetAttr.ATIME | SetAttr.MTIME)) {
            result = Posix.futimens(
                    fd,
                    time(change, SetAttr.ATIME, SetAttr.ATIME_NOW, change.atime()),
                    time(change, SetAttr.MTIME, SetAttr.MTIME_NOW, change.mtime()));
        }
        return result;
    }

    private static FileTime time(SetAttr change, int bit, int now, FileTime time) {
        return change.has(now) ? Posix.TIME_NOW : change.has(bit) ? time : Posix.TIME_OMIT;
    }

    @Override
    public void readlink(Caller caller, long node, ReplyLink reply) {
        try {
            reply.target(Posix.readlinkat(node(node).fd, ""));
        } catch (PosixException e) {
            reply.error(e.errno());
        }
    }

    @Override
    public void symlink(Caller caller, long parent, String name, String target, ReplyEntry reply) {
        made(Posix.symlink(target, path(parent, name)), parent, name, caller, reply);
    }

    @Override
    public void mknod(Caller caller, long parent, String name, int mode, int rdev, ReplyEntry reply) {
        made(Posix.mknod(path(parent, name), mode, rdev), parent, name, caller, reply);
    }

    @Override
    public void mkdir(Caller caller, long parent, String name, int mode, ReplyEntry reply) {
        made(Posix.mkdir(path(parent, name), mode), parent, name, caller, reply);
    }

    @Override
    public void unlink(Caller caller, long parent, String name, ReplyEmpty reply) {
        finish(Posix.unlink(path(parent, name)), reply);
    }

    @Override
    public void rmdir(Caller caller, long parent, String name, ReplyEmpty reply) {
        finish(Posix.rmdir(path(parent, name)), reply);
    }

    @Override
    public void rename(
            Caller caller, long parent, String name, long newParent, String newName, int flags, ReplyEmpty reply) {
        finish(Posix.rename(path(parent, name), path(newParent, newName), flags), reply);
    }

    @Override
    public void open(Caller caller, long node, int flags, ReplyOpen reply) {
        int kept = flags & ~(OpenFlags.NOFOLLOW | OpenFlags.APPEND);
        int fd = Posix.open(node(node).path(), kept | OpenFlags.CLOEXEC, 0);
        if (fd < 0) {
            reply.error(-fd);
        } else {
            reply.opened(fd, ReplyOpen.KEEP_CACHE);
        }
    }

    @Override
    public void create(Caller caller, long parent, String name, int mode, int flags, ReplyCreate reply) {
        int kept = (flags & ~(OpenFlags.APPEND | OpenFlags.NOFOLLOW)) | OpenFlags.CREAT | OpenFlags.CLOEXEC;
        int fd = Posix.openat(node(parent).fd, name, kept, mode & FileMode.PERMISSIONS);
        if (fd < 0) {
            reply.error(-fd);
            return;
        }
        Posix.fchown(fd, caller.uid(), caller.gid());
        Entry entry = find(parent, name, reply);
        if (entry != null) {
            reply.created(entry, fd, ReplyOpen.KEEP_CACHE);
        } else {
            Posix.close(fd);
        }
    }

    @Override
    public void read(Caller caller, long node, long fh, long offset, int size, ReplyData reply) {
        long read = Posix.pread((int) fh, reply.buffer(), offset);
        if (read < 0) {
            reply.error((int) -read);
        } else {
            reply.filled((int) read);
        }
    }

    @Override
    public void write(Caller caller, long node, long fh, long offset, ByteBuffer data, int flags, ReplyWrite reply) {
        long written = Posix.pwrite((int) fh, data, offset);
        if (written < 0) {
            reply.error((int) -written);
        } else {
            reply.written((int) written);
        }
    }

    @Override
    public void fsync(Caller caller, long node, long fh, boolean dataOnly, ReplyEmpty reply) {
        finish(dataOnly ? Posix.fdatasync((int) fh) : Posix.fsync((int) fh), reply);
    }

    @Override
    public void release(Caller caller, long node, long fh, int flags, ReplyEmpty reply) {
        finish(Posix.close((int) fh), reply);
    }

    @Override
    public void opendir(Caller caller, long node, ReplyOpen reply) {
        try {
            long handle = lastId.incrementAndGet();
            directories.put(handle, Posix.list(node(node).path()));
            reply.opened(handle, 0);
        } catch (PosixException e) {
            reply.error(e.errno());
        }
    }

    @Override
    public void readdir(Caller caller, long node, long fh, long offset, ReplyDirectory reply) {
        List<DirectoryEntry> entries = directories.getOrDefault(fh, List.of());
        for (int i = (int) offset; i < entries.size(); i++) {
            DirectoryEntry entry = entries.get(i);
            if (!reply.add(entry.name(), entry.ino(), entry.type(), i + 1L)) {
                break;
            }
        }
        reply.done();
    }

    @Override
    public void releasedir(Caller caller, long node, long fh, ReplyEmpty reply) {
        directories.remove(fh);
        reply.ok();
    }

    @Override
    public void fsyncdir(Caller caller, long node, long fh, boolean dataOnly, ReplyEmpty reply) {
        int fd = Posix.open(node(node).path(), OpenFlags.RDONLY | OpenFlags.DIRECTORY | OpenFlags.CLOEXEC, 0);
        int result = fd < 0 ? fd : Posix.fsync(fd);
        Posix.close(fd);
        finish(result, reply);
    }

    @Override
    public void statfs(Caller caller, long node, ReplyStatfs reply) {
        try {
            VolumeStat s = Posix.statvfs(node(node).path());
            reply.stat(new FileSystemStat(
                    s.blocks(),
                    s.blocksFree(),
                    s.blocksAvailable(),
                    s.files(),
                    s.filesFree(),
                    (int) s.fragmentBytes(),
                    (int) s.nameBytesMax()));
        } catch (PosixException e) {
            reply.error(e.errno());
        }
    }

    @Override
    public void fallocate(Caller caller, long node, long fh, int mode, long offset, long length, ReplyEmpty reply) {
        finish(Posix.fallocate((int) fh, mode, offset, length), reply);
    }

    @Override
    public void lseek(Caller caller, long node, long fh, long offset, int whence, ReplyOffset reply) {
        long result = Posix.lseek((int) fh, offset, whence);
        if (result < 0) {
            reply.error((int) -result);
        } else {
            reply.offset(result);
        }
    }
}
