package io.ltxfs.fusefs.tree;

import io.ltxfs.database.Completion;
import io.ltxfs.database.Database;
import io.ltxfs.database.Handle;
import io.ltxfs.database.SqliteFile;
import io.ltxfs.database.posix.Errno;
import io.ltxfs.database.posix.FileStat;
import io.ltxfs.database.posix.Posix;
import io.ltxfs.fusefs.FileAttributes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A plain file on its way to be a side file of a database.
 *
 * <p>Its bytes are written into the side file as cp(1) would write them had the database been there first: piece after
 * piece, so that capture follows. A commit among them may have to wait for others; the thread goes on when it is told.
 * Meanwhile the file is what it was: what is written to it then is taken down ({@link PlainChanges}) and copied again. In the
 * end, under the file's lock, the content changes, with all handles, and the name in the mirror goes. That this lasts is
 * waited for before anybody writes: after a crash an old WAL beside a newer database would undo what it holds.
 *
 * <p>If the database refuses a piece, the half-made side file goes and the plain file is as it was. One thread at a time
 * works on it.
 */
final class Conversion {
    private static final Logger LOG = LoggerFactory.getLogger(Conversion.class);
    private static final int PIECE_BYTES = 128 << 10;
    private static final int ENDS_MAX = 100;

    /** Told how it ended. */
    interface End {
        void ended(Conversion conversion, int errno);
    }

    private final Parts parts;
    private final FileAttributes shown;
    private final RegularFile file;
    private final Inode.Place place;
    private final Database database;
    private final Role role;
    private final Handle handle;
    private final End end;
    private final List<IntConsumer> waiting = new ArrayList<>();

    private final PlainChanges changes = new PlainChanges();
    private final Set<OpenFile> known = new HashSet<>();
    private final ByteBuffer piece = ByteBuffer.allocateDirect(PIECE_BYTES);
    private @Nullable SqliteFile made;
    private int fd = Content.Plain.CLOSED;
    private long copied;
    private int ends;
    private boolean became;

    Conversion(
            Parts parts,
            FileAttributes shown,
            int pid,
            RegularFile file,
            Inode.Place place,
            Database database,
            Role role,
            End end) {
        this.parts = parts;
        this.shown = shown;
        this.file = file;
        this.place = place;
        this.database = database;
        this.role = role;
        this.handle = new Handle(true, false, pid);
        this.end = end;
    }

    RegularFile file() {
        return file;
    }

    synchronized void alsoTell(IntConsumer done) {
        waiting.add(done);
    }

    void tell(int errno) {
        List<IntConsumer> told;
        synchronized (this) {
            told = List.copyOf(waiting);
        }
        for (IntConsumer done : told) {
            try {
                done.accept(errno);
            } catch (RuntimeException e) { // the others wait too
                LOG.error("could not tell who waits for a file beside a database: database={}", database.name(), e);
            }
        }
    }

    void begin() {
        SqliteFile to;
        try {
            to = open();
        } catch (IOException e) {
            failed(TreeException.errnoOf(e));
            return;
        } catch (RuntimeException e) {
            failed(e);
            return;
        }
        copy(to);
    }

    private SqliteFile open() throws IOException {
        parts.paths().readLock().lock();
        file.lock().writeLock().lock();
        try {
            if (!(file.content() instanceof Content.Plain) || !place.equals(file.place())) {
                throw TreeException.stale(file.id());
            }
            fd = parts.mirror().open(file.path());
            file.changes(changes);
        } finally {
            file.lock().writeLock().unlock();
            parts.paths().readLock().unlock();
        }
        SqliteFile created =
                database.inOneStep(() -> Loader.sideFile(database, role).isPresent() ? null : create());
        if (created == null) {
            throw new TreeException(Errno.EBUSY, "a second side file of " + database.name());
        }
        made = created;
        parts.loader().reserve(created);
        created.opened(handle);
        return created;
    }

    private SqliteFile create() {
        return switch (role) {
            case JOURNAL -> database.createJournal();
            case WAL -> database.createWal();
            case SHM -> database.createShm();
            case DATABASE, SUPER_JOURNAL -> throw new IllegalStateException("not a side file: " + place);
        };
    }

    /** Goes on until a call is not answered at once. */
    private void copy(SqliteFile to) {
        while (true) {
            Answer answer = new Answer(to);
            try {
                if (!next(to, answer)) {
                    if (finish(to)) {
                        return;
                    }
                    if (++ends == ENDS_MAX) {
                        throw new TreeException(
                                Errno.EBUSY, "copy a file that is written all the time: " + place.name());
                    }
                    continue;
                }
            } catch (IOException e) {
                failed(TreeException.errnoOf(e));
                return;
            } catch (RuntimeException e) {
                failed(e);
                return;
            }
            if (answer.comesLater()) {
                return;
            }
            if (answer.errno != 0) {
                failed(answer.errno);
                return;
            }
        }
    }

    /** The answer to one call: known when it returns, or a sign to go on. */
    private final class Answer implements Completion {
        private final SqliteFile to;
        private final AtomicBoolean met = new AtomicBoolean();
        private int errno;

        Answer(SqliteFile to) {
            this.to = to;
        }

        @Override
        public void done(int answered) {
            errno = answered;
            if (met.compareAndSet(false, true)) {
                return;
            }
            Runnable rest = answered == 0 ? () -> copy(to) : () -> failed(answered);
            try {
                parts.slow().execute(rest);
            } catch (RejectedExecutionException e) {
                rest.run();
            }
        }

        boolean comesLater() {
            return met.compareAndSet(false, true);
        }
    }

    /** @return false if everything is copied, and nothing was asked */
    private boolean next(SqliteFile to, Completion answer) throws IOException {
        long cut = changes.takeCut();
        if (cut < copied) {
            copied = cut;
            to.truncate(handle, cut, answer);
            return true;
        }
        // What lies behind is copied anyhow.
        for (PlainChanges.Range range = changes.takeRange(); range.from() < range.to(); range = changes.takeRange()) {
            long until = Math.min(range.to(), copied);
            int bytes = range.from() < until ? read(range.from(), until) : 0;
            if (bytes > 0) {
                if (range.from() + bytes < until) {
                    changes.rest(new PlainChanges.Range(range.from() + bytes, until));
                }
                to.write(handle, range.from(), piece, answer);
                return true;
            }
        }
        int bytes = read(copied, Long.MAX_VALUE);
        if (bytes == 0) {
            return false;
        }
        long at = copied;
        copied += bytes;
        to.write(handle, at, piece, answer);
        return true;
    }

    private int read(long from, long until) throws TreeException {
        piece.clear().limit((int) Math.min(PIECE_BYTES, until - from));
        int bytes = (int) TreeException.check(Posix.pread(fd, piece, from), "read " + place.name());
        piece.limit(bytes);
        return bytes;
    }

    /** @return false if something was changed, or the file opened or closed, until the last moment */
    private boolean finish(SqliteFile to) throws IOException {
        // The database is told with no lock held: it may be busy.
        Set<OpenFile> opens = Set.copyOf(file.opens());
        for (OpenFile open : opens) {
            if (known.add(open)) {
                to.opened(open.handle());
            }
        }
        known.removeIf(open -> {
            boolean closed = !opens.contains(open);
            if (closed) {
                to.released(open.handle());
            }
            return closed;
        });
        parts.paths().readLock().lock();
        file.lock().writeLock().lock();
        try {
            if (!isAsItWas(to)) {
                throw TreeException.stale(file.id());
            }
            FileStat stat = Posix.fstat(fd);
            if (!changes.isEmpty() || stat.size() != copied || !known.equals(file.opensLocked())) {
                return false;
            }
            become(to, stat);
        } finally {
            file.lock().writeLock().unlock();
            parts.paths().readLock().unlock();
        }
        became = true;
        LOG.info(
                "took over a file that is older than its database: database={} side={} bytes={}",
                database.name(),
                role.suffix(),
                copied);
        Posix.close(fd);
        to.released(handle);
        parts.kernel().forgetRange(file.id(), -1, 0);
        syncName();
        end.ended(this, 0);
        return true;
    }

    private boolean isAsItWas(SqliteFile to) throws TreeException {
        return file.content() instanceof Content.Plain
                && place.equals(file.place())
                && file.path().equals(database.name() + role.suffix())
                && parts.databases().find(database.name()).orElse(null) == database
                && Loader.sideFile(database, role).orElse(null) == to;
    }

    /** With the locks of paths and of the file. */
    private void become(SqliteFile to, FileStat stat) throws IOException {
        parts.mirror().unlink(file.path());
        place.parent().namesChanged();
        Attributes attributes = Attributes.of(stat);
        attributes.show(shown);
        int open = ((Content.Plain) file.content()).fd();
        if (open != Content.Plain.CLOSED) {
            Posix.close(open);
        }
        // The number of the file in the mirror is free for another.
        file.ino(NodeIds.inodeOf(file.id()));
        file.content(new Content.Sqlite(database, to, role, attributes));
        file.changes(null);
        parts.loader().liesBeside(file);
    }

    private void syncName() {
        try {
            parts.mirror().syncDirectory(parent());
        } catch (IOException e) {
            place.parent().namesChanged();
            LOG.warn(
                    "the name of a file that is beside a database now may come back after a power failure:"
                            + " database={} side={} reason={}",
                    database.name(),
                    role.suffix(),
                    e.getMessage());
        }
    }

    private String parent() {
        int slash = database.name().lastIndexOf('/');
        return slash < 0 ? "" : database.name().substring(0, slash);
    }

    /** The root of its thread: who opens the file waits for an answer. */
    private void failed(RuntimeException cause) {
        LOG.error("could not take over a file beside a database: database={}", database.name(), cause);
        if (became) {
            end.ended(this, 0);
        } else {
            failed(Errno.EIO);
        }
    }

    private void failed(int errno) {
        LOG.warn(
                "left a file plain beside a database: database={} side={} errno={}",
                database.name(),
                role.suffix(),
                errno);
        file.lock().writeLock().lock();
        file.changes(null);
        file.lock().writeLock().unlock();
        SqliteFile half = made;
        if (half != null) {
            database.takeBack(half);
            known.forEach(open -> half.released(open.handle()));
            half.released(handle);
            parts.loader().free(half);
        }
        if (fd != Content.Plain.CLOSED) {
            Posix.close(fd);
        }
        end.ended(this, errno);
    }
}
