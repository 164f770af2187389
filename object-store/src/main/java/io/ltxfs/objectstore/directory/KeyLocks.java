package io.ltxfs.objectstore.directory;

import io.ltxfs.objectstore.StoreException;
import io.ltxfs.objectstore.StoreException.Kind;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** The locks of a store's keys, in a file that the first writer opens. */
final class KeyLocks {
    private static final long LOCK_TIMEOUT_MILLIS = 30_000;

    private final Places places;
    private final Directories directories;
    private final Directories.Newcomer whenOpen;
    private final Path hidden;

    /** Guarded by this. */
    private @Nullable LockFile lockFile;
    /** Guarded by this. */
    private boolean closed;

    /**
     * Locks that are not open yet.
     *
     * @param whenOpen is told of the lock file's directory, when it is open
     */
    KeyLocks(Places places, Directories directories, Directories.Newcomer whenOpen) {
        this.places = places;
        this.directories = directories;
        this.whenOpen = whenOpen;
        this.hidden = places.root().resolve(Place.HIDDEN);
    }

    /** A name for a temporary file that nobody else has. */
    String temporaryName() throws IOException {
        return file().temporaryName();
    }

    /** Whether the maker of a temporary file lives. */
    boolean isAlive(long owner) throws IOException {
        return file().isAlive(owner);
    }

    /** The lock file is in a hidden directory too, which is met before there are locks and tidied when there are. */
    synchronized boolean isOpen() {
        return lockFile != null;
    }

    /** What is done with a key while nobody else writes it. */
    interface Work<T> {
        T run() throws IOException;
    }

    /** Does something with a key under its lock. */
    <T> T locked(String key, Work<T> work) throws IOException {
        LockFile.Held held = lock(key);
        try {
            return work.run();
        } finally {
            held.close();
        }
    }

    private LockFile.Held lock(String key) throws IOException {
        LockFile.Held held;
        try {
            held = file().lock(key, LOCK_TIMEOUT_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoreException(
                    Kind.UNAVAILABLE, places.describe(key) + ": interrupted while waiting for its lock", e);
        }
        if (held == null) {
            throw new StoreException(
                    Kind.UNAVAILABLE,
                    places.describe(key) + ": another process has held its lock for " + LOCK_TIMEOUT_MILLIS / 1000
                            + " s; see which one has " + hidden + "/lock open");
        }
        return held;
    }

    /** The lock file, opened by the first use. */
    private LockFile file() throws IOException {
        directories.ensure(hidden);
        LockFile opened;
        synchronized (this) {
            if (closed) {
                throw new StoreException(Kind.UNAVAILABLE, places.describe() + ": is closed");
            }
            if (lockFile != null) {
                return lockFile;
            }
            opened = LockFile.open(hidden.resolve("lock"));
            lockFile = opened;
        }
        whenOpen.met(hidden);
        return opened;
    }

    /** Gives the file back. */
    void close() {
        LockFile open;
        synchronized (this) {
            closed = true;
            open = lockFile;
            lockFile = null;
        }
        if (open != null) {
            open.close();
        }
    }
}
