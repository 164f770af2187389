package io.ltxfs.fusefs.kernel;

import io.ltxfs.database.posix.DirectoryEntry;
import io.ltxfs.database.posix.Errno;
import io.ltxfs.database.posix.Posix;
import io.ltxfs.database.posix.PosixException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes sure that a directory can be mounted on: not in use, not full, and rid of what a dead process left there. */
final class MountPoint {
    private static final Logger LOG = LoggerFactory.getLogger(MountPoint.class);

    static final String TYPE = "fuse.ltxfs";
    static final int MNT_FORCE = 1;
    static final int MNT_DETACH = 2;
    private static final int PROBE_SECONDS = 5;

    private MountPoint() {}

    /**
     * The directory's path without links, ready to be mounted on. A mount whose process has died is taken away.
     *
     * @throws IOException if something lives there, or it is no empty directory
     */
    static Path prepare(Path given) throws IOException {
        Path absolute = given.toAbsolutePath().normalize();
        Path parent = absolute.getParent();
        // Never through the mount point itself: it may be dead.
        Path path = parent == null ? absolute : parent.toRealPath().resolve(absolute.getFileName());
        for (int i = 0; isMountedByUs(path); i++) {
            Liveness liveness = probe(path);
            if (liveness != Liveness.DEAD || i == 16) {
                throw new IOException("mount " + path + ": a running ltxfs has it mounted"
                        + (liveness == Liveness.SILENT ? ", and does not answer" : "")
                        + "; stop that one first, or choose another directory with --mount");
            }
            Posix.check(Unmounting.unmount(path, true), "unmount the dead mount " + path);
            LOG.warn("Removed a mount whose process had died mount={}", path);
        }
        requireEmptyDirectory(path);
        return path;
    }

    private static boolean isMountedByUs(Path path) throws IOException {
        return MountTable.read().at(path).filter(m -> m.type().equals(TYPE)).isPresent();
    }

    private enum Liveness {
        LIVE,
        DEAD,
        SILENT
    }

    private static Liveness probe(Path path) throws IOException {
        // A mount whose process is stopped, or has not read its first request yet, answers never: the thread is lost.
        CompletableFuture<Integer> errno = new CompletableFuture<>();
        Thread prober = new Thread(() -> errno.complete(statErrno(path)), "ltxfs-mount-probe");
        prober.setDaemon(true);
        prober.start();
        try {
            int result = errno.get(PROBE_SECONDS, TimeUnit.SECONDS);
            return result == Errno.ENOTCONN || result == Errno.ECONNABORTED ? Liveness.DEAD : Liveness.LIVE;
        } catch (TimeoutException e) {
            return Liveness.SILENT;
        } catch (ExecutionException e) {
            throw new IOException("probe " + path, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("probe " + path + ": interrupted", e);
        }
    }

    private static int statErrno(Path path) {
        try {
            // The attributes of a root are cached for long, statfs never is.
            Posix.statvfs(path.toString());
            return 0;
        } catch (PosixException e) {
            return e.errno();
        }
    }

    private static void requireEmptyDirectory(Path path) throws IOException {
        if (!Posix.lstat(path.toString()).isDirectory()) {
            throw new IOException("mount " + path + ": it is not a directory; choose one with --mount");
        }
        List<DirectoryEntry> entries = Posix.list(path.toString());
        if (!entries.isEmpty()) {
            throw new IOException("mount " + path + ": the directory is not empty (it holds "
                    + entries.get(0).name() + "), and what is in it would be hidden; move it away, or choose another"
                    + " directory with --mount");
        }
    }
}
