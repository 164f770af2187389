package io.ltxfs.objectstore.directory;

import io.ltxfs.objectstore.ListPage;
import io.ltxfs.objectstore.ObjectInfo;
import io.ltxfs.objectstore.ObjectKeys;
import io.ltxfs.objectstore.StoreException;
import io.ltxfs.objectstore.StoreException.Kind;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Lists a directory tree as keys, in the order of the keys, which is not that of the tree: {@code a-b} comes between the
 * file {@code a} and the files below the directory {@code a}. Enters only directories that can hold what is asked for,
 * and looks only at files that are in the page.
 */
final class Lister {
    private final String prefix;
    private final String startAfter;
    private final int pageObjects;
    private final List<ObjectInfo> found = new ArrayList<>();
    private boolean more;

    private Lister(String prefix, String startAfter, int pageObjects) {
        this.prefix = prefix;
        this.startAfter = startAfter;
        this.pageObjects = pageObjects;
    }

    /**
     * A page of the list.
     *
     * @param directory the deepest one that holds all keys with the prefix
     * @param base the key of that directory with a {@code /} at its end, or nothing for the root
     */
    static ListPage list(Path directory, String base, String prefix, String startAfter, int pageObjects)
            throws IOException {
        Lister lister = new Lister(prefix, startAfter, pageObjects);
        lister.walk(directory, base);
        return new ListPage(lister.found, lister.more);
    }

    /** Returns false when the page is full. */
    private boolean walk(Path directory, String base) throws IOException {
        TreeSet<String> pending = new TreeSet<>(ObjectKeys.ORDER);
        for (String name : names(directory)) {
            String key = base + name;
            // Its own key, or any key below it, may be asked for.
            if ((key.startsWith(prefix) || prefix.startsWith(key + "/")) && !isPast(key)) {
                pending.add(name);
            }
        }
        Set<String> hidden = pending.isEmpty() ? Set.of() : new HashSet<>(names(directory.resolve(Place.HIDDEN)));
        for (String name = pending.pollFirst(); name != null; name = pending.pollFirst()) {
            if (name.endsWith("/")) {
                String plain = name.substring(0, name.length() - 1);
                if (!walk(directory.resolve(plain), base + name)) {
                    return false;
                }
                continue;
            }
            Path file = directory.resolve(name);
            try {
                BasicFileAttributes attributes =
                        Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
                if (attributes.isDirectory()) {
                    // Comes back where its content belongs.
                    pending.add(name + "/");
                } else if (attributes.isRegularFile() && !add(base + name, file, attributes, hidden)) {
                    return false;
                }
            } catch (NoSuchFileException e) {
                // Deleted meanwhile.
            }
        }
        return true;
    }

    private boolean add(String key, Path file, BasicFileAttributes attributes, Set<String> hidden) throws IOException {
        if (!key.startsWith(prefix) || ObjectKeys.ORDER.compare(key, startAfter) <= 0) {
            return true;
        }
        if (found.size() == pageObjects) {
            more = true;
            return false;
        }
        String name = file.getFileName().toString();
        found.add(SidecarFiles.listed(
                Place.of(key, file),
                attributes,
                hidden.contains(Place.SIDECAR_PREFIX + name),
                hidden.contains(Place.NEXT_PREFIX + name)));
        return true;
    }

    /** Whether a key, and all keys below it, are not greater than where to start. */
    private boolean isPast(String key) {
        return ObjectKeys.ORDER.compare(key, startAfter) <= 0
                && !startAfter.equals(key)
                && ObjectKeys.ORDER.compare(key + "/", startAfter) <= 0
                && !startAfter.startsWith(key + "/");
    }

    /** Whether there is an object anywhere below a directory. */
    static boolean holdsObjects(Path directory) throws IOException {
        List<Path> directories = new ArrayList<>();
        for (String name : names(directory)) {
            Path entry = directory.resolve(name);
            if (Files.isRegularFile(entry, LinkOption.NOFOLLOW_LINKS)) {
                return true;
            }
            if (Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS)) {
                directories.add(entry);
            }
        }
        for (Path below : directories) {
            if (holdsObjects(below)) {
                return true;
            }
        }
        return false;
    }

    /** Whether a name is text: if not, it was not put by a store, and no key can name it. */
    private static boolean isText(Path directory, String name, Path entry) throws StoreException {
        try {
            return directory.resolve(name).equals(entry);
        } catch (InvalidPathException e) {
            throw new StoreException(
                    Kind.DENIED,
                    directory + ": holds names that this process cannot read, its locale has only "
                            + System.getProperty("sun.jnu.encoding") + "; start it with LC_ALL=C.UTF-8",
                    e);
        }
    }

    /** The names in a directory that can be parts of keys; none if it is not there. */
    static List<String> names(Path directory) throws IOException {
        List<String> names = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
            for (Path entry : entries) {
                String name = entry.getFileName().toString();
                if (!name.equals(Place.HIDDEN) && (name.indexOf('\ufffd') < 0 || isText(directory, name, entry))) {
                    names.add(name);
                }
            }
        } catch (NoSuchFileException | NotDirectoryException e) {
            return List.of();
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
        return names;
    }
}
