package io.ltxfs.fusefs.tree;

import io.ltxfs.database.Database;
import io.ltxfs.database.posix.Posix;
import io.ltxfs.database.sqlite.JournalLayout;
import io.ltxfs.database.sqlite.WalLayout;
import io.ltxfs.fusefs.FileAttributes;
import io.ltxfs.fusefs.transport.Caller;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Side files that are older than their database. One that is made while nothing lies where its database would is a plain
 * file; when a database comes there later (a backup is copied, its WAL first), SQLite writes what nobody captures. So a
 * plain file with a side file's name, beside a database, is made a side file of it before it is opened for writing. Opening
 * it for reading changes nothing.
 */
final class Conversions {
    private final Parts parts;
    private final Arrivals arrivals;
    private final FileAttributes shown;
    private final Map<RegularFile, Conversion> running = new HashMap<>();

    Conversions(Parts parts, Arrivals arrivals, FileAttributes shown) {
        this.parts = parts;
        this.arrivals = arrivals;
        this.shown = shown;
    }

    /**
     * Makes a plain file a side file if it is to be one, without waiting for that. The caller holds no lock.
     *
     * @param done told 0 when it is one, else the error number; by any thread, and not at all if this returns false
     * @return false if the file stays what it is
     */
    boolean convert(Caller caller, RegularFile file, IntConsumer done) throws IOException {
        Inode.Place place = file.place();
        if (place == null || SqliteNames.side(place.name()).isEmpty()) {
            return false;
        }
        synchronized (running) {
            Conversion other = running.get(file);
            if (other != null) {
                other.alsoTell(done);
                return true;
            }
        }
        Database database = database(file, place);
        if (database == null) {
            return false;
        }
        if (parts.rules().isReplica()) {
            arrivals.moveAside(file, place);
            throw TreeException.stale(file.id());
        }
        Role role = SqliteNames.side(place.name()).orElseThrow().role();
        Conversion conversion = new Conversion(parts, shown, caller.pid(), file, place, database, role, this::ended);
        synchronized (running) {
            Conversion other = running.putIfAbsent(file, conversion);
            if (other != null) {
                other.alsoTell(done);
                return true;
            }
            conversion.alsoTell(done);
        }
        parts.nodes().pin(file);
        try {
            parts.slow().execute(conversion::begin);
        } catch (RejectedExecutionException e) {
            conversion.begin();
        }
        return true;
    }

    private void ended(Conversion conversion, int errno) {
        synchronized (running) {
            running.remove(conversion.file(), conversion);
        }
        parts.nodes().unpin(conversion.file());
        // Nobody finds it any more, so nobody is added.
        conversion.tell(errno);
    }

    /** The database that a plain file is to belong to; null if to none. */
    private @Nullable Database database(RegularFile file, Inode.Place place) throws IOException {
        parts.paths().readLock().lock();
        try {
            return parts.orphans()
                    .ofBase(place.parent(), place.name(), base -> database(file, place, base))
                    .orElse(null);
        } finally {
            parts.paths().readLock().unlock();
        }
    }

    private Optional<Database> database(RegularFile file, Inode.Place place, RegularFile base) throws IOException {
        if (!(file.content() instanceof Content.Plain) || !place.equals(file.place())) {
            return Optional.empty();
        }
        ByteBuffer start = start(file);
        if (Mirror.startsDatabase(start)) {
            return Optional.empty(); // a database of such a name
        }
        if (!base.isDatabase() && (parts.rules().isReplica() || !looksLikeOne(place.name(), start, base))) {
            return Optional.empty();
        }
        return Optional.of(parts.recognition().database(base));
    }

    /**
     * Whether a file belongs to one beside it that is not known to be a database. Where a program of another kind calls its
     * files so, they stay plain: side files do not outlive the node.
     */
    private boolean looksLikeOne(String name, ByteBuffer start, RegularFile base) throws IOException {
        if (Mirror.startsDatabase(start(base))) {
            return true;
        }
        // Of an encrypted database, or an empty one.
        return start.remaining() >= Long.BYTES
                && switch (SqliteNames.side(name).orElseThrow().role()) {
                    case JOURNAL -> start.getLong(0) == JournalLayout.MAGIC || start.getLong(0) == 0;
                    case WAL -> (start.getInt(0) & ~1) == WalLayout.MAGIC;
                    case SHM, DATABASE, SUPER_JOURNAL -> false;
                };
    }

    private ByteBuffer start(RegularFile file) throws IOException {
        int fd = parts.mirror().open(file.path());
        try {
            return Mirror.start(fd);
        } finally {
            Posix.close(fd);
        }
    }
}
