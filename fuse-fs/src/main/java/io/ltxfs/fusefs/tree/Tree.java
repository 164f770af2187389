package io.ltxfs.fusefs.tree;

import io.ltxfs.database.Database;
import io.ltxfs.database.Position;
import io.ltxfs.database.posix.Errno;
import io.ltxfs.database.posix.VolumeStat;
import io.ltxfs.fusefs.transport.Caller;
import io.ltxfs.fusefs.transport.FileSystem;
import io.ltxfs.fusefs.transport.FileSystemStat;
import io.ltxfs.fusefs.transport.Notifier;
import io.ltxfs.fusefs.transport.Reply;
import io.ltxfs.fusefs.transport.ReplyAttr;
import io.ltxfs.fusefs.transport.ReplyCreate;
import io.ltxfs.fusefs.transport.ReplyData;
import io.ltxfs.fusefs.transport.ReplyDirectory;
import io.ltxfs.fusefs.transport.ReplyEmpty;
import io.ltxfs.fusefs.transport.ReplyEntry;
import io.ltxfs.fusefs.transport.ReplyLink;
import io.ltxfs.fusefs.transport.ReplyOpen;
import io.ltxfs.fusefs.transport.ReplyStatfs;
import io.ltxfs.fusefs.transport.ReplyWrite;
import io.ltxfs.fusefs.transport.SetAttr;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What programs see below the mount point: the {@link FileSystem} over a data directory. Requests on databases and
 * their side files go to {@code io.ltxfs.database}, all others to a mirror directory.
 *
 * <p>The kernel caches names, attributes and contents for as long as it likes: all changes come through it, and the few
 * that do not are told to it.
 */
public final class Tree implements FileSystem, AutoCloseable {
    /** How long the kernel may go by names and attributes. */
    static final long TIMEOUT_MILLIS = Duration.ofDays(1).toMillis();

    private static final Logger LOG = LoggerFactory.getLogger(Tree.class);
    private static final int SLOW_THREADS = 4;
    private static final int NAME_BYTES_MAX = 255;

    private final Parts parts;
    private final AttributeRequests attributes;
    private final FileRequests files;
    private final NameRequests names;
    private final Removals removals;
    private final Renames renames;
    private final Directories directories;
    private final Arrivals arrivals;

    /** @param options what to show; its mirror directory exists */
    public Tree(TreeOptions options) {
        Mirror mirror = new Mirror(options.mirror());
        VirtualFiles virtuals = new VirtualFiles(options.databases(), options.primary(), options.lagMillis());
        ReplicaRules rules = new ReplicaRules(options.isReplica(), options.ownThread());
        NodeTable nodes = new NodeTable(new NodeIds(System.currentTimeMillis()), this::dropped);
        Loader loader = new Loader(options.databases(), mirror, nodes, virtuals, options.attributes());
        Kernel kernel = new Kernel();
        Orphans orphans = new Orphans(nodes, loader, kernel, mirror);
        this.parts = new Parts(
                options.databases(),
                mirror,
                nodes,
                new HandleTable(),
                virtuals,
                loader,
                new Recognition(options.databases(), mirror, options.events(), rules, options.attributes(), orphans),
                orphans,
                options.events(),
                kernel,
                new ReentrantReadWriteLock(),
                slowThreads(),
                rules);
        this.attributes = new AttributeRequests(parts);
        this.removals = new Removals(parts);
        this.arrivals = new Arrivals(parts, removals, options.attributes());
        Conversions conversions = new Conversions(parts, arrivals, options.attributes());
        this.files = new FileRequests(parts, attributes, conversions, options.ownThread());
        this.names = new NameRequests(parts, attributes, files, options.attributes());
        this.renames = new Renames(parts, removals);
        this.directories = new Directories(parts);
    }

    private static ExecutorService slowThreads() {
        AtomicInteger number = new AtomicInteger();
        ThreadPoolExecutor threads = new ThreadPoolExecutor(
                SLOW_THREADS, SLOW_THREADS, 10, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), task -> {
                    Thread thread = new Thread(task, "ltxfs-sync-" + number.incrementAndGet());
                    thread.setDaemon(true);
                    return thread;
                });
        threads.allowCoreThreadTimeOut(true);
        return threads;
    }

    private void dropped(Inode node) {
        attributes.saveTimes(node);
    }

    /** Paths of what applications have open, sorted; what has no name any more is left out. */
    public List<String> openFiles() {
        return parts.handles().files().stream()
                .filter(open -> !open.handle().own() && open.file().isLinked())
                .map(open -> {
                    try {
                        return open.file().path();
                    } catch (TreeException e) {
                        return "";
                    }
                })
                .filter(path -> !path.isEmpty())
                .distinct()
                .sorted()
                .toList();
    }

    /** Drops what the kernel has cached of a database file's range; a length of 0 means to the end. Returns at once. */
    public void invalidate(Database database, long offset, long length) {
        dropRange(database, Role.DATABASE, offset, length);
    }

    /** Runs a task once the contents that were to be dropped until now are. */
    public void afterInvalidations(Runnable task) {
        parts.kernel().after(task);
    }

    /** Runs a task once contents, names and attributes that were to be dropped until now are. Not for what answers a request. */
    public void afterAllInvalidations(Runnable task) {
        parts.kernel().afterAll(task);
    }

    /** Drops what the kernel has cached of a WAL from an offset on. Returns at once. */
    public void invalidateWal(Database database, long offset) {
        dropRange(database, Role.WAL, offset, 0);
    }

    /** Drops what the kernel has cached of a journal. Returns at once. */
    public void invalidateJournal(Database database) {
        dropRange(database, Role.JOURNAL, 0, 0);
    }

    private void dropRange(Database database, Role role, long offset, long length) {
        Inode node = parts.nodes().find(database.name() + role.suffix());
        if (node instanceof RegularFile file
                && file.content() instanceof Content.Sqlite sqlite
                && sqlite.role() == role
                && sqlite.database() == database) {
            parts.kernel().dropRange(node.id(), offset, length);
        }
    }

    /** @param readable the last transaction of a database that readers see: what {@code X-pos} shows */
    public void readable(Function<String, Optional<Position>> readable) {
        parts.virtuals().readable(readable);
    }

    /** Where databases of another node appear and go. */
    public Arrivals arrivals() {
        return arrivals;
    }

    /** How many nodes are in memory. */
    public int nodes() {
        return parts.nodes().size();
    }

    /** Saves what is kept in memory only. The mount has gone, or nobody writes any more. */
    @Override
    public void close() {
        parts.nodes().all().forEach(attributes::saveTimes);
        parts.kernel().close();
        parts.slow().shutdown();
    }

    /** A handler, or a part of it that runs later. */
    interface Step {
        void run() throws IOException;
    }

    /** Runs a step that answers; a failure before it did is the answer. */
    static void answer(Reply reply, Step step) {
        try {
            step.run();
        } catch (IOException e) {
            reply.error(TreeException.errnoOf(e));
        }
    }

    /** {@link #answer}, as the root of a task: a lost answer would hang the caller for ever. */
    static Runnable task(Reply reply, Step step) {
        return () -> {
            try {
                answer(reply, step);
            } catch (RuntimeException e) {
                LOG.error("a request failed with an internal error", e);
                try {
                    reply.error(Errno.EIO);
                } catch (IllegalStateException answered) {
                    // It has its answer.
                }
            }
        };
    }

    @Override
    public void init(Notifier notifier) {
        parts.kernel().attach(notifier);
    }

    @Override
    public void lookup(Caller caller, long parent, String name, ReplyEntry reply) {
        answer(reply, () -> names.lookup(parent, name, reply));
    }

    @Override
    public void forget(long node, long lookups) {
        try {
            parts.nodes().forget(parts.nodes().get(node), lookups);
        } catch (TreeException e) {
            // The kernel may forget what left memory by itself.
        }
    }

    @Override
    public void getattr(Caller caller, long node, long fh, ReplyAttr reply) {
        answer(reply, () -> attributes.reply(parts.nodes().get(node), reply));
    }

    @Override
    public void setattr(Caller caller, long node, SetAttr change, ReplyAttr reply) {
        answer(reply, () -> attributes.setattr(caller, node, change, reply));
    }

    @Override
    public void readlink(Caller caller, long node, ReplyLink reply) {
        answer(reply, () -> {
            String target;
            parts.paths().readLock().lock();
            try {
                target = parts.mirror().readLink(parts.nodes().get(node).path());
            } finally {
                parts.paths().readLock().unlock();
            }
            reply.target(target);
        });
    }

    @Override
    public void symlink(Caller caller, long parent, String name, String target, ReplyEntry reply) {
        answer(reply, () -> names.symlink(caller, parent, name, target, reply));
    }

    @Override
    public void mknod(Caller caller, long parent, String name, int mode, int rdev, ReplyEntry reply) {
        answer(reply, () -> names.mknod(caller, parent, name, mode, reply));
    }

    @Override
    public void mkdir(Caller caller, long parent, String name, int mode, ReplyEntry reply) {
        answer(reply, () -> names.mkdir(caller, parent, name, mode, reply));
    }

    @Override
    public void unlink(Caller caller, long parent, String name, ReplyEmpty reply) {
        answer(reply, () -> removals.unlink(caller, parent, name, reply));
    }

    @Override
    public void rmdir(Caller caller, long parent, String name, ReplyEmpty reply) {
        answer(reply, () -> removals.rmdir(parent, name, reply));
    }

    @Override
    public void rename(
            Caller caller, long parent, String name, long newParent, String newName, int flags, ReplyEmpty reply) {
        answer(reply, () -> renames.rename(caller, parent, name, newParent, newName, flags, reply));
    }

    @Override
    public void open(Caller caller, long node, int flags, ReplyOpen reply) {
        answer(reply, () -> files.open(caller, node, flags, reply));
    }

    @Override
    public void create(Caller caller, long parent, String name, int mode, int flags, ReplyCreate reply) {
        answer(reply, () -> names.create(caller, parent, name, mode, flags, reply));
    }

    @Override
    public void read(Caller caller, long node, long fh, long offset, int size, ReplyData reply) {
        answer(reply, () -> files.read(node, fh, offset, size, reply));
    }

    @Override
    public void write(Caller caller, long node, long fh, long offset, ByteBuffer data, int flags, ReplyWrite reply) {
        answer(reply, () -> files.write(caller, node, fh, offset, data, flags, reply));
    }

    @Override
    public void fsync(Caller caller, long node, long fh, boolean dataOnly, ReplyEmpty reply) {
        answer(reply, () -> files.fsync(fh, dataOnly, reply));
    }

    @Override
    public void release(Caller caller, long node, long fh, int flags, ReplyEmpty reply) {
        answer(reply, () -> files.release(fh, reply));
    }

    @Override
    public void opendir(Caller caller, long node, ReplyOpen reply) {
        answer(reply, () -> directories.opendir(node, reply));
    }

    @Override
    public void readdir(Caller caller, long node, long fh, long offset, ReplyDirectory reply) {
        answer(reply, () -> directories.readdir(node, fh, offset, reply));
    }

    @Override
    public void releasedir(Caller caller, long node, long fh, ReplyEmpty reply) {
        answer(reply, () -> directories.releasedir(fh, reply));
    }

    @Override
    public void fsyncdir(Caller caller, long node, long fh, boolean dataOnly, ReplyEmpty reply) {
        answer(reply, () -> directories.fsyncdir(node, reply));
    }

    @Override
    public void statfs(Caller caller, long node, ReplyStatfs reply) {
        answer(reply, () -> {
            VolumeStat volume = parts.mirror().volume();
            reply.stat(new FileSystemStat(
                    volume.blocks(),
                    volume.blocksFree(),
                    volume.blocksAvailable(),
                    volume.files(),
                    volume.filesFree(),
                    (int) volume.fragmentBytes(),
                    NAME_BYTES_MAX));
        });
    }

    @Override
    public void fallocate(Caller caller, long node, long fh, int mode, long offset, long length, ReplyEmpty reply) {
        answer(reply, () -> files.fallocate(fh, mode, offset, length, reply));
    }
}
