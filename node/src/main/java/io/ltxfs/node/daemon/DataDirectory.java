package io.ltxfs.node.daemon;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;

/** A node's data directory, held by this process alone until it is closed. */
public final class DataDirectory implements AutoCloseable {
    private static final String LOCK = "lock";

    private final Path path;
    private final FileChannel channel;

    private DataDirectory(Path path, FileChannel channel) {
        this.path = path;
        this.channel = channel;
    }

    /**
     * Takes a data directory; makes it, for its owner alone, if it is missing.
     *
     * @throws NodeException if it cannot be made or written, or another process has it
     */
    static DataDirectory create(Path path) throws NodeException {
        try {
            if (!Files.isDirectory(path)) {
                Path parent = path.getParent();
                if (parent != null) {
                    Files.createDirectories(parent);
                }
                Files.createDirectory(
                        path, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            }
        } catch (IOException e) {
            throw new NodeException("data " + path, "cannot be made: " + e, "make it, or name another with --data", e);
        }
        return take(path);
    }

    /**
     * Takes a data directory that there is.
     *
     * @throws NodeException if there is none, or another process has it
     */
    public static DataDirectory take(Path path) throws NodeException {
        try {
            FileChannel channel =
                    FileChannel.open(path.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            FileLock lock = channel.tryLock();
            if (lock == null) {
                channel.close();
                throw new NodeException(
                        "data " + path,
                        "another ltxfs uses it" + holder(path),
                        "stop that one, or give this one a directory of its own with --data");
            }
            return new DataDirectory(path, channel);
        } catch (NoSuchFileException e) {
            throw new NodeException("data " + path, "there is no such directory", "name the node's with --data", e);
        } catch (IOException e) {
            throw new NodeException(
                    "data " + path, "cannot be written: " + e, "check owner and permissions, or use --data", e);
        }
    }

    private static String holder(Path path) {
        Optional<NodeFile> file;
        try {
            file = NodeFile.read(path);
        } catch (IOException e) {
            return "";
        }
        return file.filter(NodeFile::isAlive)
                .map(node -> " (pid " + node.pid() + ")")
                .orElse("");
    }

    /** Where it is. */
    public Path path() {
        return path;
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
