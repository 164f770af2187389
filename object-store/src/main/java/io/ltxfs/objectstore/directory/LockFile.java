package io.ltxfs.objectstore.directory;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.Channel;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Locks between all threads of all processes that use a store: one file, of which a key locks one byte. The locks are
 * the operating system's, so they end with the process that holds them.
 *
 * <p>Those locks belong to a process, not to a thread, and a process loses all it has on a file when it closes any
 * descriptor of it. So a process has the file open once, however many stores it has opened, which makes the table of
 * open files static; and threads first take a lock of their own.
 *
 * <p>Each process also holds a byte of its own, chosen at random, as long as it lives: by that others know whether the
 * maker of a temporary file is still there.
 */
final class LockFile {
    private static final int STRIPES = 256;
    private static final long OWN_BYTE_MIN = 1L << 32;
    private static final long OWN_BYTE_MAX = 1L << 62;
    private static final long POLL_MILLIS_MAX = 20;

    /** Guarded by itself. */
    private static final Map<Path, LockFile> OPEN = new HashMap<>();

    private final Path file;
    private final ReentrantLock[] stripes = new ReentrantLock[STRIPES];
    private final long ownByte = new SecureRandom().nextLong(OWN_BYTE_MIN, OWN_BYTE_MAX);
    private final AtomicLong temporaries = new AtomicLong();
    /** The file's identity and channel; guarded by this. */
    private @Nullable Object identity;

    private @Nullable FileChannel channel;
    /** Channels of files that somebody has removed while locks were held on them; guarded by this. */
    private final List<FileChannel> removed = new ArrayList<>();
    /** Guarded by OPEN. */
    private int users;

    private LockFile(Path file) {
        this.file = file;
        for (int i = 0; i < STRIPES; i++) {
            stripes[i] = new ReentrantLock();
        }
    }

    /** Opens the file, which is made if it is not there; its directory is. */
    static LockFile open(Path file) throws IOException {
        Path real = file.resolveSibling("").toRealPath().resolve(file.getFileName());
        synchronized (OPEN) {
            LockFile lockFile = OPEN.computeIfAbsent(real, LockFile::new);
            if (lockFile.users == 0) {
                try {
                    lockFile.openChannel();
                } catch (IOException e) {
                    OPEN.remove(real);
                    throw e;
                }
            }
            lockFile.users++;
            return lockFile;
        }
    }

    /** Gives the file back. Nobody opens it meanwhile: closing a channel would take the locks of the new one. */
    void close() {
        synchronized (OPEN) {
            users--;
            if (users > 0) {
                return;
            }
            OPEN.remove(file);
            closeChannels();
        }
    }

    private synchronized void closeChannels() {
        removed.forEach(LockFile::closeQuietly);
        if (channel != null) {
            closeQuietly(channel);
        }
    }

    /** A name for a temporary file that nobody else has. */
    String temporaryName() {
        return Temporary.name(ownByte, temporaries.incrementAndGet());
    }

    /** A lock that is held. */
    record Held(ReentrantLock stripe, FileLock fileLock) implements AutoCloseable {
        @Override
        public void close() {
            try {
                fileLock.release();
            } catch (ClosedChannelException e) {
                // Closed with the store: then the lock is gone too.
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            } finally {
                stripe.unlock();
            }
        }
    }

    /**
     * Locks a key; two keys may share a lock.
     *
     * @return nothing if the lock could not be had in that time
     */
    @Nullable
    Held lock(String key, long timeoutMillis) throws IOException, InterruptedException {
        int stripe = Math.floorMod(key.hashCode(), STRIPES);
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(timeoutMillis);
        if (!stripes[stripe].tryLock(timeoutMillis, TimeUnit.MILLISECONDS)) {
            return null;
        }
        Held held = null;
        try {
            for (long pause = 1; held == null; pause = Math.min(2 * pause, POLL_MILLIS_MAX)) {
                FileLock fileLock = tryLock(current(), stripe);
                if (fileLock != null) {
                    held = held(stripe, fileLock);
                } else if (System.nanoTime() >= deadline) {
                    return null;
                } else {
                    Thread.sleep(pause);
                }
            }
            return held;
        } finally {
            if (held == null) {
                stripes[stripe].unlock();
            }
        }
    }

    /** @return null if the lock is on a file that does not have the name any more; it is given back then, and after a failure */
    private @Nullable Held held(int stripe, FileLock fileLock) throws IOException {
        boolean keep = false;
        try {
            keep = isCurrent(fileLock.acquiredBy());
        } finally {
            if (!keep) {
                fileLock.release();
            }
        }
        return keep ? new Held(stripes[stripe], fileLock) : null;
    }

    /** Whether the process that has this byte of its own lives. */
    boolean isAlive(long byteOfProcess) throws IOException {
        if (byteOfProcess == ownByte) {
            return true;
        }
        FileLock lock = tryLock(current(), byteOfProcess);
        if (lock == null) {
            return true;
        }
        lock.release();
        return false;
    }

    private static @Nullable FileLock tryLock(FileChannel channel, long at) throws IOException {
        try {
            return channel.tryLock(at, 1, false);
        } catch (OverlappingFileLockException e) {
            // Another user of the file in this very process, such as a second class loader.
            return null;
        }
    }

    private synchronized FileChannel current() throws IOException {
        if (channel == null || !channel.isOpen()) {
            throw new ClosedChannelException();
        }
        return channel;
    }

    /** Whether a lock is on the file that has the name: with another process that opened it anew we would not exclude each other. */
    private synchronized boolean isCurrent(Channel locked) throws IOException {
        if (locked != channel || channel == null) {
            return false;
        }
        if (identity != null && identity.equals(identityOf(file))) {
            return true;
        }
        FileChannel before = channel;
        openChannel();
        removed.add(before);
        return false;
    }

    private synchronized void openChannel() throws IOException {
        FileChannel opened = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        boolean done = false;
        try {
            Object made = identityOf(file);
            if (tryLock(opened, ownByte) == null) {
                throw new IOException("byte " + ownByte + " of " + file + " is locked by another process");
            }
            channel = opened;
            identity = made;
            done = true;
        } finally {
            if (!done) {
                opened.close();
            }
        }
    }

    private static @Nullable Object identityOf(Path file) throws IOException {
        try {
            return Files.readAttributes(file, BasicFileAttributes.class).fileKey();
        } catch (NoSuchFileException e) {
            return null;
        }
    }

    private static void closeQuietly(FileChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            // Nothing was written through it.
        }
    }
}
