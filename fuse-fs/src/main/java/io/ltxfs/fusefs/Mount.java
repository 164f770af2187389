package io.ltxfs.fusefs;

import io.ltxfs.database.DatabaseSet;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** A data directory shown as a file system: its databases, the tree of names, and the transport to the kernel. */
public final class Mount implements AutoCloseable {
    private Mount() {}

    /**
     * Recovers the data directory and mounts it. Returns when requests are served.
     *
     * @throws IOException if either cannot be done; the message says why and what to do
     */
    public static Mount start(MountSettings settings) throws IOException {
        throw new UnsupportedOperationException();
    }

    /** Where it is. */
    public Path mountPoint() {
        throw new UnsupportedOperationException();
    }

    /** The databases that it shows. */
    public DatabaseSet databases() {
        throw new UnsupportedOperationException();
    }

    /** How many requests the kernel sent, by the request's name in lower case. */
    public Map<String, Long> requestCounts() {
        throw new UnsupportedOperationException();
    }

    /** Paths below the mount of what applications have open at this moment, sorted. */
    public List<String> openFiles() {
        throw new UnsupportedOperationException();
    }

    /** The number of the kernel's connection, as below {@code /sys/fs/fuse/connections/}. */
    public int connection() {
        throw new UnsupportedOperationException();
    }

    /**
     * Takes the mount away; the databases stay open.
     *
     * @param lazy detach it even while files are open; they go on being served
     * @return false if it is busy and not {@code lazy}: nothing has changed then
     */
    public boolean unmount(boolean lazy) throws IOException {
        throw new UnsupportedOperationException();
    }

    /** Waits until the kernel has let the mount go. @return whether it has */
    public boolean awaitEnd(Duration timeout) throws InterruptedException {
        throw new UnsupportedOperationException();
    }

    /**
     * Ends all: unmounts lazily if it is still mounted, ends the connection, and closes the databases with a clean
     * stamp.
     */
    @Override
    public void close() throws IOException {
        throw new UnsupportedOperationException();
    }
}
