package io.ltxfs.fusefs.tree;

import io.ltxfs.database.Database;
import io.ltxfs.database.DatabaseSet;
import io.ltxfs.database.SqliteFile;
import io.ltxfs.database.posix.FileMode;
import io.ltxfs.database.posix.FileStat;
import io.ltxfs.database.posix.FileTime;
import io.ltxfs.fusefs.FileAttributes;
import java.io.IOException;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Finds what a name stands for, and makes its node on first sight. */
final class Loader {
    private final DatabaseSet databases;
    private final Mirror mirror;
    private final NodeTable nodes;
    private final VirtualFiles virtuals;
    private final FileAttributes shown;

    /** Inode numbers of databases whose backing file's number is that of handles that have become invalid, by path. */
    private final Map<String, Long> renumbered = new ConcurrentHashMap<>();

    /** Side files that have a name, perhaps not the one that they were made with. */
    private final Set<SqliteFile> hung =
            Collections.synchronizedSet(Collections.newSetFromMap(new IdentityHashMap<>()));

    Loader(DatabaseSet databases, Mirror mirror, NodeTable nodes, VirtualFiles virtuals, FileAttributes shown) {
        this.databases = databases;
        this.mirror = mirror;
        this.nodes = nodes;
        this.virtuals = virtuals;
        this.shown = shown;
    }

    /**
     * The node of a name, with one lookup more; null if there is none. The directory's monitor makes looking at the
     * disk and hanging in one step.
     */
    @Nullable
    Inode acquire(Directory parent, String name) throws IOException {
        Inode child = nodes.acquire(parent, name);
        if (child == null) {
            synchronized (parent) {
                child = nodes.acquire(parent, name);
                if (child == null) {
                    Inode candidate = load(parent, name);
                    if (candidate == null) {
                        return null;
                    }
                    child = hang(parent, name, candidate);
                }
            }
        }
        if (child instanceof VirtualFile virtual && !virtuals.exists(virtual)) {
            nodes.detach(child);
            nodes.forget(child, 1);
            return null;
        }
        return child;
    }

    /** Hangs a new node in; the caller holds the directory's monitor. @return what hangs there, with one lookup more */
    Inode hang(Directory parent, String name, Inode candidate) throws TreeException {
        if (candidate instanceof RegularFile file && file.isBeside()) {
            // It has no backing file to be found again by: it stays as long as its name.
            nodes.pin(candidate);
        }
        Inode child = nodes.insert(parent, name, candidate);
        if (child instanceof RegularFile file && file.content() instanceof Content.Sqlite sqlite && file.isBeside()) {
            hung.add(sqlite.file());
        }
        if (child != candidate && candidate instanceof RegularFile file && file.isBeside()) {
            nodes.unpin(candidate);
        }
        return child;
    }

    /** The name of what {@link #hang} hung in is gone. */
    void unhang(Inode node) {
        boolean linked = node.isLinked();
        nodes.detach(node);
        if (linked
                && node instanceof RegularFile file
                && file.isBeside()
                && file.content() instanceof Content.Sqlite sqlite) {
            hung.remove(sqlite.file());
            nodes.unpin(node);
        }
    }

    /** A side file is made that takes the place of a plain file, whose name is not to be looked for in the database. */
    void reserve(SqliteFile file) {
        hung.add(file);
    }

    /** {@link #reserve} was for nothing. */
    void free(SqliteFile file) {
        hung.remove(file);
    }

    /** A plain file that hangs here has become a {@link #reserve}d side file: it stays as long as its name. */
    void liesBeside(RegularFile file) {
        nodes.pin(file);
    }

    /** The content of a file that lies beside a database is about to be plain. */
    void lies(RegularFile file) {
        if (file.content() instanceof Content.Sqlite sqlite) {
            hung.remove(sqlite.file());
            nodes.unpin(file);
        }
    }

    private @Nullable Inode load(Directory parent, String name) throws IOException {
        Optional<SqliteNames.Side> side = SqliteNames.side(name);
        if (side.isPresent()) {
            String base = Mirror.join(parent.path(), side.get().base());
            Optional<Database> database = databases.find(base);
            if (database.isPresent()) {
                Role role = side.get().role();
                Optional<SqliteFile> file = sideFile(database.get(), role);
                if (file.isPresent() && !hung.contains(file.get())) {
                    FileStat stat = mirror.stat(base);
                    Attributes attributes = new Attributes(stat.mode(), stat.uid(), stat.gid(), FileTime.now());
                    attributes.show(shown);
                    return beside(new Content.Sqlite(database.get(), file.get(), role, attributes));
                }
            }
        }
        String path = Mirror.join(parent.path(), name);
        Optional<FileStat> stat = mirror.find(path);
        if (stat.isEmpty()) {
            return virtuals.find(parent, name, nodes).orElse(null);
        }
        return switch (stat.get().mode() & FileMode.TYPE) {
            case FileMode.DIRECTORY -> new Directory(nodes.nextId(), false);
            case FileMode.REGULAR -> regular(path, stat.get());
            default -> new OtherFile(nodes.nextId());
        };
    }

    private RegularFile regular(String path, FileStat stat) {
        Content content = databases
                .find(path)
                .<Content>map(d -> new Content.Sqlite(d, d.file(), Role.DATABASE, shownOf(stat)))
                .orElseGet(() -> new Content.Plain(Content.Plain.CLOSED));
        return new RegularFile(nodes.nextId(), renumbered.getOrDefault(path, stat.ino()), content);
    }

    private Attributes shownOf(FileStat stat) {
        Attributes attributes = Attributes.of(stat);
        attributes.show(shown);
        return attributes;
    }

    /** The node of a path that is made next has another inode number than any before (rule D9). */
    void renumber(String path) {
        renumbered.put(path, NodeIds.inodeOf(nodes.nextId()));
    }

    /** A new node for a file that has no file in the mirror. */
    RegularFile beside(Content.Sqlite content) {
        long id = nodes.nextId();
        return new RegularFile(id, NodeIds.inodeOf(id), content);
    }

    /** The side file of a role that a database has at this moment. */
    static Optional<SqliteFile> sideFile(Database database, Role role) {
        return switch (role) {
            case JOURNAL -> database.journal();
            case WAL -> database.wal();
            case SHM -> database.shm();
            case DATABASE, SUPER_JOURNAL -> Optional.empty();
        };
    }
}
