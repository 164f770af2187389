package io.ltxfs.fusefs.tree;

import io.ltxfs.database.posix.FileMode;
import io.ltxfs.database.posix.FileStat;
import io.ltxfs.database.posix.FileTime;
import io.ltxfs.fusefs.FileAttributes;
import io.ltxfs.fusefs.transport.Attr;
import io.ltxfs.fusefs.transport.SetAttr;

/**
 * Owner, mode and times of a file of SQLite's, kept in memory because its backing file changes at other moments (a
 * database gets its pages after the commit) or does not exist (side files). Guarded by its own monitor; access times
 * are not kept.
 */
final class Attributes {
    private static final int BLOCK_BYTES = 4096;
    private static final int SECTOR_BYTES = 512;

    private int mode;
    private int uid;
    private int gid;
    private FileTime accessed;
    private FileTime modified;
    private FileTime changed;
    private boolean timesUnsaved;

    /** @param mode with the type bits */
    Attributes(int mode, int uid, int gid, FileTime modified) {
        this.mode = mode;
        this.uid = uid;
        this.gid = gid;
        this.accessed = modified;
        this.modified = modified;
        this.changed = modified;
    }

    /** As a backing file has them. */
    static Attributes of(FileStat stat) {
        Attributes attributes = new Attributes(stat.mode(), stat.uid(), stat.gid(), stat.mtime());
        attributes.accessed = stat.atime();
        attributes.changed = stat.ctime();
        return attributes;
    }

    /** The content was written. */
    void touch() {
        FileTime now = FileTime.now();
        synchronized (this) {
            modified = now;
            changed = now;
            timesUnsaved = true;
        }
    }

    /** Takes over everything but the size. */
    synchronized void apply(SetAttr change) {
        FileTime now = FileTime.now();
        changed = now;
        if (change.has(SetAttr.MODE)) {
            mode = (mode & FileMode.TYPE) | (change.mode() & FileMode.PERMISSIONS);
        }
        if (change.has(SetAttr.UID)) {
            uid = change.uid();
        }
        if (change.has(SetAttr.GID)) {
            gid = change.gid();
        }
        if (change.has(SetAttr.ATIME)) {
            accessed = change.has(SetAttr.ATIME_NOW) ? now : change.atime();
            timesUnsaved = true;
        }
        if (change.has(SetAttr.MTIME)) {
            modified = change.has(SetAttr.MTIME_NOW) ? now : change.mtime();
            timesUnsaved = true;
        }
    }

    /** Takes over owner and mode. */
    void ownedAs(Attributes other) {
        int otherMode = FileMode.REGULAR | other.permissions();
        int otherUid = other.uid();
        int otherGid = other.gid();
        synchronized (this) {
            mode = otherMode;
            uid = otherUid;
            gid = otherGid;
        }
    }

    /** Shows what this node is told to show of databases. */
    synchronized void show(FileAttributes shown) {
        uid = shown.uid(uid);
        gid = shown.gid(gid);
        mode = (mode & FileMode.TYPE) | (shown.mode(mode) & FileMode.PERMISSIONS);
    }

    synchronized int uid() {
        return uid;
    }

    synchronized int gid() {
        return gid;
    }

    /** The permission bits. */
    synchronized int permissions() {
        return mode & FileMode.PERMISSIONS;
    }

    synchronized FileTime accessed() {
        return accessed;
    }

    synchronized FileTime modified() {
        return modified;
    }

    /** Whether the times changed since the last call; the caller saves them. */
    synchronized boolean takeTimesUnsaved() {
        boolean unsaved = timesUnsaved;
        timesUnsaved = false;
        return unsaved;
    }

    /** What stat(2) shows of a file of this size. */
    synchronized Attr attr(long ino, long size, boolean linked) {
        return new Attr(
                ino,
                size,
                (size + SECTOR_BYTES - 1) / SECTOR_BYTES,
                accessed,
                modified,
                changed,
                mode,
                linked ? 1 : 0,
                uid,
                gid,
                0,
                BLOCK_BYTES);
    }

    /** What stat(2) shows of a file of the mirror. */
    static Attr attr(FileStat stat, long ino) {
        return new Attr(
                ino,
                stat.size(),
                stat.blocks(),
                stat.atime(),
                stat.mtime(),
                stat.ctime(),
                stat.mode(),
                stat.nlink(),
                stat.uid(),
                stat.gid(),
                stat.rdev(),
                BLOCK_BYTES);
    }
}
