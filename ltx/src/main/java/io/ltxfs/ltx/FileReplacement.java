package io.ltxfs.ltx;

import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;

/**
 * A file that comes into being whole or not at all: written under a temporary name beside the target, synced, then
 * renamed over it. A target that exists keeps its owner and mode; a new one is readable by its owner only. Closed
 * without {@link #commit}, it leaves nothing behind.
 */
final class FileReplacement implements Closeable {
    private final Path target;
    private final Path temporary;
    private final FileChannel channel;
    private boolean committed;

    private FileReplacement(Path target, Path temporary, FileChannel channel) {
        this.target = target;
        this.temporary = temporary;
        this.channel = channel;
    }

    /** Starts to replace a file; a symbolic link is followed, what it names is replaced. */
    static FileReplacement of(Path file) throws IOException {
        Path target = Files.exists(file) ? file.toRealPath() : file.toAbsolutePath();
        while (true) {
            String suffix = Long.toUnsignedString(ThreadLocalRandom.current().nextLong(), Character.MAX_RADIX);
            Path temporary = target.resolveSibling("." + target.getFileName() + ".tmp-" + suffix);
            try {
                FileChannel channel = FileChannel.open(
                        temporary,
                        Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE),
                        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
                return new FileReplacement(target, temporary, channel);
            } catch (FileAlreadyExistsException e) {
                // Another name.
            }
        }
    }

    /** The content under the temporary name. */
    FileChannel channel() {
        return channel;
    }

    /** Writes to the channel from its position on; closing it is not needed. */
    OutputStream stream() {
        return Channels.newOutputStream(channel);
    }

    /** Makes the content durable and gives it its name. */
    void commit() throws IOException {
        if (Files.exists(target)) {
            PosixFileAttributes attributes = Files.readAttributes(target, PosixFileAttributes.class);
            PosixFileAttributeView view = Files.getFileAttributeView(temporary, PosixFileAttributeView.class);
            PosixFileAttributes own = view.readAttributes();
            if (!own.owner().equals(attributes.owner())) {
                view.setOwner(attributes.owner());
            }
            if (!own.group().equals(attributes.group())) {
                view.setGroup(attributes.group());
            }
            view.setPermissions(attributes.permissions());
        }
        channel.force(true);
        Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        committed = true;
        try (FileChannel directory = FileChannel.open(target.toAbsolutePath().getParent(), StandardOpenOption.READ)) {
            directory.force(true);
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
        if (!committed) {
            Files.deleteIfExists(temporary);
        }
    }
}
