package io.ltxfs.fusefs.replica;

import io.ltxfs.database.Database;
import io.ltxfs.database.DatabaseSet;
import io.ltxfs.database.Position;
import io.ltxfs.database.log.TransactionHeader;
import io.ltxfs.database.receive.Receiver;
import io.ltxfs.fusefs.own.OwnMountThreads;
import io.ltxfs.fusefs.tree.Tree;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The replica's side of one mount: a follower for each database, and a few threads that run those with something to do. */
public final class Replica implements ReplicaMount, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Replica.class);
    private static final int THREADS = 4;
    private static final long CLOSE_SECONDS = 5;

    private final Surroundings around;
    private final Receiver receiver;
    private final DatabaseSet databases;
    private final Map<String, Follower> followers = new ConcurrentHashMap<>();
    private final List<Consumer<TransactionHeader>> listeners = new CopyOnWriteArrayList<>();
    private final ThreadPoolExecutor threads = new ThreadPoolExecutor(
            THREADS, THREADS, 60, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), named("ltxfs-apply"));
    private final ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(1, named("ltxfs-apply-timer"));

    private volatile Reach reach = Reach.OPEN;

    // Guarded by this.
    private boolean following;
    private long deadlineNanos;
    private long boundNanos;
    private boolean force;

    /**
     * @param own the threads that do I/O through the mount
     * @param mountPoint where it is
     * @param tree what the mount shows
     */
    public Replica(DatabaseSet databases, OwnMountThreads own, Path mountPoint, Tree tree) {
        preload();
        this.databases = databases;
        this.receiver = databases.receiver();
        threads.allowCoreThreadTimeOut(true);
        timer.setRemoveOnCancelPolicy(true);
        around = new Surroundings(
                databases,
                receiver,
                own,
                mountPoint.toString(),
                tree,
                () -> reach,
                this::applied,
                new Surroundings.Tasks() {
                    @Override
                    public void soon(Runnable task) {
                        try {
                            threads.execute(task);
                        } catch (RejectedExecutionException e) {
                            LOG.debug("a turn was left: the mount is closed");
                        }
                    }

                    @Override
                    public void later(Runnable task, long millis) {
                        try {
                            timer.schedule(task, millis, TimeUnit.MILLISECONDS);
                        } catch (RejectedExecutionException e) {
                            LOG.debug("a turn was left: the mount is closed");
                        }
                    }
                });
        receiver.onArrival(this::arrived);
    }

    /** Own threads must not load classes of ours: what their jobs use is loaded here. */
    private static void preload() {
        String here = Replica.class.getPackageName();
        String host = "io.ltxfs.fusefs.host";
        try {
            for (String name : List.of(
                    here + ".DatabaseFiles",
                    here + ".IndexWriter",
                    here + ".Grip",
                    here + ".Kind",
                    here + ".WalState",
                    here + ".Checkpoint",
                    host + ".IndexFile",
                    host + ".SqliteLocks",
                    host + ".WalIndexPublisher",
                    host + ".WalIndexPublisher$Outcome",
                    host + ".WalIndexLayout",
                    host + ".WalIndexLayout$Header",
                    "io.ltxfs.database.Database$WalTail",
                    "io.ltxfs.database.sqlite.WalLayout",
                    "io.ltxfs.database.posix.RecordLock$Holder",
                    "io.ltxfs.database.posix.Errno",
                    "io.ltxfs.database.posix.FileStat",
                    "io.ltxfs.database.posix.PosixException")) {
                Class.forName(name);
            }
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException("a class of this program is missing", e);
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

    private void applied(TransactionHeader header) {
        for (Consumer<TransactionHeader> listener : listeners) {
            listener.accept(header);
        }
    }

    private void arrived(String database) {
        Follower follower = followers.get(database);
        if (follower == null) {
            synchronized (this) {
                follower = followers.get(database);
                if (follower == null) {
                    follower = new Follower(around, database);
                    followers.put(database, follower);
                    if (following) {
                        follower.follow(deadlineNanos, boundNanos, force);
                    }
                }
            }
        }
        follower.wake();
    }

    @Override
    public synchronized CompletableFuture<Void> follow(Duration bound, boolean newForce) {
        following = true;
        force = newForce;
        boundNanos = bound.toNanos();
        deadlineNanos = System.nanoTime() + boundNanos;
        return each(follower -> follower.follow(deadlineNanos, boundNanos, newForce));
    }

    @Override
    public synchronized CompletableFuture<Void> lead() {
        following = false;
        return each(Follower::lead);
    }

    @Override
    public synchronized void letWrite() {
        following = false;
        each(Follower::rest);
    }

    private CompletableFuture<Void> each(Function<Follower, CompletableFuture<Void>> step) {
        Set<String> names = new TreeSet<>(followers.keySet());
        for (Database database : databases.all()) {
            names.add(database.name());
        }
        names.addAll(receiver.received().keySet());
        List<CompletableFuture<Void>> all = new ArrayList<>();
        for (String name : names) {
            Follower follower = followers.computeIfAbsent(name, n -> new Follower(around, n));
            all.add(step.apply(follower));
        }
        return CompletableFuture.allOf(all.toArray(new CompletableFuture<?>[0]));
    }

    @Override
    public void onApplied(Consumer<TransactionHeader> listener) {
        listeners.add(listener);
    }

    @Override
    public List<Waiting> waiting() {
        return followers.values().stream()
                .flatMap(follower -> follower.waiting().stream())
                .toList();
    }

    @Override
    public Optional<Position> readable(String database) {
        Follower follower = followers.get(database);
        return follower != null ? follower.readable() : databases.find(database).map(Database::position);
    }

    /** Whether SQLite's write lock of a database is the node's. */
    public boolean holds(String database) {
        Follower follower = followers.get(database);
        return follower != null && follower.holds();
    }

    /**
     * Gives back the locks and closes the files, so that the mount is not busy because of them. What was asked for, and
     * what is asked for from here on, goes on with {@link #resume}, or ends with {@link #detach}.
     */
    public void suspend() {
        reach = Reach.SUSPENDED;
        List<CompletableFuture<Void>> all =
                followers.values().stream().map(Follower::suspend).toList();
        try {
            CompletableFuture.allOf(all.toArray(new CompletableFuture<?>[0])).get(CLOSE_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException e) {
            LOG.warn("own files of databases not closed reason={}", e.toString());
        }
    }

    /** The mount stays: what {@link #suspend} gave back is taken again. */
    public void resume() {
        reach(Reach.OPEN);
    }

    /** The mount has gone from its path: nothing is opened there any more, and who waits for locks has them. */
    public void detach() {
        reach(Reach.GONE);
    }

    private void reach(Reach changed) {
        reach = changed;
        followers.values().forEach(Follower::wake);
    }

    /** Ends the threads, those that run first. */
    @Override
    public void close() {
        timer.shutdownNow();
        threads.shutdown();
        try {
            if (!threads.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
                LOG.warn("transactions are still being applied");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
