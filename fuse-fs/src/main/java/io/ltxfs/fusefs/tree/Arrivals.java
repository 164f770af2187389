package io.ltxfs.fusefs.tree;

import io.ltxfs.database.Database;
import io.ltxfs.database.posix.Errno;
import io.ltxfs.database.posix.FileMode;
import io.ltxfs.database.posix.FileStat;
import io.ltxfs.database.posix.Posix;
import io.ltxfs.database.posix.PosixException;
import io.ltxfs.fusefs.FileAttributes;
import io.ltxfs.fusefs.transport.FileSystem;
import java.io.IOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How databases that another node writes come into the tree and leave it, and how their handles become invalid. None of
 * it is a request, so the kernel is told; never called inside a request (D4).
 */
public final class Arrivals {
    private static final Logger LOG = LoggerFactory.getLogger(Arrivals.class);
    private static final String ASIDE = ".local-";
    private static final int ASIDE_MAX = 10_000;
    private static final int DIRECTORY_MODE = 0755;

    private final Parts parts;
    private final Removals removals;
    private final FileAttributes shown;

    Arrivals(Parts parts, Removals removals, FileAttributes shown) {
        this.parts = parts;
        this.removals = removals;
        this.shown = shown;
    }

    /**
     * Makes way for a database that comes: its directories are made, an empty local file goes, any other is moved
     * aside, and so are plain files of its side files' names.
     *
     * @param uid owner of directories that are missing
     * @param gid their group
     */
    public void makeWay(String path, int uid, int gid) throws IOException {
        parts.paths().writeLock().lock();
        try {
            for (int slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
                String directory = path.substring(0, slash);
                Optional<FileStat> there = parts.mirror().find(directory);
                if (there.isPresent() && (there.get().mode() & FileMode.TYPE) == FileMode.DIRECTORY) {
                    continue;
                }
                if (there.isPresent()) {
                    moveAside(directory);
                }
                parts.mirror().makeDirectory(directory, DIRECTORY_MODE, uid, gid);
                changed(directory);
            }
            for (Role role : Role.values()) {
                if (role.isSide() && isRegular(path + role.suffix())) {
                    moveAside(path + role.suffix());
                }
            }
            Optional<FileStat> there = parts.mirror().find(path);
            if (there.isEmpty()) {
                return;
            }
            if ((there.get().mode() & FileMode.TYPE) == FileMode.REGULAR
                    && there.get().size() == 0) {
                parts.mirror().unlink(path);
                Inode node = parts.nodes().find(path);
                if (node != null) {
                    parts.nodes().detach(node);
                }
                changed(path);
            } else {
                moveAside(path);
            }
        } finally {
            parts.paths().writeLock().unlock();
        }
    }

    private boolean isRegular(String path) throws IOException {
        Optional<FileStat> there = parts.mirror().find(path);
        return there.isPresent() && (there.get().mode() & FileMode.TYPE) == FileMode.REGULAR;
    }

    /** A plain file lies where a side file of another node's database belongs. */
    void moveAside(RegularFile file, Inode.Place place) throws IOException {
        parts.paths().writeLock().lock();
        try {
            if (file.content() instanceof Content.Plain && place.equals(file.place())) {
                moveAside(file.path());
            }
        } finally {
            parts.paths().writeLock().unlock();
        }
    }

    private void moveAside(String path) throws IOException {
        for (int i = 1; i <= ASIDE_MAX; i++) {
            String aside = path + ASIDE + i;
            int result = Posix.rename(
                    parts.mirror().backing(path), parts.mirror().backing(aside), FileSystem.RENAME_NOREPLACE);
            if (result == -Errno.EEXIST) {
                continue;
            }
            TreeException.check(result, "rename " + path + " to " + aside);
            Inode node = parts.nodes().find(path);
            if (node != null) {
                Inode.Place place = node.place();
                if (place != null) {
                    parts.nodes().move(node, place.parent(), nameOf(aside));
                }
            }
            changed(path);
            changed(aside);
            LOG.warn("moved a local file aside: path={} to={} reason=\"a database of that name came\"", path, aside);
            return;
        }
        throw new TreeException(Errno.EEXIST, "rename " + path + " aside");
    }

    /** A database is there now; the kernel must not remember that it was not. */
    public void appeared(Database database) throws IOException {
        String path = database.name();
        parts.paths().readLock().lock();
        try {
            if (parts.nodes().find(path) instanceof RegularFile file && file.content() instanceof Content.Plain) {
                parts.recognition().database(file);
            }
        } finally {
            parts.paths().readLock().unlock();
        }
        if (parent(path) instanceof Directory directory) {
            parts.orphans().drop(directory, nameOf(path));
        }
        changed(path);
        forget(path + "-pos");
    }

    /** A database is dropped, and its backing file gone: so is its name. Open handles of it go on. */
    public void dropped(Database database) {
        String path = database.name();
        if (parts.nodes().find(path) instanceof RegularFile file && isOf(file, database)) {
            Inode.Place place = file.place();
            parts.loader().unhang(file);
            if (place != null) {
                place.parent().namesChanged();
                removals.dropped(place.parent(), place.name(), database);
            }
        }
        sidesGone(database, false);
        changed(path);
        forget(path + "-pos");
        parts.events().gone(database);
    }

    /**
     * From now on the database's path stands for another inode, and so do those beside it; handles of before answer EIO
     * (E10). Handles of the wal-index alone go on, on memory that nobody else sees: a mapping must not fail.
     */
    public void revoke(Database database) {
        String path = database.name();
        parts.loader().renumber(path);
        if (parts.nodes().find(path) instanceof RegularFile file && isOf(file, database)) {
            file.revoke();
            parts.nodes().detach(file);
            parts.kernel().forgetRange(file.id(), 0, 0);
        }
        sidesGone(database, true);
        forget(path);
        parts.events().gone(database);
    }

    /** The names beside a database are gone: nobody has it open, or may have. */
    public void sidesGone(Database database) {
        sidesGone(database, false);
    }

    private void sidesGone(Database database, boolean revoke) {
        for (Role role : Role.values()) {
            if (!role.isSide()) {
                continue;
            }
            String path = database.name() + role.suffix();
            if (parts.nodes().find(path) instanceof RegularFile file && isOf(file, database)) {
                if (revoke && role != Role.SHM) {
                    file.revoke();
                    parts.kernel().forgetRange(file.id(), 0, 0);
                }
                parts.loader().unhang(file);
            }
            forget(path);
        }
    }

    /** The backing file has another owner or mode, which came with a transaction. */
    public void owned(Database database) {
        FileStat stat;
        try {
            stat = parts.mirror().stat(database.name());
        } catch (PosixException e) {
            return; // dropped by now
        }
        Attributes now = Attributes.of(stat);
        now.show(shown);
        for (Role role : Role.values()) {
            if (parts.nodes().find(database.name() + role.suffix()) instanceof RegularFile file
                    && isOf(file, database)
                    && file.content() instanceof Content.Sqlite sqlite) {
                sqlite.attributes().ownedAs(now);
                parts.kernel().forgetRange(file.id(), -1, 0);
            }
        }
    }

    /** A database was written, but not by a request: its time of change is now. */
    public void touched(Database database) {
        if (parts.nodes().find(database.name()) instanceof RegularFile file
                && isOf(file, database)
                && file.content() instanceof Content.Sqlite sqlite) {
            sqlite.attributes().touch();
        }
    }

    private static boolean isOf(RegularFile file, Database database) {
        return file.content() instanceof Content.Sqlite sqlite && sqlite.database() == database;
    }

    private void changed(String path) {
        if (parent(path) instanceof Directory directory) {
            directory.namesChanged();
        }
        forget(path);
    }

    /** The kernel looks a name up again, if it knows the directory. */
    private void forget(String path) {
        if (parent(path) instanceof Directory directory) {
            parts.kernel().forgetName(directory.id(), nameOf(path));
        }
    }

    /** The directory of a path, if it is in memory. */
    private @Nullable Inode parent(String path) {
        int slash = path.lastIndexOf('/');
        return slash < 0 ? parts.nodes().root() : parts.nodes().find(path.substring(0, slash));
    }

    private static String nameOf(String path) {
        return path.substring(path.lastIndexOf('/') + 1);
    }
}
