package io.ltxfs.fusefs.tree;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;

/**
 * A regular file: plain, a database, or a file beside one. A plain file may become either while it is open.
 *
 * <p>The lock guards the change of content: plain reads and writes hold it shared, because the descriptor is closed
 * when the content changes; opening, closing and registering hold it exclusively. Files of SQLite's are read and
 * written with no lock of the tree.
 */
final class RegularFile extends Inode {
    private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
    private final Set<OpenFile> opens = new LinkedHashSet<>();
    private volatile long ino;
    private volatile Content content;
    private volatile @Nullable PlainChanges changes;
    private volatile boolean orphan;
    private volatile boolean headerWritten;
    private volatile boolean revoked;

    /** @param ino the inode number shown, of the backing file if there is one */
    RegularFile(long id, long ino, Content content) {
        super(id);
        this.ino = ino;
        this.content = content;
    }

    long ino() {
        return ino;
    }

    /** Another file holds the bytes. */
    void ino(long newIno) {
        ino = newIno;
    }

    /** Takes down what was written to a plain file, if somebody wants to know. Caller holds the lock, shared. */
    void wrote(long offset, long length) {
        PlainChanges wanted = changes;
        if (wanted != null) {
            wanted.wrote(offset, length);
        }
    }

    /** Takes down a plain file's new size, if somebody wants to know. Caller holds the lock, shared. */
    void cut(long size) {
        PlainChanges wanted = changes;
        if (wanted != null) {
            wanted.cut(size);
        }
    }

    /** Where changes of a plain file are taken down; null while nobody wants to know. Caller holds the lock exclusively. */
    void changes(@Nullable PlainChanges wanted) {
        changes = wanted;
    }

    ReentrantReadWriteLock lock() {
        return lock;
    }

    Content content() {
        return content;
    }

    /** Caller holds the lock exclusively. */
    void content(Content newContent) {
        content = newContent;
    }

    /** Whether it is what SQLite calls a database here. */
    boolean isDatabase() {
        return content instanceof Content.Sqlite sqlite && sqlite.role() == Role.DATABASE;
    }

    /** Whether it lies beside a database, or is a super-journal. */
    boolean isBeside() {
        return content instanceof Content.Sqlite sqlite && sqlite.role() != Role.DATABASE;
    }

    /** A side file whose database was dropped, see {@link Orphans}. */
    boolean isOrphan() {
        return orphan;
    }

    void orphaned(boolean isOne) {
        orphan = isOne;
    }

    /** Whether its handles answer EIO: its path stands for another file, whose content goes on without them. */
    boolean isRevoked() {
        return revoked;
    }

    void revoke() {
        revoked = true;
    }

    /** Whether its first bytes were written while it was plain. */
    boolean takeHeaderWritten() {
        boolean written = headerWritten;
        headerWritten = false;
        return written;
    }

    void headerWritten() {
        headerWritten = true;
    }

    /** All opens. */
    List<OpenFile> opens() {
        lock.readLock().lock();
        try {
            return List.copyOf(opens);
        } finally {
            lock.readLock().unlock();
        }
    }

    /** Whether an application has it open, and not only the node itself. Caller holds the lock. */
    boolean isUsedLocked() {
        return opens.stream().anyMatch(open -> !open.handle().own());
    }

    /** Caller holds the lock exclusively. */
    Set<OpenFile> opensLocked() {
        return opens;
    }
}
