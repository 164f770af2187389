package io.ltxfs.objectstore.directory;

import io.ltxfs.objectstore.ObjectKeys;
import io.ltxfs.objectstore.StoreException;
import io.ltxfs.objectstore.StoreException.Kind;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** From keys to places below a store's directory, and whether a way leads there. */
final class Places {
    private static final int NAME_BYTES_MAX = 255;
    /** A sidecar's name is two bytes longer. */
    private static final int OBJECT_NAME_BYTES_MAX = NAME_BYTES_MAX - Place.SIDECAR_PREFIX.length();

    private final Path root;

    Places(Path root) {
        this.root = root;
    }

    Path root() {
        return root;
    }

    String describe() {
        return "file://" + root;
    }

    String describe(String key) {
        return describe() + "/" + key;
    }

    /**
     * The place of a key.
     *
     * @throws IllegalArgumentException if it is no key
     * @throws StoreException {@link Kind#DENIED} if a directory cannot hold it
     */
    Place place(String key) throws StoreException {
        ObjectKeys.check(key);
        String[] parts = key.split("/");
        for (int i = 0; i < parts.length; i++) {
            int max = i == parts.length - 1 ? OBJECT_NAME_BYTES_MAX : NAME_BYTES_MAX;
            if (parts[i].length() > max || parts[i].getBytes(StandardCharsets.UTF_8).length > max) {
                throw new StoreException(
                        Kind.DENIED,
                        describe(key) + ": a name in a directory has at most " + max + " bytes; use a shorter name");
            }
            if (parts[i].equals(Place.HIDDEN)) {
                throw new StoreException(
                        Kind.DENIED,
                        describe(key) + ": the name '" + Place.HIDDEN + "' is the store's own; use another");
            }
        }
        try {
            return Place.of(key, root.resolve(key));
        } catch (InvalidPathException e) {
            throw new StoreException(
                    Kind.DENIED,
                    describe(key) + ": this process cannot express the name, its locale has only "
                            + System.getProperty("sun.jnu.encoding") + "; start it with LC_ALL=C.UTF-8",
                    e);
        }
    }

    /** The directory of a prefix that is empty or ends with a slash; nothing if there can be no objects in it. */
    @Nullable
    Path directory(String base) throws IOException {
        if (base.isEmpty()) {
            return root;
        }
        Path directory;
        try {
            directory = place(base + "x").directory();
        } catch (IllegalArgumentException e) {
            return null;
        }
        try {
            return isReached(directory) ? directory : null;
        } catch (NoSuchFileException e) {
            return null;
        }
    }

    /** Fails with {@link Kind#NO_STORE} if the store's directory is not there. */
    void requireRoot() throws StoreException {
        if (!Files.isDirectory(root)) {
            throw new StoreException(
                    Kind.NO_STORE,
                    describe() + ": there is no such directory; check the path, or that its disk is mounted");
        }
    }

    /**
     * Whether a directory is reached without a symbolic link below the root.
     *
     * @throws NoSuchFileException if it is not there
     */
    boolean isReached(Path directory) throws IOException {
        if (directory.equals(root)) {
            return true;
        }
        try {
            Path real = directory.toRealPath();
            if (!Files.isDirectory(real)) {
                throw new NoSuchFileException(directory.toString());
            }
            return real.equals(root.toRealPath().resolve(root.relativize(directory)));
        } catch (AccessDeniedException | NoSuchFileException e) {
            throw e;
        } catch (FileSystemException e) {
            // A file where a directory would be is no directory either; the system has another error for it.
            if (Files.exists(directory)) {
                throw e;
            }
            throw new NoSuchFileException(directory.toString());
        }
    }
}
