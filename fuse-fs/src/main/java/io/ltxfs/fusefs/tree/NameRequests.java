package io.ltxfs.fusefs.tree;

import io.ltxfs.database.Database;
import io.ltxfs.database.SqliteFile;
import io.ltxfs.database.posix.Errno;
import io.ltxfs.database.posix.FileMode;
import io.ltxfs.database.posix.FileStat;
import io.ltxfs.database.posix.FileTime;
import io.ltxfs.database.posix.OpenFlags;
import io.ltxfs.database.posix.Posix;
import io.ltxfs.fusefs.FileAttributes;
import io.ltxfs.fusefs.transport.Caller;
import io.ltxfs.fusefs.transport.Entry;
import io.ltxfs.fusefs.transport.ReplyCreate;
import io.ltxfs.fusefs.transport.ReplyEntry;
import io.ltxfs.fusefs.transport.ReplyOpen;
import java.io.IOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Finds and makes names. */
final class NameRequests {
    private final Parts parts;
    private final AttributeRequests attributes;
    private final FileRequests files;
    private final FileAttributes shown;

    NameRequests(Parts parts, AttributeRequests attributes, FileRequests files, FileAttributes shown) {
        this.shown = shown;
        this.parts = parts;
        this.attributes = attributes;
        this.files = files;
    }

    void lookup(long parent, String name, ReplyEntry reply) throws IOException {
        Directory directory = parts.directory(parent);
        Inode child = acquire(directory, name);
        if (child != null) {
            reply.entry(entry(child));
        } else if (VirtualFiles.isReserved(directory, name)
                || SqliteNames.positionOf(name).isPresent()) {
            // It may come into being without a request: the kernel must not remember that it was missing.
            reply.error(Errno.ENOENT);
        } else {
            reply.entry(Entry.negative(Tree.TIMEOUT_MILLIS));
        }
    }

    private @Nullable Inode acquire(Directory directory, String name) throws IOException {
        parts.paths().readLock().lock();
        try {
            return parts.loader().acquire(directory, name);
        } finally {
            parts.paths().readLock().unlock();
        }
    }

    /** An entry for a node that has one lookup more for it; takes that off again if it throws. */
    private Entry entry(Inode node) throws IOException {
        try {
            long timeout = node instanceof VirtualFile ? 0 : Tree.TIMEOUT_MILLIS;
            return new Entry(node.id(), Inode.GENERATION, attributes.attr(node), timeout, timeout);
        } catch (IOException e) {
            parts.nodes().forget(node, 1);
            throw e;
        }
    }

    /** What makes a file in the mirror. */
    private interface Maker {
        void make(String path, int uid, int gid, boolean setGroup) throws IOException;
    }

    void mkdir(Caller caller, long parent, String name, int mode, ReplyEntry reply) throws IOException {
        // A directory in a set-group-id directory is one itself.
        reply.entry(make(
                caller,
                parent,
                name,
                (path, uid, gid, setGroup) ->
                        parts.mirror().makeDirectory(path, setGroup ? mode | FileMode.SETGID : mode, uid, gid)));
    }

    void symlink(Caller caller, long parent, String name, String target, ReplyEntry reply) throws IOException {
        reply.entry(make(
                caller,
                parent,
                name,
                (path, uid, gid, setGroup) -> parts.mirror().makeLink(target, path, uid, gid)));
    }

    void mknod(Caller caller, long parent, String name, int mode, ReplyEntry reply) throws IOException {
        int type = mode & FileMode.TYPE;
        if (type == FileMode.REGULAR || type == 0) {
            reply.entry(entry(makeRegular(caller, parent, name, mode, true)));
        } else if (type == FileMode.FIFO || type == FileMode.SOCKET) {
            reply.entry(make(
                    caller,
                    parent,
                    name,
                    (path, uid, gid, setGroup) -> parts.mirror().makeNode(path, mode, uid, gid)));
        } else {
            throw new TreeException(Errno.EPERM, "make a device " + name);
        }
    }

    private Entry make(Caller caller, long parent, String name, Maker maker) throws IOException {
        Directory directory = parts.directory(parent);
        parts.paths().readLock().lock();
        Inode node;
        try {
            String path = Mirror.join(directory.path(), name);
            FileStat parentStat = parts.mirror().stat(directory.path());
            refuseTaken(directory, name);
            maker.make(
                    path, caller.uid(), Mirror.groupOf(caller, parentStat), (parentStat.mode() & FileMode.SETGID) != 0);
            directory.namesChanged();
            node = parts.loader().acquire(directory, name);
        } finally {
            parts.paths().readLock().unlock();
        }
        if (node == null) {
            throw new TreeException(Errno.EIO, "made and not found: " + name);
        }
        return entry(node);
    }

    /** Makes way for a new name: what outlived an earlier database goes if this is another's, else it is in the way. */
    private void refuseTaken(Directory directory, String name) throws IOException {
        if (VirtualFiles.isReserved(directory, name)) {
            throw new TreeException(Errno.EPERM, "make " + name);
        }
        Inode taken = parts.loader().acquire(directory, name);
        if (taken == null) {
            return;
        }
        try {
            if (taken instanceof RegularFile file
                    && file.isOrphan()
                    && parts.orphans().isAnothers(file)) {
                parts.orphans().remove(file);
                return;
            }
            throw new TreeException(taken instanceof VirtualFile ? Errno.EPERM : Errno.EEXIST, "make " + name);
        } finally {
            parts.nodes().forget(taken, 1);
        }
    }

    void create(Caller caller, long parent, String name, int mode, int flags, ReplyCreate reply) throws IOException {
        RegularFile file = makeRegular(caller, parent, name, mode, (flags & OpenFlags.EXCL) != 0);
        try {
            files.open(caller, file, flags, new FileRequests.Opening() {
                @Override
                public void opened(OpenFile open) {
                    Tree.answer(reply, () -> reply.created(entry(file), open.fh(), ReplyOpen.KEEP_CACHE));
                }

                @Override
                public void failed(int errno) {
                    parts.nodes().forget(file, 1);
                    reply.error(errno);
                }
            });
        } catch (IOException e) {
            parts.nodes().forget(file, 1);
            throw e;
        }
    }

    /** @return the new file, or the one that was there unless {@code exclusive}; with one lookup more */
    private RegularFile makeRegular(Caller caller, long parent, String name, int mode, boolean exclusive)
            throws IOException {
        Directory directory = parts.directory(parent);
        Attributes owned;
        String path;
        Database database;
        parts.paths().readLock().lock();
        try {
            try {
                refuseTaken(directory, name);
            } catch (TreeException e) {
                if (!exclusive
                        && e.errno() == Errno.EEXIST
                        && parts.loader().acquire(directory, name) instanceof RegularFile file) {
                    return file;
                }
                throw e;
            }
            FileStat parentStat = parts.mirror().stat(directory.path());
            owned = new Attributes(
                    FileMode.REGULAR | (mode & FileMode.PERMISSIONS),
                    caller.uid(),
                    Mirror.groupOf(caller, parentStat),
                    FileTime.now());
            path = Mirror.join(directory.path(), name);
            database = SqliteNames.isSuperJournal(name) ? null : databaseBeside(directory, name);
            if (database == null && !SqliteNames.isSuperJournal(name)) {
                return makePlain(directory, name, owned);
            }
        } finally {
            parts.paths().readLock().unlock();
        }
        if (parts.rules().isOwn(caller) && database != null) {
            // A side file belongs to whom its database belongs to: those who read it map the wal-index for writing.
            FileStat base = parts.mirror().stat(database.name());
            owned.ownedAs(new Attributes(base.mode(), base.uid(), base.gid(), FileTime.now()));
            owned.show(shown);
        } else if (database == null
                || SqliteNames.side(name).map(SqliteNames.Side::role).orElse(Role.JOURNAL) == Role.JOURNAL) {
            parts.rules().refuseChange(caller, "create " + path);
        }
        return makeBeside(directory, name, path, database, owned);
    }

    /** The database that a file of this name would lie beside: the file there is one from now on. */
    private @Nullable Database databaseBeside(Directory directory, String name) throws IOException {
        return parts.orphans()
                .ofBase(directory, name, base -> Optional.of(parts.recognition().database(base)))
                .orElse(null);
    }

    /** Makes a side file, or a super-journal if there is no database. Holds no lock while the databases are asked. */
    private RegularFile makeBeside(
            Directory directory, String name, String path, @Nullable Database database, Attributes owned)
            throws IOException {
        Role role = database == null
                ? Role.SUPER_JOURNAL
                : SqliteNames.side(name).map(SqliteNames.Side::role).orElse(Role.SUPER_JOURNAL);
        SqliteFile made = make(path, database, role);
        Inode node;
        synchronized (directory) {
            RegularFile candidate = parts.loader().beside(new Content.Sqlite(database, made, role, owned));
            node = parts.loader().hang(directory, name, candidate);
        }
        RegularFile file = regular(node, name);
        if (file.content() instanceof Content.Sqlite sqlite && sqlite.attributes() != owned) {
            // A lookup saw it first.
            sqlite.attributes().ownedAs(owned);
        }
        return file;
    }

    private SqliteFile make(String path, @Nullable Database database, Role role) {
        if (database == null) {
            return parts.databases().createSuperJournal(path);
        }
        return switch (role) {
            case JOURNAL -> database.createJournal();
            case WAL -> database.createWal();
            case SHM -> database.createShm();
            case DATABASE, SUPER_JOURNAL -> throw new IllegalStateException("not a side file: " + path);
        };
    }

    private static RegularFile regular(@Nullable Inode node, String name) throws TreeException {
        if (node instanceof RegularFile file) {
            return file;
        }
        throw new TreeException(Errno.EIO, "made and not found: " + name);
    }

    private RegularFile makePlain(Directory directory, String name, Attributes owned) throws IOException {
        String path = Mirror.join(directory.path(), name);
        int fd = parts.mirror().create(path, owned.permissions(), owned.uid(), owned.gid());
        directory.namesChanged();
        RegularFile file;
        try {
            file = regular(parts.loader().acquire(directory, name), name);
        } finally {
            Posix.close(fd);
        }
        return file;
    }
}
