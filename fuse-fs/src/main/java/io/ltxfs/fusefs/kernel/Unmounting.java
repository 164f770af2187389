package io.ltxfs.fusefs.kernel;

import io.ltxfs.database.posix.Errno;
import io.ltxfs.database.posix.Posix;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Takes a mount away: with umount2(2), and where that is not allowed with {@code fusermount}. */
public final class Unmounting {
    private static final long SECONDS_MAX = 10;

    private Unmounting() {}

    /**
     * Takes it away.
     *
     * @param lazy also while it is in use
     * @return 0, or a negative error number: EBUSY while it is in use, EINVAL if nothing is mounted there
     * @throws IOException if neither way is open
     */
    public static int unmount(Path mountPoint, boolean lazy) throws IOException {
        int result = Posix.umount(mountPoint.toString(), lazy ? MountPoint.MNT_DETACH : 0);
        return result == -Errno.EPERM ? withHelper(mountPoint, lazy) : result;
    }

    private static int withHelper(Path mountPoint, boolean lazy) throws IOException {
        if (MountTable.read().at(mountPoint).isEmpty()) {
            return -Errno.EINVAL;
        }
        Path helper = Libfuse.helper();
        if (helper == null) {
            throw new IOException(
                    "unmount " + mountPoint + ": this user may not, and there is no fusermount on the path;"
                            + " install it, on Debian with: apt-get install fuse3 (or fuse)");
        }
        List<String> command = lazy
                ? List.of(helper.toString(), "-u", "-z", "--", mountPoint.toString())
                : List.of(helper.toString(), "-u", "--", mountPoint.toString());
        String said = run(command);
        if (said == null) {
            return 0;
        }
        if (said.contains("busy")) {
            return -Errno.EBUSY;
        }
        if (MountTable.read().at(mountPoint).isEmpty()) {
            return -Errno.EINVAL;
        }
        throw new IOException("unmount " + mountPoint + ": " + said
                + (MountRights.own().filtered()
                        ? "; if this is a container, its seccomp profile has to permit umount2"
                        : ""));
    }

    /** @return null if it succeeded, else what it said */
    private static @Nullable String run(List<String> command) throws IOException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        try {
            process.getOutputStream().close();
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            if (!process.waitFor(SECONDS_MAX, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                return "fusermount does not end";
            }
            return process.exitValue() == 0 ? null : said;
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
            throw new IOException("unmounting was interrupted", e);
        }
    }
}
