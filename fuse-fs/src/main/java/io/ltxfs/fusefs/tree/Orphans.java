package io.ltxfs.fusefs.tree;

import io.ltxfs.database.Database;
import io.ltxfs.database.SqliteFile;
import io.ltxfs.database.posix.Errno;
import io.ltxfs.database.posix.Posix;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * Side files whose database was dropped. To programs they are files like any other, as they would be on a disk: they can be
 * read, written, renamed and removed. Nothing captures what is written to them, and a restart of the node does not keep
 * them, unless they have got another name meanwhile.
 *
 * <p>They must not be taken for those of the next database of the name. So they go when there is one: when a file of the
 * name becomes a database, or another file is renamed to it; not yet when an empty file is made, because SQLite, which finds
 * them beside it, removes them itself and takes it amiss if they are gone by then. In between nobody can open them for
 * writing: who wants to write a side file there gets a new one.
 */
final class Orphans {
    private static final int PIECE_BYTES = 128 << 10;

    private final NodeTable nodes;
    private final Loader loader;
    private final Kernel kernel;
    private final Mirror mirror;

    Orphans(NodeTable nodes, Loader loader, Kernel kernel, Mirror mirror) {
        this.nodes = nodes;
        this.loader = loader;
        this.kernel = kernel;
        this.mirror = mirror;
    }

    /** The database of a name is no more: files beside it become orphans. */
    void leave(Directory directory, String name, Database database) {
        for (Role role : Role.values()) {
            Inode side = role.isSide() ? nodes.acquire(directory, name + role.suffix()) : null;
            if (side == null) {
                continue;
            }
            if (side instanceof RegularFile file
                    && file.content() instanceof Content.Sqlite sqlite
                    && sqlite.database() == database) {
                file.orphaned(true);
            }
            nodes.forget(side, 1);
        }
    }

    /** A database takes a name, or may: orphans beside it go. */
    void drop(Directory directory, String name) {
        for (Role role : Role.values()) {
            Inode side = role.isSide() ? nodes.acquire(directory, name + role.suffix()) : null;
            if (side == null) {
                continue;
            }
            if (side instanceof RegularFile file && file.isOrphan()) {
                remove(file);
                kernel.forgetName(directory.id(), name + role.suffix());
            }
            nodes.forget(side, 1);
        }
    }

    /** The name of an orphan is gone, and with its last handle its bytes. */
    void remove(RegularFile orphan) {
        if (orphan.isLinked()) {
            loader.unhang(orphan);
            free(orphan.content());
        }
    }

    private static void free(Content content) {
        if (!(content instanceof Content.Sqlite sqlite)) {
            return;
        }
        Database database = sqlite.database();
        SqliteFile kept = database == null
                ? null
                : Loader.sideFile(database, sqlite.role()).orElse(null);
        if (database == null || kept != sqlite.file()) {
            return;
        }
        switch (sqlite.role()) {
            case JOURNAL -> database.unlinkJournal(0, errno -> {});
            case WAL -> database.unlinkWal(errno -> {});
            case SHM -> database.unlinkShm(errno -> {});
            case DATABASE, SUPER_JOURNAL -> {}
        }
    }

    /** What is asked of the file that another lies beside. */
    interface Question<T> {
        Optional<T> of(RegularFile base) throws IOException;
    }

    /**
     * Asks about the regular file that a file of this name lies beside, or would: a database, or what may become one. The
     * caller holds the lock of paths shared.
     *
     * @return the answer, empty if there is no such file
     */
    <T> Optional<T> ofBase(Directory directory, String name, Question<T> question) throws IOException {
        SqliteNames.Side side = SqliteNames.side(name).orElse(null);
        Inode base = side == null ? null : loader.acquire(directory, side.base());
        if (base == null) {
            return Optional.empty();
        }
        try {
            return base instanceof RegularFile file && !file.isBeside() ? question.of(file) : Optional.empty();
        } finally {
            nodes.forget(base, 1);
        }
    }

    /** Whether there is a regular file that an orphan would lie beside, though not its database. */
    boolean isAnothers(RegularFile orphan) throws IOException {
        Inode.Place place = orphan.place();
        return place != null
                && ofBase(place.parent(), place.name(), Optional::of).isPresent();
    }

    /**
     * Makes a plain file of an orphan, in the mirror, with all its bytes. The caller holds the lock of paths exclusively.
     *
     * @throws TreeException with EBUSY if it is open
     */
    void keep(RegularFile orphan) throws IOException {
        Content.Sqlite sqlite = (Content.Sqlite) orphan.content();
        Attributes attributes = sqlite.attributes();
        String path = orphan.path();
        orphan.lock().writeLock().lock();
        try {
            if (!orphan.opensLocked().isEmpty()) {
                throw new TreeException(Errno.EBUSY, "rename a side file that is open");
            }
            int fd = mirror.create(path, attributes.permissions(), attributes.uid(), attributes.gid());
            try {
                copy(sqlite.file(), fd);
                Posix.futimens(fd, attributes.accessed(), attributes.modified());
                orphan.ino(Posix.fstat(fd).ino());
            } catch (IOException e) {
                mirror.unlink(path);
                throw e;
            } finally {
                Posix.close(fd);
            }
            loader.lies(orphan);
            orphan.content(new Content.Plain(Content.Plain.CLOSED));
            orphan.orphaned(false);
        } finally {
            orphan.lock().writeLock().unlock();
        }
        free(sqlite);
        kernel.forgetRange(orphan.id(), -1, 0);
    }

    private static void copy(SqliteFile from, int fd) throws IOException {
        ByteBuffer piece = ByteBuffer.allocateDirect(PIECE_BYTES);
        for (long at = 0; from.read(at, piece.clear()) > 0; at += piece.limit()) {
            piece.flip();
            for (int done = 0; piece.hasRemaining(); ) {
                int count = (int) TreeException.check(Posix.pwrite(fd, piece, at + done), "write");
                done += count;
                piece.position(piece.position() + count);
            }
        }
    }
}
