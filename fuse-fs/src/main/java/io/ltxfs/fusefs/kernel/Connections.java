package io.ltxfs.fusefs.kernel;

import io.ltxfs.database.posix.Errno;
import io.ltxfs.database.posix.Posix;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** The kernel's control of FUSE connections, below {@code /sys/fs/fuse/connections}. */
public final class Connections {
    private static final String DIRECTORY = "/sys/fs/fuse/connections";

    private Connections() {}

    /**
     * Ends a connection: everyone who waits for an answer gets an error. Works whoever serves it, also if that process
     * has died or hangs. Does nothing if it has ended.
     *
     * @param connection its number
     * @param mountPoint where it is mounted, for systems without the control file system (containers)
     * @throws IOException if there is no way to do it
     */
    public static void abort(int connection, Path mountPoint) throws IOException {
        Path abort = Path.of(DIRECTORY, Integer.toString(connection), "abort");
        if (!Files.exists(abort)) {
            Posix.mount("fusectl", DIRECTORY, "fusectl", 0, "");
        }
        if (Files.exists(abort)) {
            Files.write(abort, "1".getBytes(StandardCharsets.US_ASCII), StandardOpenOption.WRITE);
            return;
        }
        if (MountTable.read()
                .at(Path.of(DIRECTORY))
                .filter(control -> control.type().equals("fusectl"))
                .isPresent()) {
            return; // every connection there is has its place here
        }
        if (Posix.geteuid() != 0) {
            throw new IOException("abort connection " + connection + ": " + DIRECTORY
                    + " is not mounted, and only root may do it without; it ends with this process");
        }
        // A forced unmount aborts first; that it then finds the mount busy does not matter.
        int result = Posix.umount(mountPoint.toString(), MountPoint.MNT_FORCE);
        if (result != -Errno.EBUSY) {
            Posix.check(result, "abort connection " + connection + " of " + mountPoint);
        }
    }
}
