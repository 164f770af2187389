package io.ltxfs.archive.restore;

import io.ltxfs.archive.ObjectFacts;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The database while it is being restored: {@code TARGET.ltxfs-partial} with its {@link Ledger} beside it, which becomes
 * the target in one step. Pages are written by many threads.
 */
final class PartialFile implements Closeable {
    private static final int MODE_BITS = 07777;
    /** So often another restore may end, or begin, while this one opens the file. */
    private static final int OPEN_TRIES_MAX = 100;

    private static final Set<PosixFilePermission> OWNER_ONLY =
            Set.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE);

    private final Path target;
    private final Path partial;
    private final Path ledger;
    private final FileChannel channel;
    private final FileLock lock;

    private PartialFile(Path target, Path partial, Path ledger, FileChannel channel, FileLock lock) {
        this.target = target;
        this.partial = partial;
        this.ledger = ledger;
        this.channel = channel;
        this.lock = lock;
    }

    static Path partialOf(Path target) {
        return target.resolveSibling(target.getFileName() + ".ltxfs-partial");
    }

    private static Path ledgerOf(Path target) {
        return target.resolveSibling(target.getFileName() + ".ltxfs-partial-state");
    }

    /**
     * Opens it, empty or as an earlier restore has left it.
     *
     * @param target absolute
     * @throws FileAlreadyExistsException if another process restores to the same target
     */
    static PartialFile open(Path target) throws IOException {
        return open(target, () -> {});
    }

    /** @param opened run when the file is open and not yet locked */
    static PartialFile open(Path target, Runnable opened) throws IOException {
        Path partial = partialOf(target);
        for (int tries = 0; tries < OPEN_TRIES_MAX; tries++) {
            @Nullable Object before = identityOf(partial);
            if (before == null) {
                create(partial);
                before = identityOf(partial);
            }
            @Nullable FileChannel channel = openNow(partial);
            if (before == null || channel == null) {
                continue;
            }
            boolean keep = false;
            try {
                opened.run();
                @Nullable FileLock lock = lock(channel);
                if (lock == null) {
                    throw alreadyWritten(partial);
                }
                // Whoever had the lock before may have given the file its name: it is the target then, and complete.
                keep = before.equals(identityOf(partial));
                if (keep) {
                    return new PartialFile(target, partial, ledgerOf(target), channel, lock);
                }
            } finally {
                if (!keep) {
                    channel.close();
                }
            }
        }
        throw alreadyWritten(partial);
    }

    private static FileAlreadyExistsException alreadyWritten(Path partial) {
        return new FileAlreadyExistsException(partial.toString(), null, "another restore is writing to it");
    }

    private static void create(Path partial) throws IOException {
        FileAttribute<?> mode = PosixFilePermissions.asFileAttribute(OWNER_ONLY);
        try {
            Files.createFile(partial, mode);
        } catch (FileAlreadyExistsException e) {
            // Another restore has begun.
        }
    }

    private static @Nullable FileChannel openNow(Path partial) throws IOException {
        try {
            return FileChannel.open(partial, StandardOpenOption.READ, StandardOpenOption.WRITE);
        } catch (NoSuchFileException e) {
            return null;
        }
    }

    private static @Nullable Object identityOf(Path file) throws IOException {
        try {
            return Files.readAttributes(file, BasicFileAttributes.class).fileKey();
        } catch (NoSuchFileException e) {
            return null;
        }
    }

    private static @Nullable FileLock lock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock();
        } catch (OverlappingFileLockException e) {
            return null;
        }
    }

    /** Where its ledger is. */
    Path ledger() {
        return ledger;
    }

    /** The size that it has, in bytes. */
    long size() throws IOException {
        return channel.size();
    }

    /** Makes it empty, and forgets what was done. */
    void reset() throws IOException {
        Files.deleteIfExists(ledger);
        channel.truncate(0);
    }

    /**
     * Sees to it that the disk has room.
     *
     * @throws FileSystemException if it has not
     */
    void checkSpace(long bytes) throws IOException {
        long free = Files.getFileStore(partial).getUsableSpace();
        if (free < bytes) {
            throw new FileSystemException(
                    target.toString(),
                    null,
                    "the database has " + bytes + " bytes, the disk has room for " + free
                            + "; make room, or name a file on another disk");
        }
    }

    /** Gives it a size; what is new is zeros. */
    void resize(long bytes) throws IOException {
        channel.truncate(bytes);
        if (bytes > channel.size()) {
            channel.write(ByteBuffer.wrap(new byte[1]), bytes - 1);
        }
    }

    /** Writes from the buffer's position to its limit. */
    void write(ByteBuffer pages, long offset) throws IOException {
        long at = offset;
        while (pages.hasRemaining()) {
            at += channel.write(pages, at);
        }
    }

    /** Fills a buffer from its position to its limit; false if the file ends before. */
    boolean read(ByteBuffer into, long offset) throws IOException {
        long at = offset;
        while (into.hasRemaining()) {
            int count = channel.read(into, at);
            if (count < 0) {
                return false;
            }
            at += count;
        }
        return true;
    }

    /** Waits until all that was written before is on the disk. */
    void sync() throws IOException {
        channel.force(false);
    }

    /**
     * Gives it its name, durably.
     *
     * @param owner whose it is to be
     * @param replace whether a file of that name may be replaced
     * @throws FileAlreadyExistsException if there is one and it may not
     */
    void commit(Optional<ObjectFacts.Owner> owner, boolean replace) throws IOException {
        setOwner(owner);
        channel.force(true);
        if (replace) {
            Files.move(partial, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } else {
            try {
                Files.createLink(target, partial); // fails if the name was taken meanwhile, which a move does not
            } catch (FileAlreadyExistsException e) {
                throw e;
            } catch (UnsupportedOperationException | IOException e) {
                Files.move(partial, target);
            }
            Files.deleteIfExists(partial);
        }
        Files.deleteIfExists(ledger);
        try (FileChannel directory = FileChannel.open(target.getParent(), StandardOpenOption.READ)) {
            directory.force(true);
        }
    }

    private void setOwner(Optional<ObjectFacts.Owner> owner) throws IOException {
        int uid = attribute(partial, "uid");
        if (owner.isPresent()) {
            if (uid == 0) {
                Files.setAttribute(partial, "unix:uid", owner.get().uid());
                Files.setAttribute(partial, "unix:gid", owner.get().gid());
            }
            Files.setAttribute(partial, "unix:mode", owner.get().mode() & MODE_BITS);
            return;
        }
        try {
            int mode = attribute(target, "mode");
            if (uid == 0) {
                Files.setAttribute(partial, "unix:uid", attribute(target, "uid"));
                Files.setAttribute(partial, "unix:gid", attribute(target, "gid"));
            }
            Files.setAttribute(partial, "unix:mode", mode & MODE_BITS);
        } catch (NoSuchFileException e) {
            Files.setAttribute(partial, "unix:mode", defaultMode());
        }
    }

    private static int attribute(Path file, String name) throws IOException {
        Object value = Files.getAttribute(file, "unix:" + name);
        if (value instanceof Integer number) {
            return number;
        }
        throw new FileSystemException(file.toString(), null, "has no " + name);
    }

    /** What a new file of this process has: it takes a new file to find out. */
    private int defaultMode() throws IOException {
        Path probe = partial.resolveSibling(partial.getFileName() + "-mode");
        Files.deleteIfExists(probe);
        Files.createFile(probe);
        try {
            return attribute(probe, "mode") & MODE_BITS;
        } finally {
            Files.deleteIfExists(probe);
        }
    }

    /** Removes it, with its ledger. */
    void discard() throws IOException {
        Files.deleteIfExists(ledger);
        Files.deleteIfExists(partial);
    }

    @Override
    public void close() throws IOException {
        lock.close();
        channel.close();
    }
}
