package io.ltxfs.node.cli;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/** A file that appears under its name only when it is complete and on the disk. */
final class OutputFile implements AutoCloseable {
    private static final int BUFFER_BYTES = 1 << 16;

    private final Path target;
    private final Path partial;
    private final boolean replace;
    private final FileChannel channel;
    private final OutputStream stream;
    private boolean committed;

    private OutputFile(Path target, Path partial, boolean replace, FileChannel channel) {
        this.target = target;
        this.partial = partial;
        this.replace = replace;
        this.channel = channel;
        this.stream = new BufferedOutputStream(Channels.newOutputStream(channel), BUFFER_BYTES);
    }

    /**
     * Begins a file.
     *
     * @param force whether one that is there may be replaced
     */
    static OutputFile create(Path target, boolean force) throws IOException {
        if (!force && Files.exists(target)) {
            throw exists(target);
        }
        Path absolute = target.toAbsolutePath();
        Path partial = absolute.resolveSibling(
                absolute.getFileName() + ".part-" + ProcessHandle.current().pid());
        FileChannel channel = FileChannel.open(
                partial, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE);
        return new OutputFile(absolute, partial, force, channel);
    }

    OutputStream stream() {
        return stream;
    }

    /** Makes it durable and gives it its name. */
    void commit() throws IOException {
        stream.flush();
        channel.force(true);
        channel.close();
        if (replace) {
            Files.move(partial, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } else {
            try {
                Files.createLink(target, partial); // unlike a move it fails if the name was taken meanwhile
            } catch (FileAlreadyExistsException e) {
                throw exists(target);
            } catch (UnsupportedOperationException | IOException e) {
                Files.move(partial, target);
            }
            Files.deleteIfExists(partial);
        }
        committed = true;
    }

    private static CliException exists(Path target) {
        return new CliException(
                ExitCode.FAILED, target.toString(), "is there already", "name another file, or add --force");
    }

    @Override
    public void close() throws IOException {
        if (!committed) {
            channel.close();
            Files.deleteIfExists(partial);
        }
    }
}
