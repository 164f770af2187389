package io.ltxfs.node.guard;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** Takes away what a daemon left that died: the kernel's connection, so that nobody waits for an answer, and the mount. */
final class DeadMount {
    private static final Path CONNECTIONS = Path.of("/sys/fs/fuse/connections");
    private static final Path MOUNTS = Path.of("/proc/self/mountinfo");

    private DeadMount() {}

    /** Ends every request of a connection with an error. One that has gone is no error. */
    static void abort(int connection) {
        Path abort = CONNECTIONS.resolve(Integer.toString(connection)).resolve("abort");
        try {
            if (Files.exists(abort)) {
                Files.write(abort, "1".getBytes(StandardCharsets.US_ASCII));
            }
        } catch (IOException e) {
            System.err.println(
                    "ltxfs: ending the dead mount's connection: " + e.getMessage() + "; write 1 to " + abort);
        }
    }

    /** Detaches a mount point, open files or not, without asking the file system itself. One that has gone is no error. */
    static void detach(Path mountPoint) {
        String byHand = "; run 'umount -l " + mountPoint + "' as root, or 'fusermount -uz " + mountPoint + "'";
        try {
            // An ordinary user's mount is taken away by the program that made it.
            if (!succeeds("umount", "-l", "--", mountPoint.toString())
                    && CommandPath.check(
                                    "fusermount", Objects.requireNonNullElse(System.getenv("PATH"), "/usr/bin:/bin"))
                            == 0
                    && !succeeds("fusermount", "-u", "-z", "--", mountPoint.toString())
                    && isMounted(mountPoint)) {
                System.err.println("ltxfs: detaching " + mountPoint + ": it does not go" + byHand);
            }
        } catch (IOException e) {
            System.err.println("ltxfs: detaching " + mountPoint + ": " + e.getMessage() + byHand);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** By proc(5): white space and backslash are written as a backslash and three octal digits. */
    static boolean isMounted(Path directory) {
        String name = new String(directory.toString().getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
        String field = name.replace("\\", "\\134")
                .replace(" ", "\\040")
                .replace("\t", "\\011")
                .replace("\n", "\\012");
        try (Stream<String> mounts = Files.lines(MOUNTS, StandardCharsets.ISO_8859_1)) {
            return mounts.map(line -> line.split(" ", 6))
                    .anyMatch(fields -> fields.length > 4 && fields[4].equals(field));
        } catch (IOException | UncheckedIOException e) {
            return true; // what cannot be known is tried
        }
    }

    private static boolean succeeds(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        if (!process.waitFor(10, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            return false;
        }
        return process.exitValue() == 0;
    }
}
