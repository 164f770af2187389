package io.ltxfs.fusefs.tree;

import io.ltxfs.database.Database;
import io.ltxfs.database.posix.Errno;
import io.ltxfs.database.posix.Posix;
import io.ltxfs.fusefs.transport.Caller;
import io.ltxfs.fusefs.transport.FileSystem;
import io.ltxfs.fusefs.transport.ReplyEmpty;
import java.io.IOException;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Moves names. A database is moved by the database set, as a full image under its new name. Side files and directories
 * with databases in them answer EXDEV, so that mv(1) copies and removes: each step of that is captured as usual. A side
 * file that is open answers EBUSY. An orphan is a plain file under its new name.
 */
final class Renames {
    private static final String ASIDE_SUFFIX = ".ltxfs-replaced";

    private final Parts parts;
    private final Removals removals;

    Renames(Parts parts, Removals removals) {
        this.parts = parts;
        this.removals = removals;
    }

    /** One rename(2) that is under way; both nodes have one lookup more for it. */
    private record Move(
            Directory from,
            String name,
            Inode node,
            Directory to,
            String newName,
            @Nullable Inode target,
            ReplyEmpty reply) {
        String path() throws TreeException {
            return Mirror.join(from.path(), name);
        }

        String newPath() throws TreeException {
            return Mirror.join(to.path(), newName);
        }
    }

    void rename(Caller caller, long parent, String name, long newParent, String newName, int flags, ReplyEmpty reply)
            throws IOException {
        if ((flags & ~FileSystem.RENAME_NOREPLACE) != 0) {
            throw new TreeException(Errno.EINVAL, "exchange " + name + " and " + newName);
        }
        Directory from = parts.directory(parent);
        Directory to = parts.directory(newParent);
        parts.paths().writeLock().lock();
        boolean locked = true;
        Inode node = null;
        Inode target = null;
        boolean handedOver = false;
        try {
            node = parts.loader().acquire(from, name);
            if (node == null) {
                throw new TreeException(Errno.ENOENT, "rename " + name);
            }
            target = parts.loader().acquire(to, newName);
            if (target != null && (flags & FileSystem.RENAME_NOREPLACE) != 0) {
                throw new TreeException(Errno.EEXIST, "rename to " + newName);
            }
            Move move = new Move(from, name, node, to, newName, target, reply);
            refuse(move);
            refuseOnReplica(caller, move);
            if (node instanceof RegularFile file && file.isOrphan()) {
                parts.orphans().keep(file);
            }
            if (target instanceof RegularFile file && file.isOrphan()) {
                parts.orphans().remove(file);
                parts.nodes().forget(file, 1);
                target = null;
                move = new Move(from, name, node, to, newName, null, reply);
            }
            if (isLiveJournal(move)) {
                parts.nodes().move(node, to, newName);
                parts.paths().writeLock().unlock();
                locked = false;
                handedOver = true;
                done(move, 0);
            } else if (node instanceof RegularFile file && file.content() instanceof Content.Sqlite sqlite) {
                String aside = setAside(move);
                parts.paths().writeLock().unlock();
                locked = false;
                handedOver = true;
                moveDatabase(move, file, sqlite, aside);
            } else if (target instanceof RegularFile file && file.isDatabase()) {
                parts.paths().writeLock().unlock();
                locked = false;
                handedOver = true;
                replaceDatabase(move, (Content.Sqlite) file.content());
            } else {
                movePlain(move);
                parts.paths().writeLock().unlock();
                locked = false;
                handedOver = true;
                done(move, 0);
            }
        } finally {
            if (locked) {
                parts.paths().writeLock().unlock();
            }
            if (!handedOver) {
                release(node, target);
            }
        }
    }

    private void release(@Nullable Inode node, @Nullable Inode target) {
        if (node != null) {
            parts.nodes().forget(node, 1);
        }
        if (target != null) {
            parts.nodes().forget(target, 1);
        }
    }

    private void done(Move move, int errno) {
        release(move.node(), move.target());
        if (errno == 0) {
            move.reply().ok();
        } else {
            move.reply().error(errno);
        }
    }

    private void refuse(Move move) throws IOException {
        if (move.node() instanceof VirtualFile
                || move.target() instanceof VirtualFile
                || VirtualFiles.isReserved(move.to(), move.newName())) {
            throw new TreeException(Errno.EPERM, "rename a virtual file");
        }
        if (isLiveJournal(move)) {
            return;
        }
        for (Inode inode : new Inode[] {move.node(), move.target()}) {
            if (inode instanceof RegularFile file && file.isBeside() && !file.isOrphan()) {
                throw new TreeException(file.opens().isEmpty() ? Errno.EXDEV : Errno.EBUSY, "rename a side file");
            }
        }
        if (move.node() instanceof RegularFile && wouldBeBeside(move.to(), move.newName())) {
            throw new TreeException(Errno.EXDEV, "rename to a side file's name " + move.newName());
        }
        if (move.node() instanceof Directory && move.target() instanceof RegularFile) {
            throw new TreeException(Errno.ENOTDIR, "rename a directory to " + move.newName());
        }
        if (move.node() instanceof Directory directory && holdsDatabases(directory.path())) {
            throw new TreeException(Errno.EXDEV, "rename a directory that holds databases");
        }
    }

    private void refuseOnReplica(Caller caller, Move move) throws IOException {
        for (Inode inode : new Inode[] {move.node(), move.target()}) {
            if (inode instanceof RegularFile file && file.isDatabase()) {
                parts.rules().refuseChange(caller, "rename a database");
            }
        }
    }

    /**
     * A rollback journal that is open, or was moved while it was, is moved in memory: SQLite then misses it and fails
     * its commit, and finds it again when it is moved back.
     */
    private static boolean isLiveJournal(Move move) {
        return move.target() == null
                && move.node() instanceof RegularFile file
                && !file.isOrphan()
                && file.content() instanceof Content.Sqlite sqlite
                && sqlite.role() == Role.JOURNAL
                && sqlite.database() != null
                && (!file.opens().isEmpty() || !isAtHome(move, sqlite.database()));
    }

    private static boolean isAtHome(Move move, Database database) {
        try {
            return move.path().equals(database.name() + Role.JOURNAL.suffix());
        } catch (TreeException e) {
            return true;
        }
    }

    private boolean wouldBeBeside(Directory directory, String name) throws IOException {
        if (SqliteNames.isSuperJournal(name)) {
            return true;
        }
        Optional<SqliteNames.Side> side = SqliteNames.side(name);
        if (side.isEmpty()) {
            return false;
        }
        Inode base = parts.loader().acquire(directory, side.get().base());
        if (base == null) {
            return false;
        }
        parts.nodes().forget(base, 1);
        return base instanceof RegularFile file && file.isDatabase();
    }

    private boolean holdsDatabases(String path) {
        String prefix = path + "/";
        return parts.databases().all().stream()
                .anyMatch(database -> database.name().startsWith(prefix));
    }

    private void movePlain(Move move) throws IOException {
        parts.mirror().rename(move.path(), move.newPath(), 0);
        parts.nodes().move(move.node(), move.to(), move.newName());
        renamed(move);
        if (move.node() instanceof RegularFile file) {
            registerMoved(file);
        }
    }

    private void renamed(Move move) {
        move.from().namesChanged();
        move.to().namesChanged();
        parts.orphans().drop(move.to(), move.newName());
    }

    /** A database that was not known as one is captured from its new name on. */
    private void registerMoved(RegularFile file) throws IOException {
        if (!(file.content() instanceof Content.Plain plain)) {
            return;
        }
        boolean open = plain.fd() != Content.Plain.CLOSED;
        int fd = open ? plain.fd() : parts.mirror().open(file.path());
        boolean database = Mirror.isDatabase(fd);
        if (!open) {
            Posix.close(fd);
        }
        if (database && !parts.rules().isReplica()) {
            parts.recognition().database(file);
        }
    }

    /** A plain file that a database is to replace waits under another name, in case that is refused. */
    private @Nullable String setAside(Move move) throws IOException {
        Inode target = move.target();
        if (target == null || target instanceof RegularFile file && file.isDatabase()) {
            return null;
        }
        if (target instanceof Directory) {
            throw new TreeException(Errno.EISDIR, "rename to " + move.newName());
        }
        String aside = move.newPath() + ASIDE_SUFFIX;
        parts.mirror().rename(move.newPath(), aside, FileSystem.RENAME_NOREPLACE);
        return aside;
    }

    private void moveDatabase(Move move, RegularFile file, Content.Sqlite sqlite, @Nullable String aside)
            throws IOException {
        // refuse() left no super-journal through
        Database database = Objects.requireNonNull(sqlite.database());
        String newPath = move.newPath();
        Database replaced =
                move.target() instanceof RegularFile target && target.content() instanceof Content.Sqlite targetSqlite
                        ? targetSqlite.database()
                        : null;
        parts.databases().rename(database, newPath, () -> rebind(file, sqlite, newPath), errno -> {
            if (errno != 0) {
                restore(aside, newPath);
                done(move, errno);
                return;
            }
            removals.dropped(move.from(), move.name(), database);
            if (replaced != null) {
                removals.dropped(move.to(), move.newName(), replaced);
            }
            if (aside != null) {
                Posix.unlink(parts.mirror().backing(aside));
            }
            parts.nodes().move(file, move.to(), move.newName());
            renamed(move);
            done(move, 0);
        });
    }

    private void restore(@Nullable String aside, String newPath) {
        if (aside != null) {
            Posix.rename(parts.mirror().backing(aside), parts.mirror().backing(newPath), 0);
        }
    }

    /** The node and its open handles go on as the database of the new name. */
    private void rebind(RegularFile file, Content.Sqlite old, String newPath) {
        Database renamed = parts.databases().find(newPath).orElse(null);
        if (renamed == null) {
            return;
        }
        Attributes attributes = old.attributes();
        file.lock().writeLock().lock();
        try {
            file.content(new Content.Sqlite(renamed, renamed.file(), Role.DATABASE, attributes));
            if (renamed.file() != old.file()) {
                for (OpenFile open : file.opensLocked()) {
                    old.file().released(open.handle());
                    renamed.file().opened(open.handle());
                }
            }
        } finally {
            file.lock().writeLock().unlock();
        }
        renamed.setAttributes(attributes.uid(), attributes.gid(), attributes.permissions());
    }

    /** A plain file over a database: the database is dropped, then the file takes its name. */
    private void replaceDatabase(Move move, Content.Sqlite target) {
        Database database = Objects.requireNonNull(target.database());
        parts.databases().drop(database, errno -> {
            if (errno != 0) {
                done(move, errno);
                return;
            }
            removals.dropped(move.to(), move.newName(), database);
            int failed = 0;
            try {
                movePlain(move);
            } catch (IOException e) {
                failed = TreeException.errnoOf(e);
            }
            done(move, failed);
        });
    }
}
