package io.ltxfs.objectstore.directory;

import io.ltxfs.objectstore.ObjectInfo;
import io.ltxfs.objectstore.StoreException;
import io.ltxfs.objectstore.StoreException.Kind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Keeps metadata beside contents, so that both change in one step.
 *
 * <p>An object's file is its bytes, as Litestream wants it, so what else there is to know of it stands in a second file,
 * the sidecar; and two files cannot be replaced at once. Therefore a sidecar says which content it belongs to, and one
 * that belongs to another content does not count: the step in which an object changes is the rename of its file alone.
 *
 * <ul>
 *   <li>A new object: its sidecar {@code m-NAME} is made durable, then the file appears.
 *   <li>A replacement: the new sidecar is made durable as {@code n-NAME}, the file is replaced, then {@code n-NAME}
 *       becomes {@code m-NAME}. In between, whichever of the two belongs to the file's content counts. After a crash the
 *       next writer settles what is left.
 *   <li>The same content with other metadata: both belong to it, and {@code n-NAME} counts.
 *   <li>A removal: the file's removal is made durable, then the sidecars go.
 * </ul>
 *
 * <p>Writers hold the key's lock. Readers hold nothing: they look at {@code n-NAME} first, so that they cannot miss a
 * sidecar that is being renamed, and begin anew when the file has been replaced meanwhile. Sidecars survive any copy,
 * since they recognise contents, not inodes or times. A file that another program put there has no sidecar, or one that
 * does not belong to it, and is an object without metadata.
 */
final class SidecarFiles {
    private static final int READ_TRIES_MAX = 1000;

    private SidecarFiles() {}

    /** An object's file, open, and what it is. */
    record Opened(FileChannel channel, ObjectInfo info) {}

    /**
     * Opens an object; the caller closes it.
     *
     * @throws NoSuchFileException if there is no file
     */
    static Opened open(Place place) throws IOException {
        for (int tries = 0; tries < READ_TRIES_MAX; tries++) {
            BasicFileAttributes before = attributes(place.file());
            if (!before.isRegularFile()) {
                throw new NoSuchFileException(
                        place.file().toString(), null, before.isDirectory() ? "is a directory" : "is not a file");
            }
            FileChannel channel = FileChannel.open(place.file(), StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS);
            boolean keep = false;
            try {
                long size = channel.size();
                Sidecar sidecar = belonging(place, channel, size, before.lastModifiedTime());
                // A whole print leaves no doubt. In all other cases a replacement may have come between.
                if (sidecar != null && ContentPrint.isWhole(size) || isSame(before, place.file())) {
                    keep = true;
                    return new Opened(channel, info(place.key(), channel, size, before, sidecar));
                }
            } finally {
                if (!keep) {
                    channel.close();
                }
            }
        }
        throw new FileSystemException(place.file().toString(), null, "It is replaced faster than it can be read");
    }

    private static ObjectInfo info(
            String key, FileChannel channel, long size, BasicFileAttributes attributes, @Nullable Sidecar sidecar)
            throws IOException {
        if (sidecar != null) {
            return new ObjectInfo(key, size, sidecar.modified(), sidecar.etag(), sidecar.metadata());
        }
        FileTime modified = attributes.lastModifiedTime();
        // A large file of another program is not read to its end to name it.
        String etag = ContentPrint.isWhole(size)
                ? ContentPrint.of(channel, size)
                : Long.toHexString(size) + "-" + Long.toHexString(modified.to(TimeUnit.NANOSECONDS));
        return new ObjectInfo(key, size, modified.toInstant(), etag, Map.of());
    }

    /**
     * The sidecar of a content.
     *
     * @param modified the time that the file shows, if that may be taken for a proof where a proof by content is costly
     */
    private static @Nullable Sidecar belonging(Place place, FileChannel channel, long size, @Nullable FileTime modified)
            throws IOException {
        Sidecar next = ofSize(size, read(place.next()));
        Sidecar current = ofSize(size, read(place.sidecar()));
        if (next == null
                && current != null
                && modified != null
                && !ContentPrint.isWhole(size)
                && current.modified().equals(modified.toInstant())) {
            return current;
        }
        if (next == null && current == null) {
            return null;
        }
        String print = ContentPrint.of(channel, size);
        next = next != null && next.print().equals(print) ? next : null;
        current = current != null && current.print().equals(print) ? current : null;
        if (next != null && current != null && !next.etag().equals(current.etag())) {
            String etag = ContentPrint.whole(channel, size);
            return next.etag().equals(etag) ? next : current.etag().equals(etag) ? current : null;
        }
        return next != null ? next : current;
    }

    private static @Nullable Sidecar ofSize(long size, @Nullable Sidecar sidecar) {
        return sidecar != null && sidecar.size() == size ? sidecar : null;
    }

    /**
     * What a list says of a file. Its content is only looked at where sidecar and times leave a doubt. One damaged
     * sidecar does not keep the list from being read: who reads the object is told.
     */
    static ObjectInfo listed(Place place, BasicFileAttributes attributes, boolean hasSidecar, boolean hasNext)
            throws IOException {
        try {
            Sidecar sidecar = hasSidecar && !hasNext ? read(place.sidecar()) : null;
            if (sidecar != null
                    && sidecar.size() == attributes.size()
                    && sidecar.modified().equals(attributes.lastModifiedTime().toInstant())) {
                return new ObjectInfo(place.key(), sidecar.size(), sidecar.modified(), sidecar.etag(), Map.of());
            }
            if (sidecar != null || hasNext) {
                Opened opened = open(place);
                opened.channel().close();
                ObjectInfo info = opened.info();
                return new ObjectInfo(info.key(), info.size(), info.modified(), info.etag(), Map.of());
            }
        } catch (StoreException e) {
            if (e.kind() != Kind.PROTOCOL) {
                throw e;
            }
        }
        return new ObjectInfo(
                place.key(), attributes.size(), attributes.lastModifiedTime().toInstant(), "", Map.of());
    }

    /**
     * Gives a staged content its name, with a sidecar if it is to have one. The caller holds the key's lock.
     *
     * @param sidecarTemp a free name for the sidecar on its way
     */
    static void install(Place place, Staged staged, Map<String, String> metadata, boolean keepTime, Path sidecarTemp)
            throws IOException {
        boolean there = Files.exists(place.file(), LinkOption.NOFOLLOW_LINKS);
        boolean hasSidecar = Files.exists(place.sidecar(), LinkOption.NOFOLLOW_LINKS);
        boolean hasNext = Files.exists(place.next(), LinkOption.NOFOLLOW_LINKS);
        boolean needed = !metadata.isEmpty() || keepTime || !ContentPrint.isWhole(staged.size());
        if (!needed && !hasSidecar && !hasNext) {
            rename(staged.file(), place.file());
            Directories.sync(place.directory());
            return;
        }
        if (hasNext && there) {
            settle(place);
        } else if (hasNext) {
            Files.deleteIfExists(place.next());
        }
        write(sidecarTemp, new Sidecar(staged.size(), staged.print(), staged.etag(), staged.modified(), metadata));
        boolean replaces = there && Files.exists(place.sidecar(), LinkOption.NOFOLLOW_LINKS);
        rename(sidecarTemp, replaces ? place.next() : place.sidecar());
        Directories.sync(place.hidden());
        rename(staged.file(), place.file());
        Directories.sync(place.directory());
        if (replaces) {
            try {
                rename(place.next(), place.sidecar());
            } catch (IOException e) {
                // It counts where it is, and the next writer puts it where it belongs.
            }
        }
    }

    /** Ends a replacement that a crash has cut. */
    private static void settle(Place place) throws IOException {
        Sidecar next = read(place.next());
        Sidecar belongs;
        try (FileChannel channel = FileChannel.open(place.file(), StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS)) {
            belongs = belonging(place, channel, channel.size(), null);
        }
        if (next != null && next.equals(belongs)) {
            rename(place.next(), place.sidecar());
        } else {
            Files.deleteIfExists(place.next());
        }
        Directories.sync(place.hidden());
    }

    /**
     * Ends what a crash has cut: of an object that is there, a replacement; of one that is not, its sidecars go. The
     * caller holds the key's lock.
     */
    static void tidy(Place place) throws IOException {
        if (!Files.exists(place.file(), LinkOption.NOFOLLOW_LINKS)) {
            Files.deleteIfExists(place.sidecar());
            Files.deleteIfExists(place.next());
        } else if (Files.exists(place.next(), LinkOption.NOFOLLOW_LINKS)) {
            settle(place);
        }
    }

    private static void write(Path file, Sidecar sidecar) throws IOException {
        boolean done = false;
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            ByteBuffer buffer = ByteBuffer.wrap(sidecar.encode());
            while (buffer.hasRemaining()) {
                channel.write(buffer);
            }
            channel.force(true);
            done = true;
        } finally {
            if (!done) {
                Files.deleteIfExists(file);
            }
        }
    }

    private static @Nullable Sidecar read(Path file) throws IOException {
        byte[] bytes;
        try {
            bytes = Files.readAllBytes(file);
        } catch (NoSuchFileException e) {
            return null;
        }
        try {
            return Sidecar.decode(bytes);
        } catch (IOException e) {
            throw new StoreException(
                    Kind.PROTOCOL,
                    file + ": " + e.getMessage()
                            + "; it is damaged: bring it back from a copy, or remove it to use the object without metadata",
                    e);
        }
    }

    private static BasicFileAttributes attributes(Path file) throws IOException {
        return Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    }

    private static boolean isSame(BasicFileAttributes before, Path file) throws IOException {
        BasicFileAttributes now = attributes(file);
        return now.fileKey().equals(before.fileKey())
                && now.size() == before.size()
                && now.lastModifiedTime().equals(before.lastModifiedTime());
    }

    private static void rename(Path from, Path to) throws IOException {
        Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
    }
}
