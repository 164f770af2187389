package io.ltxfs.fusefs.tree;

import io.ltxfs.database.Completion;
import io.ltxfs.database.Database;
import io.ltxfs.database.posix.Errno;
import io.ltxfs.database.posix.FileStat;
import io.ltxfs.fusefs.transport.Caller;
import io.ltxfs.fusefs.transport.ReplyEmpty;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Removes names. What SQLite's files mean by it, the databases decide; the name goes when they have. */
final class Removals {
    private final Parts parts;

    Removals(Parts parts) {
        this.parts = parts;
    }

    void unlink(Caller caller, long parent, String name, ReplyEmpty reply) throws IOException {
        Directory directory = parts.directory(parent);
        parts.paths().readLock().lock();
        Inode node;
        Content content;
        String path;
        try {
            node = parts.loader().acquire(directory, name);
            if (node == null) {
                throw new TreeException(Errno.ENOENT, "unlink " + name);
            }
            path = Mirror.join(directory.path(), name);
            content = node instanceof RegularFile file ? file.content() : new Content.Plain(Content.Plain.CLOSED);
            if (content instanceof Content.Plain) {
                unlinkPlain(directory, node, path);
            }
        } finally {
            parts.paths().readLock().unlock();
        }
        if (content instanceof Content.Sqlite sqlite) {
            try {
                refuse(caller, (RegularFile) node, sqlite, path);
            } catch (TreeException e) {
                parts.nodes().forget(node, 1);
                throw e;
            }
            unlinkSqlite(caller, directory, (RegularFile) node, sqlite, name, path, reply);
        } else {
            parts.nodes().forget(node, 1);
            reply.ok();
        }
    }

    /** On a replica journals may go (a rollback ends so), and what a connection that closes takes along. */
    private void refuse(Caller caller, RegularFile file, Content.Sqlite sqlite, String path) throws TreeException {
        Database database = sqlite.database();
        if (database != null && !file.isOrphan() && sqlite.role() != Role.JOURNAL) {
            parts.rules().refuseChange(caller, "unlink " + path);
        }
    }

    private void unlinkPlain(Directory directory, Inode node, String path) throws IOException {
        try {
            if (node instanceof Directory) {
                throw new TreeException(Errno.EISDIR, "unlink " + path);
            }
            if (node instanceof VirtualFile) {
                throw new TreeException(Errno.EPERM, "unlink " + path);
            }
            parts.mirror().unlink(path);
            directory.namesChanged();
            parts.nodes().detach(node);
        } catch (IOException e) {
            parts.nodes().forget(node, 1);
            throw e;
        }
    }

    private void unlinkSqlite(
            Caller caller,
            Directory directory,
            RegularFile file,
            Content.Sqlite sqlite,
            String name,
            String path,
            ReplyEmpty reply) {
        Completion gone = errno -> {
            if (errno == 0) {
                if (sqlite.role() == Role.DATABASE) {
                    directory.namesChanged();
                    dropped(directory, name, sqlite.database());
                }
                parts.loader().unhang(file);
            }
            parts.nodes().forget(file, 1);
            if (errno == 0) {
                reply.ok();
            } else {
                reply.error(errno);
            }
        };
        Database database = sqlite.database();
        if (file.isOrphan()) {
            parts.orphans().remove(file);
            gone.done(0);
        } else if (database == null) {
            parts.databases().unlinkSuperJournal(path, gone);
        } else {
            switch (sqlite.role()) {
                case JOURNAL -> database.unlinkJournal(caller.pid(), gone);
                case WAL -> database.unlinkWal(gone);
                case SHM -> database.unlinkShm(gone);
                case DATABASE, SUPER_JOURNAL -> parts.databases().drop(database, gone);
            }
        }
    }

    /** The database of a name is no more: the files beside it become orphans. */
    void dropped(Directory directory, String name, @Nullable Database database) {
        if (database == null) {
            return;
        }
        parts.orphans().leave(directory, name, database);
        parts.events().gone(database);
    }

    void rmdir(long parent, String name, ReplyEmpty reply) throws IOException {
        Directory directory = parts.directory(parent);
        parts.paths().readLock().lock();
        try {
            Inode node = parts.loader().acquire(directory, name);
            if (node == null) {
                throw new TreeException(Errno.ENOENT, "rmdir " + name);
            }
            try {
                if (!(node instanceof Directory removed)) {
                    throw new TreeException(Errno.ENOTDIR, "rmdir " + name);
                }
                dropOrphans(removed);
                FileStat last = parts.mirror().stat(removed.path());
                parts.mirror().removeDirectory(removed.path());
                removed.removed(Attributes.of(last).attr(last.ino(), 0, false));
                directory.namesChanged();
                parts.nodes().detach(removed);
            } finally {
                parts.nodes().forget(node, 1);
            }
        } finally {
            parts.paths().readLock().unlock();
        }
        reply.ok();
    }

    /** Side files have no names in the mirror, so its directory may be empty when ours is not. */
    private void dropOrphans(Directory removed) throws TreeException {
        for (Inode child : parts.nodes().children(removed)) {
            if (child instanceof RegularFile file && file.isBeside()) {
                if (!file.isOrphan()) {
                    throw new TreeException(Errno.ENOTEMPTY, "rmdir " + removed.path());
                }
            }
        }
        for (Inode child : parts.nodes().children(removed)) {
            if (child instanceof RegularFile file && file.isOrphan()) {
                parts.orphans().remove(file);
            }
        }
    }
}
