package io.ltxfs.fusefs.host;

import io.ltxfs.database.posix.Errno;
import io.ltxfs.database.posix.OpenFlags;
import io.ltxfs.database.posix.PosixException;
import io.ltxfs.database.posix.RecordLock;
import io.ltxfs.fusefs.own.OwnFile;
import io.ltxfs.fusefs.own.OwnMountThread;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The node's own descriptors of databases, opened through the mount, of those that one own thread serves; and what is
 * asked of SQLite's locks through them. Used by that thread only. A descriptor stays open for the next question, up to
 * a bound: opening one while a request on the directory is unanswered could have to wait for it.
 */
final class OwnDescriptors {
    private final OwnMountThread thread;
    private final String mountPoint;
    private final int openMax;
    private final Map<String, OwnFile> byName = new LinkedHashMap<>(16, 0.75f, true);
    /** Whose EXCLUSIVE is held: it would go with the descriptor. */
    private final Set<String> locked = new HashSet<>();

    OwnDescriptors(OwnMountThread thread, String mountPoint, int openMax) {
        this.thread = thread;
        this.mountPoint = mountPoint;
        this.openMax = openMax;
    }

    /** The descriptor of a database file. */
    OwnFile database(String name) throws PosixException {
        OwnFile open = byName.get(name);
        if (open != null) {
            return open;
        }
        if (byName.size() >= openMax) {
            closeOldest();
        }
        OwnFile file = thread.open(path(name), OpenFlags.RDWR);
        byName.put(name, file);
        return file;
    }

    private void closeOldest() {
        for (String oldest : byName.keySet()) {
            if (!locked.contains(oldest)) {
                close(oldest);
                return;
            }
        }
    }

    private String path(String name) {
        return mountPoint + "/" + name;
    }

    /** Opens a database's wal-index; null if there is none. */
    @Nullable
    OwnFile walIndex(String name) throws PosixException {
        try {
            return thread.open(path(name) + "-shm", OpenFlags.RDWR);
        } catch (PosixException e) {
            if (e.errno() == Errno.ENOENT) {
                return null;
            }
            throw e;
        }
    }

    /** Whether a process holds a write lock on the database file, or WRITE of its wal-index. */
    boolean isWriteLocked(String name, boolean withWalIndex) throws PosixException {
        OwnFile file = database(name);
        if (file.queryLock(RecordLock.READ, SqliteLocks.WHOLE_FIRST, SqliteLocks.WHOLE_BYTES)
                .isPresent()) {
            return true;
        }
        if (!withWalIndex) {
            return false;
        }
        OwnFile index = walIndex(name);
        if (index == null) {
            return false;
        }
        try {
            return index.queryLock(RecordLock.READ, SqliteLocks.WAL_WRITE, 1).isPresent();
        } finally {
            index.close();
        }
    }

    /** Takes SQLite's EXCLUSIVE lock on the database file. @return false if somebody is in the way */
    boolean lockExclusive(String name) throws PosixException {
        boolean got = database(name).setLock(RecordLock.WRITE, SqliteLocks.WHOLE_FIRST, SqliteLocks.WHOLE_BYTES);
        if (got) {
            locked.add(name);
        }
        return got;
    }

    void unlock(String name) throws PosixException {
        locked.remove(name);
        OwnFile file = byName.get(name);
        if (file != null) {
            file.setLock(RecordLock.UNLOCK, SqliteLocks.WHOLE_FIRST, SqliteLocks.WHOLE_BYTES);
        }
    }

    void close(String name) {
        locked.remove(name);
        OwnFile file = byName.remove(name);
        if (file != null) {
            file.close();
        }
    }

    void closeAll() {
        locked.clear();
        for (OwnFile file : byName.values().toArray(new OwnFile[0])) {
            file.close();
        }
        byName.clear();
    }

    int size() {
        return byName.size();
    }
}
