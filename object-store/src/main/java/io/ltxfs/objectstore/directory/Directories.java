package io.ltxfs.objectstore.directory;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Makes and removes the directories of a store. One that was made is durable when the call returns; which ones are is
 * remembered, so that a put into a known directory costs one look at it.
 */
final class Directories {
    private static final int REMEMBERED_MAX = 4096;

    /** Is told of each directory that this process uses for the first time. */
    interface Newcomer {
        void met(Path directory) throws IOException;
    }

    private final Path root;
    private final Newcomer newcomer;

    /** Durable directories and their identities, the oldest first; guarded by itself. */
    private final Map<Path, Object> known = new LinkedHashMap<>(64, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Path, Object> eldest) {
            return size() > REMEMBERED_MAX;
        }
    };

    Directories(Path root, Newcomer newcomer) {
        this.root = root;
        this.newcomer = newcomer;
    }

    /** Makes a directory below the root, and the root, if they are not there. */
    void ensure(Path directory) throws IOException {
        Object identity = identityOf(directory);
        synchronized (known) {
            if (identity != null && identity.equals(known.get(directory))) {
                return;
            }
        }
        if (directory.equals(root)) {
            makeRoot();
        } else {
            ensure(parent(directory));
            make(directory);
        }
        identity = identityOf(directory);
        if (identity == null) {
            throw new NoSuchFileException(directory.toString());
        }
        newcomer.met(directory);
        synchronized (known) {
            known.put(directory, identity);
        }
    }

    private void makeRoot() throws IOException {
        Path existing = root;
        while (!Files.isDirectory(existing)) {
            existing = parent(existing);
        }
        Files.createDirectories(root);
        for (Path at = root; !at.equals(existing); at = parent(at)) {
            sync(parent(at));
        }
    }

    private static void make(Path directory) throws IOException {
        try {
            Files.createDirectory(directory);
        } catch (FileAlreadyExistsException e) {
            if (!Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
                throw new NotDirectoryException(directory.toString());
            }
        }
        // Somebody else may have made it a moment ago and not have come to this yet.
        sync(parent(directory));
    }

    /** Makes the names in a directory durable. */
    static void sync(Path directory) throws IOException {
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    /**
     * Removes a directory that holds no objects, and those above it that held nothing else, up to the root. One that is
     * being put into has a temporary file, and stays.
     */
    void prune(Path directory) {
        try {
            for (Path at = directory; !at.equals(root) && holdsOnlyHidden(at); at = parent(at)) {
                Files.deleteIfExists(at.resolve(Place.HIDDEN));
                Files.deleteIfExists(at);
            }
        } catch (DirectoryNotEmptyException e) {
            // In use.
        } catch (IOException e) {
            // An empty directory does no harm.
        }
    }

    private static boolean holdsOnlyHidden(Path directory) throws IOException {
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
            for (Path entry : entries) {
                if (!entry.endsWith(Place.HIDDEN)) {
                    return false;
                }
            }
            return true;
        } catch (NoSuchFileException e) {
            return true;
        }
    }

    private @Nullable Object identityOf(Path directory) throws IOException {
        try {
            // The root may be reached through a link; nothing below it may.
            BasicFileAttributes attributes = directory.equals(root)
                    ? Files.readAttributes(directory, BasicFileAttributes.class)
                    : Files.readAttributes(directory, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
            return attributes.isDirectory() ? attributes.fileKey() : null;
        } catch (NoSuchFileException e) {
            return null;
        } catch (FileSystemException e) {
            Path above = directory.getParent();
            while (above != null && !Files.exists(above)) {
                above = above.getParent();
            }
            if (above != null && !Files.isDirectory(above)) {
                throw new NotDirectoryException(above.toString());
            }
            throw e;
        }
    }

    private static Path parent(Path path) throws IOException {
        Path parent = path.getParent();
        if (parent == null) {
            throw new NoSuchFileException(path.toString());
        }
        return parent;
    }
}
