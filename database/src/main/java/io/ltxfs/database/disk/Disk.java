package io.ltxfs.database.disk;

import java.util.List;

/**
 * A directory on a local file system, as far as the node depends on it. Paths are relative to that directory, with
 * {@code /} between names. What is not synced may be lost, torn at 512 bytes or reordered by a power cut; what a call
 * has done stays when only the process dies. All methods may be called from any thread.
 */
public interface Disk {

    /** How {@link #open} treats an existing or a missing file. */
    enum Mode {
        /** The file exists; it is only read. */
        READ,
        /** The file exists; it is read and written. */
        WRITE,
        /** The file is created if it is missing, with mode 0600; it is read and written. */
        CREATE
    }

    /**
     * Opens a file.
     *
     * @throws DiskException with ENOENT if it must exist and does not
     */
    DiskFile open(String path, Mode mode) throws DiskException;

    /** Whether a file or directory has this name. */
    boolean exists(String path) throws DiskException;

    /** The names in a directory, in no order; empty if there is no such directory. */
    List<String> list(String directory) throws DiskException;

    /** Creates a directory and its parents (mode 0700); does nothing if it exists. */
    void makeDirectories(String path) throws DiskException;

    /** Removes a file's name; does nothing if there is none. Open files stay usable. */
    void unlink(String path) throws DiskException;

    /** Renames a file, over an existing one if there is one. */
    void rename(String from, String to) throws DiskException;

    /** Makes the names in a directory durable (fsync of the directory). */
    void syncDirectory(String directory) throws DiskException;

    /** Sets owner and permission bits of a file that recovery made again; a simulated disk has none. */
    default void setAttributes(String path, int uid, int gid, int mode) throws DiskException {}
}
