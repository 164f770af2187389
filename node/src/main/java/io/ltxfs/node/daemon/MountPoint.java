package io.ltxfs.node.daemon;

import io.ltxfs.database.posix.PosixException;
import io.ltxfs.fusefs.kernel.Unmounting;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The directory that a node mounts over. A mount that a dead ltxfs left there is taken away, a living one is refused,
 * a missing directory is made, one that is not empty is refused. The kernel's list of mounts is asked first: a path
 * into a dead or slow mount must not be touched by this process.
 */
public final class MountPoint {
    private static final Logger LOG = LoggerFactory.getLogger(MountPoint.class);
    private static final Path MOUNTS = Path.of("/proc/self/mountinfo");
    private static final long PROBE_SECONDS = 5;

    private MountPoint() {}

    /** What lies at a path. */
    public enum State {
        /** No mount. */
        NONE,
        /** A FUSE mount whose daemon has gone. */
        DEAD,
        /** A FUSE mount that answers, or might. */
        ALIVE,
        /** A mount of another kind. */
        OTHER
    }

    /**
     * Makes a directory ready to be mounted over.
     *
     * @throws NodeException if it is mounted, not empty or cannot be made
     */
    static void prepare(Path path) throws NodeException {
        for (State state = state(path); state != State.NONE; state = state(path)) {
            if (state == State.DEAD) {
                LOG.info("detached a dead mount path={}", path);
                detach(path);
            } else {
                throw new NodeException(
                        "mount " + path,
                        state == State.ALIVE ? "a living file system is mounted there" : "it is a mount point already",
                        "stop the ltxfs that runs there ('ltxfs status'), or name another directory with --mount");
            }
        }
        try {
            if (!Files.exists(path)) {
                Path parent = path.getParent();
                if (parent != null) {
                    Files.createDirectories(parent);
                }
                Files.createDirectory(
                        path, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxr-xr-x")));
                Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxr-xr-x"));
            }
            if (!Files.isDirectory(path)) {
                throw new NodeException("mount " + path, "is not a directory", "name another with --mount");
            }
            try (DirectoryStream<Path> entries = Files.newDirectoryStream(path)) {
                if (entries.iterator().hasNext()) {
                    throw new NodeException(
                            "mount " + path, "is not empty", "move its files away, or name another with --mount");
                }
            }
        } catch (IOException e) {
            throw new NodeException(
                    "mount " + path, "cannot be made: " + e, "make it, or name another with --mount", e);
        }
    }

    /** What lies at a path. A FUSE mount is asked by another process, for a few seconds at most. */
    public static State state(Path path) {
        String type = "";
        for (Entry entry : entries()) {
            if (entry.path().equals(path)) {
                type = entry.type();
            }
        }
        if (type.isEmpty()) {
            return State.NONE;
        }
        if (!type.equals("fuse") && !type.startsWith("fuse.")) {
            return State.OTHER;
        }
        return answers(path) ? State.ALIVE : State.DEAD;
    }

    /** A mount as the kernel lists it. */
    public record Entry(Path path, String type, String source) {}

    /** All mounts, in the order in which they were made. */
    public static List<Entry> entries() {
        List<Entry> entries = new ArrayList<>();
        try {
            for (String line : Files.readAllLines(MOUNTS, StandardCharsets.UTF_8)) {
                String[] fields = line.split(" ");
                int dash = List.of(fields).indexOf("-");
                if (dash > 4 && fields.length > dash + 2) {
                    entries.add(new Entry(Path.of(unescape(fields[4])), fields[dash + 1], unescape(fields[dash + 2])));
                }
            }
        } catch (IOException e) {
            LOG.warn("could not read the list of mounts path={} error={}", MOUNTS, e.toString());
        }
        return entries;
    }

    /** The kernel writes space, tab, newline and backslash as three octal digits. */
    private static String unescape(String text) {
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '\\' && i + 3 < text.length()) {
                out.append((char) Integer.parseInt(text.substring(i + 1, i + 4), 8));
                i += 3;
            } else {
                out.append(c);
            }
        }
        return out.toString();
    }

    /** Whether a mount's daemon answers; one that says nothing in time counts as alive, since it may only be slow. */
    private static boolean answers(Path path) {
        try {
            Process stat = new ProcessBuilder("stat", "-f", "--", path.toString())
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            if (!stat.waitFor(PROBE_SECONDS, TimeUnit.SECONDS)) {
                stat.destroyForcibly();
                return true;
            }
            return stat.exitValue() == 0;
        } catch (IOException e) {
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return true;
        }
    }

    private static void detach(Path path) throws NodeException {
        try {
            int result = Unmounting.unmount(path, true);
            if (result < 0) {
                throw new IOException(new PosixException(-result, "unmount " + path).getMessage());
            }
        } catch (IOException e) {
            throw new NodeException(
                    "mount " + path,
                    "a dead mount is there and stays: " + e.getMessage(),
                    "run 'umount -l " + path + "' as root",
                    e);
        }
    }
}
