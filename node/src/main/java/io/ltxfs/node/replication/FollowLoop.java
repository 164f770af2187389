package io.ltxfs.node.replication;

import io.ltxfs.database.DatabaseSet;
import io.ltxfs.database.log.TransactionHeader;
import io.ltxfs.database.receive.Receiver;
import io.ltxfs.node.cluster.Standing;
import io.ltxfs.node.cluster.Standing.Place;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows one primary: connects, connects again after a while when that ends, until it is closed. Four threads: one takes
 * what comes, one makes it durable, one takes databases anew, one connects and keeps time. Its monitor guards what changes.
 */
final class FollowLoop implements Following {
    private static final Logger LOG = LoggerFactory.getLogger(FollowLoop.class);
    /** A primary looks through its log before it answers. */
    static final long WELCOME_NANOS = TimeUnit.SECONDS.toNanos(10);

    private static final long BACKOFF_MIN_MILLIS = 20;
    private static final long BACKOFF_MAX_MILLIS = 2_000;
    private static final long APPLIED_MILLIS = 2;
    private static final long LAST_WORDS_MILLIS = 200;
    private static final long CLOSE_SECONDS = 60;

    private final String address;
    private final PeerSettings settings;
    private final FollowHandler handler;
    private final Connections connections;
    private final DatabaseSet databases;
    private final Receiver receiver;
    private final EpochGate gate;
    private final ExecutorService taker;
    private final ExecutorService flusher;
    private final ExecutorService replacer;
    private final ScheduledThreadPoolExecutor timer;
    private final Object telling = new Object();

    private volatile @Nullable FollowConnection current;
    private volatile boolean closed;
    private Map<String, Place> applied = new HashMap<>();
    private long backoffMillis = BACKOFF_MIN_MILLIS;

    FollowLoop(
            String address,
            PeerSettings settings,
            FollowHandler handler,
            Connections connections,
            DatabaseSet databases,
            Receiver receiver,
            EpochGate gate) {
        this.address = address;
        this.settings = settings;
        this.handler = handler;
        this.connections = connections;
        this.databases = databases;
        this.receiver = receiver;
        this.gate = gate;
        this.taker = single("replication-take");
        this.flusher = single("replication-flush");
        this.replacer = single("replication-replace");
        this.timer = new ScheduledThreadPoolExecutor(1, Threads.daemon("replication-follow"));
    }

    private static ExecutorService single(String name) {
        ThreadFactory threads = Threads.daemon(name);
        return new ThreadPoolExecutor(1, 1, 0, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), threads);
    }

    void start() {
        long interval = PeerServer.heartbeatNanos(settings.ttl());
        timer.execute(this::connect);
        timer.scheduleWithFixedDelay(() -> tick(interval), interval, interval, TimeUnit.NANOSECONDS);
    }

    PeerSettings settings() {
        return settings;
    }

    Receiver receiver() {
        return receiver;
    }

    /** Runs something on the thread that takes what comes; not any more after the end. */
    void take(Runnable task) {
        try {
            taker.execute(task);
        } catch (RejectedExecutionException e) {
            LOG.trace("following has ended", e);
        }
    }

    /** Runs something on the thread that makes the log durable; not any more after the end. */
    void flush(Runnable task) {
        try {
            flusher.execute(task);
        } catch (RejectedExecutionException e) {
            LOG.trace("following has ended", e);
        }
    }

    /** Ends a connection when what was sent last has had time to go out. */
    void closeSoon(Connections.Connection connection) {
        try {
            timer.schedule(connection::close, LAST_WORDS_MILLIS, TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            connection.close();
        }
    }

    @Override
    public String address() {
        return address;
    }

    @Override
    public boolean connected() {
        FollowConnection now = current;
        return now != null && now.isWelcomed();
    }

    // ---- connecting, on the timer's thread

    private void connect() {
        if (closed) {
            return;
        }
        FollowConnection made;
        try {
            Standing standing = standing();
            synchronized (this) {
                if (closed) {
                    return;
                }
                made = new FollowConnection(this, handler, gate, connections.to(address));
                current = made;
            }
            made.open(standing);
        } catch (IOException | RuntimeException e) {
            LOG.warn("a connection to the primary cannot be tried: primary={} why={}", address, e.getMessage());
            retry();
        }
    }

    /** What this node has is what the primary goes on from: it must not be lost when the machine is. */
    private Standing standing() throws IOException {
        databases.flush();
        Standing standing = handler.standing();
        Map<String, Place> positions = new HashMap<>(standing.positions());
        positions.replaceAll((database, place) ->
                receiver.received(database).map(FollowLoop::place).orElse(place));
        return new Standing(standing.node(), standing.promised(), standing.historyEpoch(), positions);
    }

    private static Place place(TransactionHeader header) {
        return new Place(header.txid(), header.postChecksum());
    }

    private void tick(long interval) {
        FollowConnection now = current;
        if (now == null || now.isOver()) {
            return;
        }
        try {
            now.tick(interval, settings.ttl().toNanos());
        } catch (RuntimeException e) { // it would be the last tick
            LOG.error("looking after a connection failed: primary={}", address, e);
            now.fail(new IOException("looking after the connection to " + address + " failed: " + e, e));
        }
    }

    void welcomed() {
        synchronized (this) {
            backoffMillis = BACKOFF_MIN_MILLIS;
        }
    }

    /** A connection has ended. On any thread. */
    void ended(FollowConnection connection, IOException why) {
        take(connection::discard);
        try {
            if (!closed) {
                LOG.debug("a connection to the primary has ended: primary={} why={}", address, why.getMessage());
                timer.execute(() -> tell(() -> handler.disconnected(why)));
                retry();
            }
        } catch (RejectedExecutionException e) {
            LOG.debug("following has ended", e);
        }
    }

    private void retry() {
        long delay;
        synchronized (this) {
            delay = backoffMillis / 2 + ThreadLocalRandom.current().nextLong(backoffMillis / 2 + 1);
            long most = Math.min(
                    BACKOFF_MAX_MILLIS,
                    Math.max(BACKOFF_MIN_MILLIS, settings.ttl().toMillis() / 4));
            backoffMillis = Math.min(most, 2 * backoffMillis);
        }
        try {
            timer.schedule(this::connect, delay, TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            LOG.debug("following has ended", e);
        }
    }

    // ---- what the handler is told

    /**
     * Tells it something of a connection, unless that is over. The end of a connection is told in its turn, and before the
     * next one is made: nothing of an earlier one is taken for something of a later one.
     */
    void tell(FollowConnection connection, Runnable what) {
        tell(() -> {
            if (!connection.isOver()) {
                what.run();
            }
        });
    }

    private void tell(Runnable what) {
        synchronized (telling) {
            if (!closed) {
                what.run();
            }
        }
    }

    // ---- databases taken anew

    void replace(FollowConnection connection, String database) {
        if (connection.beginReplacing(database)) {
            replacer.execute(() -> takeAnew(connection, database));
        }
    }

    private void takeAnew(FollowConnection connection, String database) {
        SnapshotTaker snapshots = new SnapshotTaker(databases, receiver, gate, settings.stage());
        long pause = BACKOFF_MIN_MILLIS;
        boolean warned = false;
        LOG.info("a database is taken anew: database={} primary={}", database, address);
        while (!connection.isOver() && !closed) {
            try {
                Place place = snapshots.take(
                        connection.connection().channel(),
                        address,
                        connection.epoch(),
                        database,
                        handler::keepDivergent);
                connection.durable(Map.of(database, place));
                connection.resume(database, place);
                LOG.info(
                        "a database was taken anew: database={} txid={}",
                        database,
                        String.format("%016x", place.txid()));
                return;
            } catch (IOException | RuntimeException | Error e) { // of the whole work: the database would stay as it is
                if (!sleep(pause)) {
                    return;
                }
                // One that was cut off with its connection is gone on with by the next connection.
                if (!warned && !connection.isOver()) {
                    LOG.warn(
                            "a database cannot be taken anew, trying again: database={} why={}",
                            database,
                            e instanceof IOException ? e.getMessage() : e.toString());
                    warned = true;
                }
                pause = Math.min(BACKOFF_MAX_MILLIS, 2 * pause);
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    private static boolean sleep(long millis) {
        try {
            Thread.sleep(millis);
            return true;
        } catch (InterruptedException e) {
            return false;
        }
    }

    void absent(FollowConnection connection, String database) {
        replacer.execute(() -> {
            if (connection.isOver() || closed) {
                return;
            }
            try {
                handler.absent(connection.epoch(), database);
            } catch (IOException
                    | RuntimeException
                    | Error e) { // of the whole work: the next connection begins it again
                connection.fail(new IOException(database + ": cannot be moved aside: " + e.getMessage(), e));
            }
        });
    }

    // ---- what the node tells

    @Override
    public void applied(String database, Place place) {
        boolean first;
        synchronized (this) {
            first = applied.isEmpty();
            applied.put(database, place);
        }
        if (first && !closed) {
            try {
                timer.schedule(this::sendApplied, APPLIED_MILLIS, TimeUnit.MILLISECONDS);
            } catch (RejectedExecutionException e) {
                LOG.debug("following has ended", e);
            }
        }
    }

    private void sendApplied() {
        Map<String, Place> places;
        synchronized (this) {
            places = applied;
            applied = new HashMap<>();
        }
        FollowConnection now = current;
        if (now != null) {
            now.applied(places);
        }
    }

    @Override
    public void historyComplete(long epoch, Map<String, Place> durable) {
        FollowConnection now = current;
        if (now != null) {
            now.complete(epoch, durable);
        }
    }

    @Override
    public void close() {
        synchronized (this) {
            closed = true;
        }
        FollowConnection now = current;
        if (now != null) {
            now.fail(new IOException("this node does not follow " + address + " any more"));
            now.connection().close();
        }
        synchronized (telling) {
            // Whoever was telling something has done so.
        }
        timer.shutdownNow();
        taker.shutdown();
        flusher.shutdown();
        replacer.shutdownNow();
        boolean interrupted = false;
        try {
            boolean ended = taker.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)
                    && flusher.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)
                    && replacer.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS);
            if (!ended) {
                LOG.warn("what comes from a primary is still being taken: primary={}", address);
            }
        } catch (InterruptedException e) {
            interrupted = true;
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
