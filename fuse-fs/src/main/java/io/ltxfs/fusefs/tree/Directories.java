package io.ltxfs.fusefs.tree;

import io.ltxfs.database.Database;
import io.ltxfs.database.posix.DirectoryEntry;
import io.ltxfs.database.posix.FileMode;
import io.ltxfs.fusefs.transport.ReplyDirectory;
import io.ltxfs.fusefs.transport.ReplyEmpty;
import io.ltxfs.fusefs.transport.ReplyOpen;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.RejectedExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Lists and syncs directories. */
final class Directories {
    private static final Logger LOG = LoggerFactory.getLogger(Directories.class);

    private final Parts parts;

    Directories(Parts parts) {
        this.parts = parts;
    }

    /**
     * A name in a listing.
     *
     * @param type the type bits of its mode, 0 if not known
     */
    record Name(String name, long ino, int type) {}

    void opendir(long node, ReplyOpen reply) throws IOException {
        parts.directory(node);
        long fh = parts.handles().nextFh();
        parts.handles().put(fh, new Opened.OpenDirectory());
        reply.opened(fh, 0);
    }

    void releasedir(long fh, ReplyEmpty reply) throws IOException {
        parts.handles().remove(fh, Opened.OpenDirectory.class);
        reply.ok();
    }

    /** The names as they were when the listing began; the offset of a name is its number. */
    void readdir(long node, long fh, long offset, ReplyDirectory reply) throws IOException {
        Opened.OpenDirectory open = parts.handles().get(fh, Opened.OpenDirectory.class);
        List<Name> names;
        synchronized (open) {
            if (offset == 0) {
                open.names(list(parts.directory(node)));
            }
            names = open.names();
        }
        for (long i = offset; i < names.size(); i++) {
            Name name = names.get((int) i);
            if (!reply.add(name.name(), name.ino(), name.type(), i + 1)) {
                break;
            }
        }
        reply.done();
    }

    private List<Name> list(Directory directory) throws IOException {
        if (directory.removed() != null) {
            return List.of();
        }
        List<Name> names = new ArrayList<>();
        Map<String, RegularFile> beside = new LinkedHashMap<>();
        parts.paths().readLock().lock();
        try {
            String path = directory.path();
            Inode.Place place = directory.place();
            String parentPath = place == null ? path : place.parent().path();
            names.add(new Name(".", parts.mirror().stat(path).ino(), FileMode.DIRECTORY));
            names.add(new Name("..", parts.mirror().stat(parentPath).ino(), FileMode.DIRECTORY));
            for (DirectoryEntry entry : parts.mirror().list(path)) {
                if (!entry.utf8()) {
                    continue;
                }
                names.add(new Name(entry.name(), entry.ino(), entry.type()));
                Optional<Database> database = parts.databases().find(Mirror.join(path, entry.name()));
                if (database.isPresent()) {
                    loadSides(directory, entry.name(), database.get());
                }
            }
        } finally {
            parts.paths().readLock().unlock();
        }
        for (Inode child : parts.nodes().children(directory)) {
            Inode.Place at = child.place();
            if (at != null && child instanceof RegularFile file && file.isBeside()) {
                beside.put(at.name(), file);
            }
        }
        beside.forEach((name, file) -> names.add(new Name(name, file.ino(), FileMode.REGULAR)));
        return names;
    }

    private void loadSides(Directory directory, String base, Database database) throws IOException {
        for (Role role : Role.values()) {
            if (role.isSide() && Loader.sideFile(database, role).isPresent()) {
                Inode side = parts.loader().acquire(directory, base + role.suffix());
                if (side != null) {
                    parts.nodes().forget(side, 1);
                }
            }
        }
    }

    /** Syncs the mirror's directory if names in it changed; side files have none there. */
    void fsyncdir(long node, ReplyEmpty reply) throws IOException {
        Directory directory = parts.directory(node);
        if (!directory.takeNamesChanged()) {
            reply.ok();
            return;
        }
        try {
            parts.slow().execute(Tree.task(reply, () -> sync(directory, reply)));
        } catch (RejectedExecutionException e) {
            sync(directory, reply);
        }
    }

    private void sync(Directory directory, ReplyEmpty reply) throws IOException {
        String path;
        parts.paths().readLock().lock();
        try {
            path = directory.path();
        } finally {
            parts.paths().readLock().unlock();
        }
        try {
            parts.mirror().syncDirectory(path);
        } catch (TreeException e) {
            directory.namesChanged();
            if (!holdsDatabases(path)) {
                throw e;
            }
            // SQLite syncs the directory after a commit; an error would deny what was committed (A5).
            LOG.warn("directory not synced path={} reason={}", path, e.getMessage());
        }
        reply.ok();
    }

    private boolean holdsDatabases(String path) {
        String prefix = path.isEmpty() ? "" : path + "/";
        return parts.databases().all().stream()
                .anyMatch(database -> database.name().startsWith(prefix));
    }
}
