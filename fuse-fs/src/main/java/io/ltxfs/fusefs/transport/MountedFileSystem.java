package io.ltxfs.fusefs.transport;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;

/** A mount that is being served. */
public interface MountedFileSystem {
    /** Where it is. */
    Path mountPoint();

    /** How many requests came. */
    RequestCounters counters();

    /** Sends invalidations. */
    Notifier notifier();

    /**
     * The number of the kernel's connection, as below {@code /sys/fs/fuse/connections/}: for a guard that aborts it
     * when this process has died.
     */
    int connection();

    /**
     * Takes the mount away.
     *
     * @param lazy detach it even while files are open: they go on being served until they are closed, or this process
     *     ends, but no path reaches them
     * @return false if it is busy and not {@code lazy}; nothing has changed then
     * @throws IOException if the kernel refuses for another reason
     */
    boolean unmount(boolean lazy) throws IOException;

    /**
     * Ends the connection: every request, present and future, gets an error at once. The mount point stays, dead, until
     * it is unmounted.
     */
    void abort() throws IOException;

    /**
     * Waits until the kernel has let the connection go and every thread of the transport has ended.
     *
     * @return whether it has
     */
    boolean awaitEnd(Duration timeout) throws InterruptedException;
}
