package io.ltxfs.objectstore.directory;

import io.ltxfs.objectstore.ByteRange;
import io.ltxfs.objectstore.ListPage;
import io.ltxfs.objectstore.ObjectBody;
import io.ltxfs.objectstore.ObjectContent;
import io.ltxfs.objectstore.ObjectInfo;
import io.ltxfs.objectstore.ObjectKeys;
import io.ltxfs.objectstore.ObjectStore;
import io.ltxfs.objectstore.PutOptions;
import io.ltxfs.objectstore.PutOptions.Condition;
import io.ltxfs.objectstore.StoreException;
import io.ltxfs.objectstore.StoreException.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Objects as the files of a directory. The file of an object is its bytes, under its key, so that other programs
 * (Litestream, {@code cp}) read and write objects as well; everything else is in hidden directories beside the files
 * (see {@link SidecarFiles}) and goes along with any copy.
 *
 * <p>A put costs two syncs: the file's and its directory's; with metadata or a time, or past 64 KiB, four. Conditional
 * puts exclude each other between threads and processes by {@link LockFile}. What a process that was killed left half
 * done is never seen, and removed when the next one writes there.
 *
 * <p>The directory is made by the first put; reading where there is none is {@link Kind#NO_STORE}. Symbolic links below
 * the directory are not followed. A key cannot be both an object and the beginning of another object's path.
 */
public final class DirectoryStore implements ObjectStore {
    private static final Logger LOG = LoggerFactory.getLogger(DirectoryStore.class);
    private static final int PAGE_OBJECTS = 1000;
    /** How often a directory is made again that others find empty and remove at the same time. */
    private static final int MAKE_TRIES_MAX = 100;

    private final Places places;
    private final Clock clock;
    private final DiskErrors errors;
    private final Directories directories;
    private final KeyLocks locks;

    /**
     * A store that need not exist yet. Touches no file.
     *
     * @param root its directory, absolute
     */
    public DirectoryStore(Path root) {
        this(root, Clock.systemUTC());
    }

    /**
     * A store that need not exist yet. Touches no file.
     *
     * @param clock where times of modification come from, if a put does not bring its own
     */
    public DirectoryStore(Path root, Clock clock) {
        if (!root.isAbsolute()) {
            throw new IllegalArgumentException("the path of a directory of objects must be absolute: " + root);
        }
        this.places = new Places(root.normalize());
        this.clock = clock;
        this.errors = new DiskErrors(places.root());
        this.directories = new Directories(places.root(), this::sweep);
        this.locks = new KeyLocks(places, directories, this::sweep);
    }

    // ------------------------------------------------------------------------------------------------ put

    @Override
    public String put(String key, ObjectBody body, PutOptions options) throws StoreException {
        Place place = places.place(key);
        try {
            // Saves the writing where the answer is known; what counts is the look under the lock.
            if (options.condition() instanceof Condition.Absent && isFile(place.file())) {
                throw exists(key);
            }
            Staged staged = stage(place, body, options.modified().orElseGet(clock::instant));
            try {
                return install(place, staged, options);
            } finally {
                Files.deleteIfExists(staged.file());
            }
        } catch (IOException e) {
            throw errors.of(describe(key) + ": cannot be stored", false, e);
        }
    }

    private Staged stage(Place place, ObjectBody body, Instant modified) throws IOException {
        for (int tries = 1; ; tries++) {
            // Opens the locks, without which nothing is tidied up in a directory that is met.
            Path temporary = place.hidden().resolve(locks.temporaryName());
            directories.ensure(place.hidden());
            try {
                return Staged.write(temporary, describe(place.key()), body, modified);
            } catch (NoSuchFileException e) {
                // Somebody found the directory empty, and removed it, between the two.
                if (tries == MAKE_TRIES_MAX) {
                    throw e;
                }
            }
        }
    }

    private String install(Place place, Staged staged, PutOptions options) throws IOException {
        Path temporary = place.hidden().resolve(locks.temporaryName());
        return locks.locked(place.key(), () -> {
            boolean there = isFile(place.file());
            checkCondition(place, there, options.condition());
            if (!there) {
                makeWay(place);
            }
            try {
                boolean keepTime = options.modified().isPresent();
                SidecarFiles.install(place, staged, options.metadata(), keepTime, temporary);
            } catch (IOException e) {
                // With an object there its metadata may have changed, if the bytes are the same.
                boolean unknown = there || !Files.exists(staged.file());
                throw errors.of(describe(place.key()) + ": cannot be stored", unknown, e);
            }
            return staged.etag();
        });
    }

    private void checkCondition(Place place, boolean there, Condition condition) throws IOException {
        if (condition instanceof Condition.Absent && there) {
            throw exists(place.key());
        }
        if (condition instanceof Condition.Matches matches) {
            if (!there) {
                throw new StoreException(Kind.PRECONDITION_FAILED, describe(place.key()) + ": is not there any more");
            }
            SidecarFiles.Opened opened = SidecarFiles.open(place);
            opened.channel().close();
            if (!opened.info().etag().equals(matches.etag())) {
                throw new StoreException(
                        Kind.PRECONDITION_FAILED, describe(place.key()) + ": has been changed by somebody else");
            }
        }
    }

    private StoreException exists(String key) {
        return new StoreException(Kind.PRECONDITION_FAILED, describe(key) + ": is there already");
    }

    /** Only an empty directory may be where an object is to be. */
    private void makeWay(Place place) throws IOException {
        if (!Files.exists(place.file(), LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        if (Files.isDirectory(place.file(), LinkOption.NOFOLLOW_LINKS)) {
            directories.prune(place.file());
        }
        if (Files.exists(place.file(), LinkOption.NOFOLLOW_LINKS)) {
            throw new StoreException(
                    Kind.DENIED,
                    describe(place.key())
                            + ": a directory or link of this name is there; move it away, or use another name");
        }
    }

    // ------------------------------------------------------------------------------------------------ read

    @Override
    public ObjectInfo head(String key) throws StoreException {
        try {
            SidecarFiles.Opened opened = open(key);
            opened.channel().close();
            return opened.info();
        } catch (IOException e) {
            throw errors.of(describe(key) + ": cannot be read", false, e);
        }
    }

    @Override
    public ObjectContent get(String key) throws StoreException {
        try {
            SidecarFiles.Opened opened = open(key);
            return content(opened, new ByteRange(0, opened.info().size()));
        } catch (IOException e) {
            throw errors.of(describe(key) + ": cannot be read", false, e);
        }
    }

    @Override
    public ObjectContent get(String key, long offset, long length) throws StoreException {
        ByteRange.checkArguments(offset, length);
        try {
            SidecarFiles.Opened opened = open(key);
            boolean keep = false;
            try {
                ByteRange range = ByteRange.of(describe(key), opened.info().size(), offset, length);
                keep = true;
                return content(opened, range);
            } finally {
                if (!keep) {
                    opened.channel().close();
                }
            }
        } catch (IOException e) {
            throw errors.of(describe(key) + ": cannot be read", false, e);
        }
    }

    private ObjectContent content(SidecarFiles.Opened opened, ByteRange range) {
        FileRange in = new FileRange(opened.channel(), describe(opened.info().key()), range);
        return new ObjectContent(opened.info(), range.offset(), range.length(), in);
    }

    private SidecarFiles.Opened open(String key) throws IOException {
        Place place = places.place(key);
        try {
            if (!places.isReached(place.directory())) {
                throw new NoSuchFileException(place.file().toString());
            }
            return SidecarFiles.open(place);
        } catch (NoSuchFileException e) {
            places.requireRoot();
            String why = e.getReason() == null ? "there is no such object" : e.getReason();
            throw new StoreException(Kind.NOT_FOUND, describe(key) + ": " + why, e);
        }
    }

    // ------------------------------------------------------------------------------------------------ list

    @Override
    public ListPage list(String prefix, String startAfter) throws StoreException {
        String base = prefix.substring(0, prefix.lastIndexOf('/') + 1);
        try {
            places.requireRoot();
            Path directory = places.directory(base);
            if (directory == null) {
                return new ListPage(List.of(), false);
            }
            return Lister.list(directory, base, prefix, startAfter, PAGE_OBJECTS);
        } catch (IOException e) {
            throw errors.of(describe(prefix) + ": cannot be listed", false, e);
        }
    }

    @Override
    public List<String> children(String prefix) throws StoreException {
        try {
            places.requireRoot();
            Path directory = places.directory(prefix);
            if (directory == null) {
                return List.of();
            }
            List<String> names = new ArrayList<>();
            for (String name : Lister.names(directory)) {
                Path child = directory.resolve(name);
                if (Files.isDirectory(child, LinkOption.NOFOLLOW_LINKS) && Lister.holdsObjects(child)) {
                    names.add(name);
                }
            }
            names.sort(ObjectKeys.ORDER);
            return names;
        } catch (IOException e) {
            throw errors.of(describe(prefix) + ": cannot be listed", false, e);
        }
    }

    // ------------------------------------------------------------------------------------------------ delete

    @Override
    public void delete(String key) throws StoreException {
        deleteAll(List.of(key));
    }

    @Override
    public void deleteAll(Collection<String> keys) throws StoreException {
        List<Place> all = new ArrayList<>();
        for (String key : keys) {
            all.add(places.place(key));
        }
        String what = describe();
        try {
            places.requireRoot();
            List<Place> deleted = new ArrayList<>();
            Set<Path> touched = new LinkedHashSet<>();
            for (Place place : all) {
                what = describe(place.key());
                if (isRemoved(place)) {
                    deleted.add(place);
                    touched.add(place.directory());
                }
            }
            for (Path directory : touched) {
                what = describe() + ": " + directory;
                Directories.sync(directory);
            }
            // Not before the removal of the objects is durable: none may come back without its metadata.
            for (Place place : deleted) {
                what = describe(place.key());
                if (isFile(place.sidecar()) || isFile(place.next())) {
                    tidy(place);
                }
            }
            touched.forEach(directories::prune);
        } catch (IOException e) {
            throw errors.of(what + ": cannot be deleted", true, e);
        }
    }

    private boolean isRemoved(Place place) throws IOException {
        try {
            if (!isFile(place.file()) || !places.isReached(place.directory())) {
                return false;
            }
        } catch (NoSuchFileException e) {
            return false;
        }
        return locks.locked(place.key(), () -> isFile(place.file()) && Files.deleteIfExists(place.file()));
    }

    private void tidy(Place place) throws IOException {
        locks.locked(place.key(), () -> {
            SidecarFiles.tidy(place);
            return true;
        });
    }

    // ------------------------------------------------------------------------------------------------ left-overs

    /** Removes what processes that were killed have left in a hidden directory. */
    private void sweep(Path directory) throws IOException {
        if (!directory.endsWith(Place.HIDDEN) || !locks.isOpen()) {
            return;
        }
        Path objects = directory.resolveSibling(".").normalize();
        String base = objects.equals(places.root()) ? "" : places.root().relativize(objects) + "/";
        for (String name : Lister.names(directory)) {
            try {
                if (Temporary.is(name)) {
                    if (!locks.isAlive(Temporary.owner(name))) {
                        Files.deleteIfExists(directory.resolve(name));
                    }
                } else if (name.startsWith(Place.SIDECAR_PREFIX) || name.startsWith(Place.NEXT_PREFIX)) {
                    String object = name.substring(Place.SIDECAR_PREFIX.length());
                    Place place = Place.of(base + object, objects.resolve(object));
                    if (name.startsWith(Place.NEXT_PREFIX) || !isFile(place.file())) {
                        tidy(place);
                    }
                }
            } catch (IOException e) {
                // It is in nobody's way.
                LOG.warn("cannot tidy up file={} error=\"{}\"", directory.resolve(name), DiskErrors.reason(e));
            }
        }
    }

    // ------------------------------------------------------------------------------------------------ the rest

    private static boolean isFile(Path path) {
        return Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS);
    }

    @Override
    public String describe() {
        return places.describe();
    }

    @Override
    public String describe(String key) {
        return places.describe(key);
    }

    @Override
    public Optional<Path> file(String key) {
        try {
            return Optional.of(places.place(key).file());
        } catch (StoreException e) {
            return Optional.empty();
        }
    }

    @Override
    public boolean isLocal() {
        return true;
    }

    @Override
    public Optional<Path> directory() {
        return Optional.of(places.root());
    }

    @Override
    public void close() {
        locks.close();
    }
}
