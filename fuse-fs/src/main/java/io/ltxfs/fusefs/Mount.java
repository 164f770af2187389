package io.ltxfs.fusefs;

import io.ltxfs.database.DatabaseSet;
import io.ltxfs.database.disk.PosixDisk;
import io.ltxfs.database.posix.Errno;
import io.ltxfs.database.posix.FileMode;
import io.ltxfs.database.posix.FileStat;
import io.ltxfs.database.posix.OpenFlags;
import io.ltxfs.database.posix.Posix;
import io.ltxfs.database.posix.PosixException;
import io.ltxfs.fusefs.host.LocalHost;
import io.ltxfs.fusefs.kernel.KernelTransport;
import io.ltxfs.fusefs.own.OwnMountThreads;
import io.ltxfs.fusefs.replica.Replica;
import io.ltxfs.fusefs.replica.ReplicaMount;
import io.ltxfs.fusefs.transport.FileSystem;
import io.ltxfs.fusefs.transport.MountOptions;
import io.ltxfs.fusefs.transport.MountedFileSystem;
import io.ltxfs.fusefs.transport.Transport;
import io.ltxfs.fusefs.tree.Tree;
import io.ltxfs.fusefs.tree.TreeOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/** A data directory shown as a file system: its databases, the tree of names, and the transport to the kernel. */
public final class Mount implements AutoCloseable {
    private static final int OWN_THREADS = 2;
    private static final int OWN_JOBS_MAX = 4096;
    private static final int DEFAULT_MODE = 0755;
    private static final String LOCK_FILE = "lock";
    private static final Duration END = Duration.ofSeconds(5);

    private final OwnMountThreads own;
    private final LocalHost host;
    private final DatabaseSet databases;
    private final Tree tree;
    private final MountedFileSystem mounted;
    private final int lock;
    private final Replica replica;
    private boolean unmounted;

    /** It was unmounted while files were open. */
    private boolean filesAreOpen;

    private boolean closed;

    private Mount(
            OwnMountThreads own,
            LocalHost host,
            DatabaseSet databases,
            Tree tree,
            MountedFileSystem mounted,
            Replica replica,
            int lock) {
        this.own = own;
        this.host = host;
        this.databases = databases;
        this.tree = tree;
        this.mounted = mounted;
        this.replica = replica;
        this.lock = lock;
    }

    /**
     * Recovers the data directory and mounts it. Returns when requests are served.
     *
     * @throws IOException if either cannot be done; the message says why and what to do
     */
    public static Mount start(MountSettings settings) throws IOException {
        return start(settings, new KernelTransport());
    }

    /** {@link #start(MountSettings)}, by another way to the kernel. */
    public static Mount start(MountSettings settings, Transport transport) throws IOException {
        return start(settings, transport, tree -> tree);
    }

    /**
     * {@link #start(MountSettings)}, with something between the transport and the tree of files.
     *
     * @param before given the tree, the file system that the transport is to serve: a recorder of its requests
     */
    public static Mount start(MountSettings settings, UnaryOperator<FileSystem> before) throws IOException {
        return start(settings, new KernelTransport(), before);
    }

    private static Mount start(MountSettings settings, Transport transport, UnaryOperator<FileSystem> before)
            throws IOException {
        Path data = settings.dataDirectory().toAbsolutePath().normalize();
        int lock = lock(data);
        Undo undo = new Undo();
        try {
            undo.add(() -> unlock(lock));
            OwnMountThreads own = OwnMountThreads.start(OWN_THREADS, OWN_JOBS_MAX);
            undo.add(own::close);
            Path mountPoint = realParent(settings.mountPoint());
            LocalHost host = new LocalHost(
                    own, mountPoint, settings.mayCommit(), settings.epoch(), settings.waiting(), settings.attributes());
            undo.add(host::close);
            makeFiles(data, mountPoint);
            DatabaseSet databases = DatabaseSet.open(new PosixDisk(data), settings.databases(), host);
            undo.add(databases::close);
            Tree tree = new Tree(new TreeOptions(
                    databases,
                    data.resolve(DatabaseSet.FILES),
                    own::isOwn,
                    host,
                    settings.primary(),
                    settings.lagMillis(),
                    settings.isReplica(),
                    settings.attributes()));
            undo.add(tree::close);
            Replica replica = new Replica(databases, own, mountPoint, tree);
            undo.add(replica::close);
            host.heldBy(replica::holds);
            tree.readable(replica::readable);
            // What fails after this would leave it mounted.
            MountedFileSystem mounted =
                    transport.mount(before.apply(tree), new MountOptions(mountPoint, settings.threads(), false));
            host.attach(tree);
            return new Mount(own, host, databases, tree, mounted, replica, lock);
        } catch (IOException | RuntimeException e) {
            undo.run(e);
            throw e;
        }
    }

    /** Only one process may have a data directory. @return the descriptor that holds the lock */
    private static int lock(Path data) throws IOException {
        String path = data.resolve(LOCK_FILE).toString();
        int flags = OpenFlags.RDWR | OpenFlags.CREAT | OpenFlags.CLOEXEC;
        int fd = (int) Posix.check(Posix.open(path, flags, 0600), "open " + path);
        int result = Posix.flock(fd, Posix.LOCK_EX | Posix.LOCK_NB);
        if (result < 0) {
            Posix.close(fd);
            if (result == -Errno.EAGAIN) {
                throw new IOException(
                        data + ": another ltxfs has this data directory; stop it first, or choose another with --data");
            }
            throw new PosixException(-result, "lock " + path);
        }
        return fd;
    }

    private static void unlock(int fd) {
        // Own threads have copies of the descriptor: closing this one alone would not give the lock back.
        Posix.flock(fd, Posix.LOCK_UN);
        Posix.close(fd);
    }

    /** Own threads and the kernel must mean the same path. */
    private static Path realParent(Path mountPoint) throws IOException {
        Path absolute = mountPoint.toAbsolutePath().normalize();
        Path parent = absolute.getParent();
        return parent == null ? absolute : parent.toRealPath().resolve(absolute.getFileName());
    }

    /**
     * Makes the directory of the mount's files if it is missing. The first time, the mount's root belongs to whom the
     * mount point belongs to.
     */
    public static void makeFiles(Path data, Path mountPoint) throws IOException {
        Path files = data.resolve(DatabaseSet.FILES);
        int result = Posix.mkdir(files.toString(), DEFAULT_MODE);
        if (result == -Errno.EEXIST) {
            return;
        }
        Posix.check(result, "mkdir " + files);
        try {
            FileStat stat = Posix.lstat(mountPoint.toString());
            Posix.lchown(files.toString(), stat.uid(), stat.gid());
            Posix.chmod(files.toString(), stat.mode() & FileMode.PERMISSIONS);
        } catch (PosixException e) {
            // Something dead is mounted there, which the transport takes away.
            Posix.chmod(files.toString(), DEFAULT_MODE);
        }
    }

    /** Where it is. */
    public Path mountPoint() {
        return mounted.mountPoint();
    }

    /** The databases that it shows. */
    public DatabaseSet databases() {
        return databases;
    }

    /** The databases as those of a node that another node writes for. */
    public ReplicaMount replica() {
        return replica;
    }

    /** How many requests the kernel sent, by the request's name in lower case. */
    public Map<String, Long> requestCounts() {
        return mounted.counters().snapshot();
    }

    /** Paths below the mount of what applications have open at this moment, sorted. */
    public List<String> openFiles() {
        return tree.openFiles();
    }

    /** How many tasks of the databases wait to be run in the background. */
    public int backlog() {
        return host.backlog();
    }

    /** The number of the kernel's connection, as below {@code /sys/fs/fuse/connections/}. */
    public int connection() {
        return mounted.connection();
    }

    /**
     * Takes the mount away; the databases stay open.
     *
     * @param lazy detach it even while files are open; they go on being served
     * @return false if it is busy and not {@code lazy}: nothing has changed then
     */
    public synchronized boolean unmount(boolean lazy) throws IOException {
        if (!unmounted) {
            replica.suspend();
            host.closeDescriptors();
            unmounted = mounted.unmount(false);
            if (!unmounted && lazy) {
                filesAreOpen = true;
                unmounted = mounted.unmount(true);
            }
            if (unmounted) {
                host.detach();
                replica.detach();
            } else {
                replica.resume();
            }
        }
        return unmounted;
    }

    /** Waits until the kernel has let the mount go. @return whether it has */
    public boolean awaitEnd(Duration timeout) throws InterruptedException {
        return mounted.awaitEnd(timeout);
    }

    /**
     * Ends all: unmounts lazily if it is still mounted, ends the connection, and closes the databases with a clean
     * stamp.
     */
    @Override
    public synchronized void close() throws IOException {
        if (closed) {
            return;
        }
        closed = true;
        Undo steps = new Undo();
        steps.add(() -> unlock(lock));
        steps.add(own::close);
        steps.add(databases::close);
        steps.add(host::close);
        steps.add(tree::close);
        steps.add(replica::close);
        steps.add(this::end);
        IOException failure = steps.run();
        if (failure != null) {
            throw failure;
        }
    }

    private void end() throws IOException {
        unmount(true);
        try {
            if (!mounted.awaitEnd(filesAreOpen ? Duration.ZERO : END)) {
                mounted.abort();
                mounted.awaitEnd(END);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
