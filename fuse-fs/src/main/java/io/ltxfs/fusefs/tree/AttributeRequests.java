package io.ltxfs.fusefs.tree;

import io.ltxfs.database.Database;
import io.ltxfs.database.Handle;
import io.ltxfs.database.posix.Errno;
import io.ltxfs.database.posix.FileMode;
import io.ltxfs.database.posix.FileTime;
import io.ltxfs.database.posix.Posix;
import io.ltxfs.fusefs.transport.Attr;
import io.ltxfs.fusefs.transport.Caller;
import io.ltxfs.fusefs.transport.FileSystem;
import io.ltxfs.fusefs.transport.ReplyAttr;
import io.ltxfs.fusefs.transport.SetAttr;
import java.io.IOException;

/** Shows and changes attributes. */
final class AttributeRequests {
    private static final int KEEP = -1;
    private static final long REVOKED_BYTES = 64 << 10;

    private final Parts parts;

    AttributeRequests(Parts parts) {
        this.parts = parts;
    }

    /** What stat(2) shows of a node. */
    Attr attr(Inode node) throws IOException {
        if (node instanceof RegularFile file) {
            return attr(file);
        }
        if (node instanceof VirtualFile virtual) {
            return parts.virtuals().attr(virtual);
        }
        if (node instanceof Directory directory && directory.removed() != null) {
            return directory.removed();
        }
        parts.paths().readLock().lock();
        try {
            var stat = parts.mirror().stat(node.path());
            return Attributes.attr(stat, stat.ino());
        } finally {
            parts.paths().readLock().unlock();
        }
    }

    private Attr attr(RegularFile file) throws IOException {
        if (file.content() instanceof Content.Sqlite sqlite) {
            return attr(file, sqlite);
        }
        parts.paths().readLock().lock();
        file.lock().readLock().lock();
        try {
            Content content = file.content();
            if (content instanceof Content.Sqlite sqlite) {
                return attr(file, sqlite);
            }
            int fd = ((Content.Plain) content).fd();
            var stat = fd == Content.Plain.CLOSED ? parts.mirror().stat(file.path()) : Posix.fstat(fd);
            return Attributes.attr(stat, file.ino());
        } finally {
            file.lock().readLock().unlock();
            parts.paths().readLock().unlock();
        }
    }

    private static Attr attr(RegularFile file, Content.Sqlite sqlite) {
        long size = sqlite.file().size();
        // Not empty: who looks at a file that it may not use any more is to read it, and to fail.
        return sqlite.attributes()
                .attr(file.ino(), file.isRevoked() ? Math.max(size, REVOKED_BYTES) : size, file.isLinked());
    }

    /** Answers with a node's attributes. */
    void reply(Inode node, ReplyAttr reply) {
        Attr attr;
        try {
            attr = attr(node);
        } catch (IOException e) {
            reply.error(TreeException.errnoOf(e));
            return;
        }
        reply.attr(attr, node instanceof VirtualFile ? 0 : Tree.TIMEOUT_MILLIS);
    }

    void setattr(Caller caller, long node, SetAttr change, ReplyAttr reply) throws IOException {
        Inode inode = parts.nodes().get(node);
        if (inode instanceof VirtualFile) {
            throw new TreeException(Errno.EPERM, "change a virtual file");
        }
        if (inode instanceof RegularFile file && file.content() instanceof Content.Sqlite sqlite) {
            setSqlite(caller, file, sqlite, change, reply);
            return;
        }
        if (inode instanceof RegularFile file) {
            parts.paths().readLock().lock();
            file.lock().readLock().lock();
            try {
                if (file.content() instanceof Content.Plain plain) {
                    setPlain(file, plain.fd(), change);
                    if (change.has(SetAttr.SIZE)) {
                        file.cut(change.size());
                    }
                }
            } finally {
                file.lock().readLock().unlock();
                parts.paths().readLock().unlock();
            }
            if (file.content() instanceof Content.Sqlite sqlite) {
                setSqlite(caller, file, sqlite, change, reply);
                return;
            }
        } else {
            parts.paths().readLock().lock();
            try {
                setPath(parts.mirror().backing(inode.path()), change);
            } finally {
                parts.paths().readLock().unlock();
            }
        }
        reply(inode, reply);
    }

    private void setPlain(RegularFile file, int fd, SetAttr change) throws TreeException {
        if (fd == Content.Plain.CLOSED) {
            setPath(parts.mirror().backing(file.path()), change);
            return;
        }
        if (change.has(SetAttr.UID | SetAttr.GID)) {
            TreeException.check(Posix.fchown(fd, uid(change), gid(change)), "chown");
        }
        if (change.has(SetAttr.MODE)) {
            TreeException.check(Posix.fchmod(fd, change.mode() & FileMode.PERMISSIONS), "chmod");
        }
        if (change.has(SetAttr.SIZE)) {
            TreeException.check(Posix.ftruncate(fd, change.size()), "truncate");
        }
        if (change.has(SetAttr.ATIME | SetAttr.MTIME)) {
            TreeException.check(Posix.futimens(fd, atime(change), mtime(change)), "utimens");
        }
    }

    private static void setPath(String path, SetAttr change) throws TreeException {
        if (change.has(SetAttr.UID | SetAttr.GID)) {
            TreeException.check(Posix.lchown(path, uid(change), gid(change)), "chown " + path);
        }
        if (change.has(SetAttr.MODE)) {
            TreeException.check(Posix.chmod(path, change.mode() & FileMode.PERMISSIONS), "chmod " + path);
        }
        if (change.has(SetAttr.SIZE)) {
            TreeException.check(Posix.truncate(path, change.size()), "truncate " + path);
        }
        if (change.has(SetAttr.ATIME | SetAttr.MTIME)) {
            TreeException.check(Posix.utimens(path, atime(change), mtime(change)), "utimens " + path);
        }
    }

    private void setSqlite(Caller caller, RegularFile file, Content.Sqlite sqlite, SetAttr change, ReplyAttr reply)
            throws IOException {
        refuse(caller, file, sqlite, change);
        setOwner(file, sqlite, change);
        if (!change.has(SetAttr.SIZE)) {
            reply.attr(attr(file, sqlite), Tree.TIMEOUT_MILLIS);
            return;
        }
        Handle handle = handle(caller, change);
        sqlite.file().truncate(handle, change.size(), errno -> {
            if (errno != 0) {
                parts.kernel().forgetRange(file.id(), -1, 0);
                reply.error(errno);
                return;
            }
            if (!change.has(SetAttr.MTIME)) {
                sqlite.attributes().touch();
            }
            reply.attr(attr(file, sqlite), Tree.TIMEOUT_MILLIS);
        });
    }

    /** On a replica a database's owner comes from the primary, and its size too, but for checkpoints of a WAL. */
    private void refuse(Caller caller, RegularFile file, Content.Sqlite sqlite, SetAttr change) throws TreeException {
        if (file.isRevoked() && change.has(SetAttr.SIZE)) {
            throw new TreeException(Errno.EIO, "a handle of before another node wrote the database");
        }
        if (sqlite.role() != Role.DATABASE) {
            return;
        }
        if (change.has(SetAttr.UID | SetAttr.GID | SetAttr.MODE)) {
            parts.rules().refuseChange(caller, "change of a database's owner or mode");
        }
        Database database = sqlite.database();
        if (change.has(SetAttr.SIZE) && (database == null || database.wal().isEmpty())) {
            if (database == null || database.journal().isEmpty()) {
                parts.rules().refuseChange(caller, "cut of a database");
            }
        }
    }

    private Handle handle(Caller caller, SetAttr change) throws TreeException {
        return change.has(SetAttr.FH) && change.fh() != FileSystem.NO_HANDLE
                ? parts.handles().get(change.fh(), OpenFile.class).handle()
                : new Handle(true, false, caller.pid());
    }

    /** Owner and mode lie on a database's backing file and travel with its transactions; times are saved later. */
    private void setOwner(RegularFile file, Content.Sqlite sqlite, SetAttr change) throws IOException {
        Attributes attributes = sqlite.attributes();
        boolean owner = change.has(SetAttr.UID | SetAttr.GID | SetAttr.MODE);
        if (owner && sqlite.role() == Role.DATABASE && file.isLinked()) {
            parts.paths().readLock().lock();
            try {
                String path = parts.mirror().backing(file.path());
                if (change.has(SetAttr.UID | SetAttr.GID)) {
                    TreeException.check(Posix.lchown(path, uid(change), gid(change)), "chown " + path);
                }
                if (change.has(SetAttr.MODE)) {
                    TreeException.check(Posix.chmod(path, change.mode() & FileMode.PERMISSIONS), "chmod " + path);
                }
            } finally {
                parts.paths().readLock().unlock();
            }
        }
        attributes.apply(change);
        Database database = sqlite.database();
        if (owner && sqlite.role() == Role.DATABASE && database != null && file.isLinked()) {
            database.setAttributes(attributes.uid(), attributes.gid(), attributes.permissions());
        }
    }

    /** Writes a database's times to its backing file, if they changed and it has a name. */
    void saveTimes(Inode node) {
        if (!(node instanceof RegularFile file)
                || !(file.content() instanceof Content.Sqlite sqlite)
                || sqlite.role() != Role.DATABASE
                || !file.isLinked()
                || !sqlite.attributes().takeTimesUnsaved()) {
            return;
        }
        parts.paths().readLock().lock();
        try {
            Posix.utimens(
                    parts.mirror().backing(file.path()),
                    sqlite.attributes().accessed(),
                    sqlite.attributes().modified());
        } catch (TreeException e) {
            // It was unlinked a moment ago: nobody will ask for its times.
        } finally {
            parts.paths().readLock().unlock();
        }
    }

    private static int uid(SetAttr change) {
        return change.has(SetAttr.UID) ? change.uid() : KEEP;
    }

    private static int gid(SetAttr change) {
        return change.has(SetAttr.GID) ? change.gid() : KEEP;
    }

    private static FileTime atime(SetAttr change) {
        if (!change.has(SetAttr.ATIME)) {
            return Posix.TIME_OMIT;
        }
        return change.has(SetAttr.ATIME_NOW) ? Posix.TIME_NOW : change.atime();
    }

    private static FileTime mtime(SetAttr change) {
        if (!change.has(SetAttr.MTIME)) {
            return Posix.TIME_OMIT;
        }
        return change.has(SetAttr.MTIME_NOW) ? Posix.TIME_NOW : change.mtime();
    }
}
