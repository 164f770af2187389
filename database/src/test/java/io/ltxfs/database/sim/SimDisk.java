package io.ltxfs.database.sim;

import io.ltxfs.database.disk.Disk;
import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.disk.DiskFile;
import io.ltxfs.database.disk.Errno;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A disk in memory that forgets what was not synced. Harsher than ext4 on purpose: any subset of the unsynced writes of
 * a file may survive a power cut, torn at 512 bytes; names are lost unless their directory was synced, and syncing a
 * file does not sync its name. Everything that is drawn is drawn from a seed.
 *
 * <p>{@link #kill} and {@link #powerCut} give an image of the disk, on which recovery can be tried, while this one goes
 * on: a trace is run once, however many cuts are made in it. Images share content until it is written.
 */
public final class SimDisk implements Disk {

    /** What an operation does. */
    public enum Kind {
        CREATE,
        UNLINK,
        RENAME,
        MAKE_DIRECTORY,
        WRITE,
        TRUNCATE,
        ALLOCATE,
        READ,
        /** Before anything of the file was made durable. */
        SYNC_START,
        SYNC,
        SYNC_DIRECTORY
    }

    /** Told of every operation that changes the disk once it has happened (and of a sync before it, too). */
    @FunctionalInterface
    public interface Hook {
        /** May take images, or throw {@link PowerLoss}: the disk then refuses everything else. */
        void after(Kind kind, String path);
    }

    /** Consulted before every operation. */
    @FunctionalInterface
    public interface Faults {
        /** 0, or the errno that this operation fails with. Of a refused write a part is written. */
        int before(Kind kind, String path);
    }

    /** A name in a directory: a file, or with null a directory. */
    private record Node(@Nullable SimInode inode) {}

    /** An unsynced change of one directory; a null node removes the name. */
    private static final class NameChange {
        final String directory;
        final Map<String, @Nullable Node> names;
        /** The other half of a rename between directories: a file is never lost by one. */
        final @Nullable NameChange needs;

        NameChange(String directory, Map<String, @Nullable Node> names, @Nullable NameChange needs) {
            this.directory = directory;
            this.names = names;
            this.needs = needs;
        }
    }

    private static final Node DIRECTORY = new Node(null);

    private final Object lock = new Object();
    private final TreeMap<String, Node> names = new TreeMap<>();
    private final TreeMap<String, Node> durableNames = new TreeMap<>();
    private final List<NameChange> pendingNames = new ArrayList<>();
    private final Random random;
    private Hook hook = (kind, path) -> {};
    private Faults faults = (kind, path) -> 0;
    private long capacity = Long.MAX_VALUE;
    private boolean frozen;
    private long operations;
    private long syncs;

    /** @param seed of what a failed write or sync leaves behind */
    public SimDisk(long seed) {
        random = new Random(seed);
    }

    /** Replaces the hook. */
    public void hook(Hook newHook) {
        hook = newHook;
    }

    /** Replaces the faults. */
    public void faults(Faults newFaults) {
        faults = newFaults;
    }

    /** Bytes after which writes, truncates and allocations that grow a file fail with ENOSPC. */
    public void capacity(long bytes) {
        capacity = bytes;
    }

    /** Refuses everything from now on: the process that used this disk is dead. */
    public void freeze() {
        frozen = true;
    }

    /** The number of changing operations so far. */
    public long operations() {
        return operations;
    }

    /** The number of file and directory syncs so far. */
    public long syncs() {
        return syncs;
    }

    /** The disk as the next process finds it when this one was killed: nothing is lost, and nothing more is durable. */
    public SimDisk kill() {
        synchronized (lock) {
            SimDisk image = new SimDisk(operations);
            Map<SimInode, Node> copies = new HashMap<>();
            names.forEach((path, node) -> image.names.put(path, copy(node, copies)));
            durableNames.forEach((path, node) -> image.durableNames.put(path, copy(node, copies)));
            Map<NameChange, NameChange> changes = new HashMap<>();
            for (NameChange change : pendingNames) {
                Map<String, @Nullable Node> copied = new TreeMap<>();
                change.names.forEach((path, node) -> copied.put(path, node == null ? null : copy(node, copies)));
                NameChange needs = change.needs == null ? null : changes.get(change.needs);
                NameChange copy = new NameChange(change.directory, copied, needs);
                changes.put(change, copy);
                image.pendingNames.add(copy);
            }
            return image;
        }
    }

    /** The disk after a power cut, drawn from a seed. */
    public SimDisk powerCut(long seed) {
        Random cut = new Random(seed * 0x9E3779B97F4A7C15L + 1);
        synchronized (lock) {
            SimDisk image = new SimDisk(seed);
            TreeMap<String, Node> left = new TreeMap<>(durableNames);
            double keep = new double[] {0, 0.5, 1}[cut.nextInt(3)];
            Set<NameChange> kept = new HashSet<>();
            for (NameChange change : pendingNames) {
                boolean possible =
                        change.needs == null || !pendingNames.contains(change.needs) || kept.contains(change.needs);
                if (cut.nextDouble() < keep && possible) {
                    kept.add(change);
                    apply(left, change);
                }
            }
            Map<SimInode, Node> copies = new HashMap<>();
            for (Map.Entry<String, Node> entry : left.entrySet()) {
                String parent = parent(entry.getKey());
                // Ascending order: a directory comes before what is in it.
                if (!parent.isEmpty() && !image.names.containsKey(parent)) {
                    continue;
                }
                SimInode inode = entry.getValue().inode;
                Node node = inode == null ? DIRECTORY : copies.computeIfAbsent(inode, i -> new Node(i.cut(cut)));
                image.names.put(entry.getKey(), node);
                image.durableNames.put(entry.getKey(), node);
            }
            return image;
        }
    }

    /** The content of a file as a reader sees it. */
    public byte[] bytes(String path) throws DiskException {
        synchronized (lock) {
            SimContent content = inode(path).seen();
            ByteBuffer buffer = ByteBuffer.allocate((int) content.size());
            content.read(0, buffer);
            return buffer.array();
        }
    }

    /** Every file's path. */
    public List<String> files() {
        synchronized (lock) {
            return names.entrySet().stream()
                    .filter(entry -> entry.getValue().inode != null)
                    .map(Map.Entry::getKey)
                    .toList();
        }
    }

    /** The sum of the sizes of all files. */
    public long used() {
        synchronized (lock) {
            return names.values().stream()
                    .mapToLong(node -> node.inode == null ? 0 : node.inode.occupied())
                    .sum();
        }
    }

    @Override
    public DiskFile open(String path, Mode mode) throws DiskException {
        SimInode inode;
        synchronized (lock) {
            alive();
            Node node = names.get(path);
            if (node != null) {
                if (node.inode == null) {
                    throw new DiskException(Errno.EISDIR, "open " + path);
                }
                return new SimFile(this, path, node.inode);
            }
            if (mode != Mode.CREATE) {
                throw new DiskException(Errno.ENOENT, "open " + path);
            }
            begin(Kind.CREATE, path);
            parentExists(path);
            inode = new SimInode();
            change(parent(path), path, new Node(inode));
        }
        done(Kind.CREATE, path);
        return new SimFile(this, path, inode);
    }

    @Override
    public boolean exists(String path) {
        synchronized (lock) {
            alive();
            return path.isEmpty() || names.containsKey(path);
        }
    }

    @Override
    public List<String> list(String directory) {
        synchronized (lock) {
            alive();
            return names.keySet().stream()
                    .filter(path -> parent(path).equals(directory))
                    .map(path -> path.substring(directory.isEmpty() ? 0 : directory.length() + 1))
                    .toList();
        }
    }

    @Override
    public void makeDirectories(String path) throws DiskException {
        if (path.isEmpty()) {
            return;
        }
        makeDirectories(parent(path));
        synchronized (lock) {
            Node node = names.get(path);
            if (node != null) {
                if (node.inode != null) {
                    throw new DiskException(Errno.ENOTDIR, "mkdir " + path);
                }
                return;
            }
            begin(Kind.MAKE_DIRECTORY, path);
            change(parent(path), path, DIRECTORY);
        }
        done(Kind.MAKE_DIRECTORY, path);
    }

    @Override
    public void unlink(String path) throws DiskException {
        synchronized (lock) {
            alive();
            Node node = names.get(path);
            if (node == null) {
                return;
            }
            if (node.inode == null) {
                throw new DiskException(Errno.EISDIR, "unlink " + path);
            }
            begin(Kind.UNLINK, path);
            change(parent(path), path, null);
        }
        done(Kind.UNLINK, path);
    }

    @Override
    public void rename(String from, String to) throws DiskException {
        synchronized (lock) {
            begin(Kind.RENAME, from);
            Node node = new Node(inode(from));
            parentExists(to);
            Map<String, @Nullable Node> link = new TreeMap<>();
            link.put(to, node);
            if (parent(from).equals(parent(to))) {
                link.put(from, null);
                add(new NameChange(parent(to), link, null));
            } else {
                NameChange linked = new NameChange(parent(to), link, null);
                add(linked);
                Map<String, @Nullable Node> unlink = new TreeMap<>();
                unlink.put(from, null);
                add(new NameChange(parent(from), unlink, linked));
            }
        }
        done(Kind.RENAME, to);
    }

    @Override
    public void syncDirectory(String directory) throws DiskException {
        synchronized (lock) {
            begin(Kind.SYNC_DIRECTORY, directory);
            if (!directory.isEmpty() && !names.containsKey(directory)) {
                throw new DiskException(Errno.ENOENT, "open " + directory);
            }
            Set<NameChange> wanted = new HashSet<>();
            for (NameChange change : pendingNames) {
                if (change.directory.equals(directory)) {
                    wanted.add(change);
                    if (change.needs != null) {
                        wanted.add(change.needs);
                    }
                }
            }
            pendingNames.removeIf(change -> {
                if (wanted.contains(change)) {
                    apply(durableNames, change);
                    return true;
                }
                return false;
            });
            syncs++;
        }
        done(Kind.SYNC_DIRECTORY, directory);
    }

    int read(String path, SimInode inode, ByteBuffer target, long offset) throws DiskException {
        synchronized (lock) {
            alive();
            int errno = faults.before(Kind.READ, path);
            if (errno != 0) {
                throw new DiskException(errno, "read " + path);
            }
            return inode.seen().read(offset, target);
        }
    }

    void write(String path, SimInode inode, ByteBuffer source, long offset) throws DiskException {
        byte[] data = new byte[source.remaining()];
        source.get(data);
        synchronized (lock) {
            alive();
            int errno = faults.before(Kind.WRITE, path);
            if (errno == 0 && full(inode, offset + data.length)) {
                errno = Errno.ENOSPC;
            }
            if (errno != 0) {
                int part = random.nextInt(data.length + 1);
                if (part > 0) {
                    inode.write(offset, java.util.Arrays.copyOf(data, part));
                }
                throw new DiskException(errno, "write " + path);
            }
            inode.write(offset, data);
        }
        done(Kind.WRITE, path);
    }

    void truncate(String path, SimInode inode, long size) throws DiskException {
        synchronized (lock) {
            begin(Kind.TRUNCATE, path);
            if (full(inode, size)) {
                throw new DiskException(Errno.ENOSPC, "truncate " + path);
            }
            inode.truncate(size);
        }
        done(Kind.TRUNCATE, path);
    }

    void allocate(String path, SimInode inode, long end) throws DiskException {
        synchronized (lock) {
            begin(Kind.ALLOCATE, path);
            if (full(inode, end)) {
                throw new DiskException(Errno.ENOSPC, "allocate " + path);
            }
            inode.reserve(end);
        }
    }

    void sync(String path, SimInode inode) throws DiskException {
        int count;
        synchronized (lock) {
            alive();
            count = inode.pendingCount();
        }
        // What is written while the sync runs is not covered by it.
        done(Kind.SYNC_START, path);
        synchronized (lock) {
            alive();
            int errno = faults.before(Kind.SYNC, path);
            count = Math.min(count, inode.pendingCount());
            if (errno != 0) {
                inode.settleSome(count, random);
                throw new DiskException(errno, "fdatasync " + path);
            }
            inode.settle(count);
            syncs++;
        }
        done(Kind.SYNC, path);
    }

    long size(SimInode inode) {
        synchronized (lock) {
            alive();
            return inode.seen().size();
        }
    }

    private void begin(Kind kind, String path) throws DiskException {
        alive();
        int errno = faults.before(kind, path);
        if (errno != 0) {
            throw new DiskException(errno, kind + " " + path);
        }
    }

    private void done(Kind kind, String path) {
        operations++;
        hook.after(kind, path);
    }

    private void alive() {
        if (frozen) {
            throw new PowerLoss("the disk is frozen");
        }
    }

    private boolean full(SimInode inode, long end) {
        return capacity != Long.MAX_VALUE && end > inode.occupied() && used() - inode.occupied() + end > capacity;
    }

    private SimInode inode(String path) throws DiskException {
        Node node = names.get(path);
        if (node == null || node.inode == null) {
            throw new DiskException(Errno.ENOENT, path);
        }
        return node.inode;
    }

    private void parentExists(String path) throws DiskException {
        String parent = parent(path);
        Node node = names.get(parent);
        if (!parent.isEmpty() && (node == null || node.inode != null)) {
            throw new DiskException(Errno.ENOENT, path + ": no such directory");
        }
    }

    private void change(String directory, String path, @Nullable Node node) {
        Map<String, @Nullable Node> one = new TreeMap<>();
        one.put(path, node);
        add(new NameChange(directory, one, null));
    }

    private void add(NameChange change) {
        apply(names, change);
        pendingNames.add(change);
    }

    private static void apply(Map<String, Node> target, NameChange change) {
        change.names.forEach((path, node) -> {
            if (node == null) {
                target.remove(path);
            } else {
                target.put(path, node);
            }
        });
    }

    private static Node copy(Node node, Map<SimInode, Node> copies) {
        return node.inode == null ? DIRECTORY : copies.computeIfAbsent(node.inode, i -> new Node(i.copy()));
    }

    private static String parent(String path) {
        int slash = path.lastIndexOf('/');
        return slash < 0 ? "" : path.substring(0, slash);
    }
}
