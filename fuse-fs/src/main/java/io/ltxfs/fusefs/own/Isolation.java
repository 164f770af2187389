package io.ltxfs.fusefs.own;

import io.ltxfs.database.posix.DirectoryEntry;
import io.ltxfs.database.posix.Errno;
import io.ltxfs.database.posix.Posix;
import io.ltxfs.database.posix.PosixException;
import java.io.IOException;

/**
 * Gives the thread its own descriptor table and closes in it everything but the standard streams and what the JVM may
 * read classes from. {@code /dev/fuse} must not be there; locks and deleted files of the process should not live longer
 * because of a copy here.
 */
final class Isolation implements OwnJob<Integer> {
    private static final String DESCRIPTORS = "/proc/thread-self/fd";

    /** @return how many descriptors were left */
    @Override
    public Integer run(OwnMountThread thread) throws IOException {
        int result = Posix.unshare(Posix.CLONE_FILES);
        if (result == -Errno.EPERM) {
            // The kernel lets every process do this.
            throw new IOException(
                    "unshare(CLONE_FILES): operation not permitted (EPERM): the container's seccomp profile"
                            + " refuses it; permit unshare there");
        }
        Posix.check(result, "unshare descriptors");
        int left = 0;
        for (DirectoryEntry entry : Posix.list(DESCRIPTORS)) {
            int fd = Integer.parseInt(entry.name());
            if (fd > 2 && !isOfTheJvm(fd)) {
                Posix.close(fd);
            } else {
                left++;
            }
        }
        return left;
    }

    private static boolean isOfTheJvm(int fd) {
        try {
            String target = Posix.readlink(DESCRIPTORS + "/" + fd);
            return target.endsWith(".jar") || target.endsWith("/lib/modules");
        } catch (PosixException e) {
            return false; // the listing's own descriptor, closed by now
        }
    }
}
