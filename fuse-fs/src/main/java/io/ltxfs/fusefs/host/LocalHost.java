package io.ltxfs.fusefs.host;

import io.ltxfs.database.Completion;
import io.ltxfs.database.Database;
import io.ltxfs.database.FileOwner;
import io.ltxfs.database.Host;
import io.ltxfs.database.log.TransactionHeader;
import io.ltxfs.fusefs.CommitWaiting;
import io.ltxfs.fusefs.FileAttributes;
import io.ltxfs.fusefs.own.OwnMountThread;
import io.ltxfs.fusefs.own.OwnMountThreads;
import io.ltxfs.fusefs.tree.DatabaseEvents;
import io.ltxfs.fusefs.tree.Tree;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The host of the databases of a mounted node. Locks are asked for and taken through the own mount by threads kept for
 * that; their answers, and all that follows from them, run on ordinary threads.
 */
public final class LocalHost implements Host, DatabaseEvents, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(LocalHost.class);
    private static final int OPEN_MAX = 256;
    private static final int ANSWER_THREADS = 4;
    private static final long ANSWER_MILLIS = 1900;
    private static final long RETRY_MILLIS = 100;
    private static final long IDLE_MILLIS = 10_000;
    private static final long CLOSE_MILLIS = 5000;

    private final OwnMountThreads own;
    private final String mountPoint;
    private final IntSupplier mayCommit;
    private final LongSupplier epoch;
    private final CommitWaiting waiting;
    private final FileAttributes attributes;
    private final Map<OwnMountThread, OwnDescriptors> descriptors = new ConcurrentHashMap<>();
    /** How often each database was opened, of those that have a descriptor of ours or are about to. */
    private final Map<String, Integer> opens = new ConcurrentHashMap<>();

    private final ThreadPoolExecutor background = pool("ltxfs-background", 1);
    private final ThreadPoolExecutor answers = pool("ltxfs-locks", ANSWER_THREADS);
    private final ScheduledExecutorService timer = new ScheduledThreadPoolExecutor(1, named("ltxfs-host-timer"));
    private final Deadlines deadlines = new Deadlines(timer, ANSWER_MILLIS);
    private volatile @Nullable Tree tree;
    private volatile Predicate<String> held = name -> false;

    /**
     * @param own the threads that do I/O through the mount
     * @param mountPoint where it is, or will be
     * @param mayCommit 0, or the errno that a commit is refused with
     * @param epoch the lease's
     * @param waiting what commits wait for
     */
    public LocalHost(
            OwnMountThreads own,
            Path mountPoint,
            IntSupplier mayCommit,
            LongSupplier epoch,
            CommitWaiting waiting,
            FileAttributes attributes) {
        this.own = own;
        this.mountPoint = mountPoint.toString();
        this.mayCommit = mayCommit;
        this.epoch = epoch;
        this.waiting = waiting;
        this.attributes = attributes;
        preload();
    }

    /** Own threads must not load classes of ours: what their jobs use is loaded here. */
    private static void preload() {
        try {
            for (String name : List.of(
                    "OwnDescriptors",
                    "DiedWriterCheck$Grasp",
                    "DiedWriterCheck$Held",
                    "IndexFile",
                    "WalIndexPublisher",
                    "WalIndexPublisher$Outcome",
                    "WalIndexLayout",
                    "WalIndexLayout$Header")) {
                Class.forName(LocalHost.class.getPackageName() + "." + name);
            }
            Class.forName("io.ltxfs.database.posix.RecordLock$Holder");
            Class.forName("io.ltxfs.database.posix.PosixException");
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException("a class of this package is missing", e);
        }
    }

    private static ThreadFactory named(String name) {
        AtomicInteger number = new AtomicInteger();
        return task -> {
            Thread thread = new Thread(task, name + "-" + number.getAndIncrement());
            thread.setDaemon(true);
            return thread;
        };
    }

    private static ThreadPoolExecutor pool(String name, int threads) {
        ThreadPoolExecutor pool = new ThreadPoolExecutor(
                threads, threads, 10, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), named(name));
        pool.allowCoreThreadTimeOut(true);
        return pool;
    }

    /** The mount is served: questions can be answered from now on. */
    public void attach(Tree mounted) {
        tree = mounted;
    }

    /** @param newHeld whether SQLite's write lock of a database is the node's own: then no application has it */
    public void heldBy(Predicate<String> newHeld) {
        held = newHeld;
    }

    /** The mount has gone from its path, where another may be by now: nothing is asked there any more. */
    public void detach() {
        tree = null;
    }

    /** How many background tasks wait. */
    public int backlog() {
        return background.getQueue().size();
    }

    /** A job for the own thread of a database, with its descriptors. */
    interface Job<T> {
        T run(OwnDescriptors descriptors) throws IOException;
    }

    <T> CompletableFuture<T> run(String name, Job<T> job) {
        OwnMountThread thread = own.forKey(name);
        OwnDescriptors files = descriptors.computeIfAbsent(thread, t -> new OwnDescriptors(t, mountPoint, OPEN_MAX));
        return thread.run(t -> job.run(files));
    }

    /** Runs a task that may wait a little and hangs on no database's order. */
    void soon(Runnable task) {
        execute(answers, task);
    }

    void later(Runnable task, long millis) {
        try {
            timer.schedule(() -> soon(task), millis, TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            LOG.debug("a task was left: the mount is closed");
        }
    }

    private static void execute(Executor executor, Runnable task) {
        try {
            executor.execute(() -> guarded(task));
        } catch (RejectedExecutionException e) {
            LOG.debug("a task was left: the mount is closed");
        }
    }

    private static void guarded(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException e) { // the root of a task
            LOG.error("a background task failed", e);
        }
    }

    @Override
    public void probeWriteLock(Database database, Consumer<WriteLock> answer) {
        Once<WriteLock> once = new Once<>(answer);
        if (tree == null) {
            once.give(WriteLock.UNKNOWN);
            return;
        }
        deadlines.add(once, () -> soon(() -> once.give(WriteLock.UNKNOWN)));
        String name = database.name();
        if (held.test(name)) {
            soon(() -> once.give(WriteLock.FREE));
            return;
        }
        // Asked here and not of the mount: its directory may be locked by the very request that wants to know.
        boolean withWalIndex = database.shm().isPresent();
        // A commit waits for this: what follows runs where the answer arrives, without one more change of thread.
        run(name, files -> files.isWriteLocked(name, withWalIndex))
                .whenComplete((locked, failure) -> guarded(() -> {
                    if (failure != null) {
                        report("locks not asked", name, failure);
                        once.give(WriteLock.UNKNOWN);
                    } else {
                        once.give(locked ? WriteLock.HELD : WriteLock.FREE);
                    }
                }));
    }

    @Override
    public void withExclusiveLock(Database database, Consumer<Boolean> action) {
        withExclusiveLock(database, action, () -> {});
    }

    @Override
    public void withExclusiveLock(Database database, Consumer<Boolean> action, Runnable afterwards) {
        exclusively(List.of(database.name()), action, afterwards);
    }

    @Override
    public void withExclusiveLocks(Database first, Database second, Consumer<Boolean> action, Runnable afterwards) {
        exclusively(List.of(first.name(), second.name()), action, afterwards);
    }

    private void exclusively(List<String> names, Consumer<Boolean> action, Runnable afterwards) {
        Once<Boolean> once = new Once<>(action);
        Once<Boolean> end = new Once<>(held -> afterwards.run());
        if (tree == null) {
            once.give(false);
            end.give(false);
            return;
        }
        later(
                () -> {
                    if (once.give(false)) {
                        end.give(false);
                    }
                },
                ANSWER_MILLIS);
        lock(names, 0)
                .thenAccept(count -> soon(() -> {
                    try {
                        once.give(count == names.size());
                    } finally {
                        if (count > 0) {
                            later(() -> end.give(true), ANSWER_MILLIS);
                            unlock(names.subList(0, count)).whenComplete((done, problem) -> soon(() -> end.give(true)));
                        } else {
                            end.give(false);
                        }
                    }
                }));
    }

    /** Takes the locks one after the other. @return how many of the first ones are held: all, or those before one that was not had */
    private CompletableFuture<Integer> lock(List<String> names, int held) {
        if (held == names.size()) {
            return CompletableFuture.completedFuture(held);
        }
        String name = names.get(held);
        return run(name, files -> files.lockExclusive(name))
                .handle((locked, failure) -> {
                    if (failure != null) {
                        report("lock not taken", name, failure);
                    }
                    return failure == null && locked;
                })
                .thenCompose(locked -> locked ? lock(names, held + 1) : CompletableFuture.completedFuture(held));
    }

    private CompletableFuture<Void> unlock(List<String> names) {
        return CompletableFuture.allOf(names.stream().map(this::unlock).toArray(CompletableFuture<?>[]::new));
    }

    private CompletableFuture<Boolean> unlock(String name) {
        return run(name, files -> {
                    files.unlock(name);
                    return true;
                })
                .whenComplete((done, failure) -> {
                    if (failure != null) {
                        // Too many jobs wait, perhaps: a lock that stays keeps every application out.
                        report("lock not given back yet", name, failure);
                        later(() -> unlock(name), RETRY_MILLIS);
                    }
                });
    }

    private static void report(String what, String name, Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        LOG.debug("{} database={} reason={}", what, name, cause.getMessage());
    }

    @Override
    public void invalidate(Database database, long offset, long length) {
        Tree mounted = tree;
        if (mounted != null) {
            mounted.invalidate(database, offset, length);
        }
    }

    @Override
    public void afterInvalidations(Runnable task) {
        Tree mounted = tree;
        if (mounted != null) {
            mounted.afterInvalidations(task);
        } else {
            task.run();
        }
    }

    @Override
    public void invalidateWal(Database database, long offset) {
        Tree mounted = tree;
        if (mounted != null) {
            mounted.invalidateWal(database, offset);
        }
    }

    @Override
    public void invalidateJournal(Database database) {
        Tree mounted = tree;
        if (mounted != null) {
            mounted.invalidateJournal(database);
        }
    }

    @Override
    public FileOwner ownerOf(TransactionHeader header) {
        return new FileOwner(
                attributes.uid(header.uid()), attributes.gid(header.gid()), attributes.mode(header.mode()));
    }

    @Override
    public void attributesChanged(Database database) {
        Tree mounted = tree;
        if (mounted != null) {
            mounted.arrivals().owned(database);
        }
    }

    @Override
    public void checkDiedWriter(Database database) {
        if (tree != null) {
            soon(new DiedWriterCheck(this, database)::start);
        }
    }

    @Override
    public void background(Runnable task) {
        execute(background, task);
    }

    @Override
    public int processOf(int pid) {
        return ThreadGroups.processOf(pid);
    }

    @Override
    public int mayCommit() {
        return mayCommit.getAsInt();
    }

    @Override
    public long epoch() {
        return epoch.getAsLong();
    }

    @Override
    public boolean waits(String database) {
        return waiting.waits(database);
    }

    @Override
    public void awaitReplication(Database database, TransactionHeader header, long lsn, Completion completion) {
        waiting.await(header, completion);
    }

    @Override
    public void opened(Database database) {
        String name = database.name();
        if (tree == null || opens.merge(name, 1, Integer::sum) > 1) {
            return;
        }
        run(name, files -> files.database(name).path()).whenComplete((path, failure) -> {
            if (failure != null) {
                opens.remove(name);
                report("own descriptor not opened", name, failure);
            }
        });
    }

    @Override
    public void closed(Database database) {
        String name = database.name();
        Integer before = opens.get(name);
        if (before != null) {
            // An open descriptor makes the mount busy for umount(8): not longer than it is of use.
            later(() -> closeIfIdle(database, before), IDLE_MILLIS);
        }
    }

    private void closeIfIdle(Database database, Integer before) {
        if (opens.remove(database.name(), before)) {
            gone(database);
        }
    }

    @Override
    public void gone(Database database) {
        String name = database.name();
        opens.remove(name);
        run(name, files -> {
            files.close(name);
            return true;
        });
    }

    /** Closes the descriptors, so that the mount is not busy because of them. They are opened again when needed. */
    public void closeDescriptors() {
        opens.clear();
        CompletableFuture<?>[] closed = descriptors.entrySet().stream()
                .map(entry -> entry.getKey().run(thread -> {
                    entry.getValue().closeAll();
                    return true;
                }))
                .toArray(CompletableFuture[]::new);
        try {
            CompletableFuture.allOf(closed).get(CLOSE_MILLIS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException e) {
            LOG.warn("own descriptors not closed reason={}", e.toString());
        }
    }

    /** Ends the threads that run tasks, those that are under way first. The own threads are not ended by this. */
    @Override
    public void close() {
        timer.shutdownNow();
        answers.shutdown();
        background.shutdown();
        try {
            if (!answers.awaitTermination(CLOSE_MILLIS, TimeUnit.MILLISECONDS)
                    || !background.awaitTermination(CLOSE_MILLIS, TimeUnit.MILLISECONDS)) {
                LOG.warn("background tasks still run waiting={}", backlog());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
