package io.ltxfs.archive.upload;

import io.ltxfs.archive.Archive;
import io.ltxfs.archive.ArchiveException;
import io.ltxfs.archive.ArchiveService.Progress;
import io.ltxfs.archive.fence.FencedException;
import io.ltxfs.database.NotAvailableException;
import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.disk.Errno;
import io.ltxfs.database.feed.Transaction;
import io.ltxfs.database.feed.TransactionFeed;
import io.ltxfs.ltx.Txid;
import io.ltxfs.objectstore.StoreException;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Carries committed transactions of all databases from the log into level 0 of the archive.
 *
 * <p>One thread follows the log. It sorts what it finds into a queue for each database (only where each transaction
 * lies, and no more than a bound over all databases; the log keeps the rest) and says when each database is due: at once
 * after a quiet time, else when {@code sync} has passed since its last upload began. A few workers take what is due. A
 * database that has nothing waiting is an entry in a map: no thread, no timer, no request.
 *
 * <p>One lock owns queues and schedule; it is never held during disk or store calls.
 */
public final class Uploads implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Uploads.class);

    private static final long LINGER_NANOS = TimeUnit.MILLISECONDS.toNanos(10);
    private static final long LONG_NANOS = TimeUnit.HOURS.toNanos(1);
    private static final long SETTLE_NANOS = TimeUnit.SECONDS.toNanos(2);
    /** A stop has not much time: it asks a store that is away more often. */
    private static final long DRAIN_PAUSE_NANOS = TimeUnit.SECONDS.toNanos(1);

    private static final long RECHECK_NANOS = TimeUnit.MINUTES.toNanos(1);
    private static final long SAVE_NANOS = TimeUnit.SECONDS.toNanos(30);
    private static final long PAUSE_MIN_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    private static final int DOUBLINGS_MAX = 9;
    private static final long REST_NANOS = TimeUnit.SECONDS.toNanos(30);
    private static final long STOP_SECONDS = 10;
    private static final long WORKER_IDLE_SECONDS = 10;
    private static final String FOLLOWER = "archive";

    private final Archive archive;
    private final LocalDatabases local;
    private final UploadOptions options;
    private final ArchiveState state;
    private final ArchiveState.Progress begun;
    private final TransactionFeed.Follower follower;
    private final ConcurrentHashMap<String, ArchiveState.Known> known = new ConcurrentHashMap<>();
    private final UploadCounters counters = new UploadCounters();
    private final LeaseTerm term;
    private final Opening opening;
    private final Uploader uploader;
    private final Thread thread;
    private final ThreadPoolExecutor workers;
    private final Random random = new Random();

    private final Waiting queues;
    private final ReentrantLock lock;
    private final Condition progressed;

    // ---- owned by the lock

    private final Map<String, DatabaseUpload> databases = new HashMap<>();
    private final PriorityQueue<Due> schedule = new PriorityQueue<>();
    private final StoreHealth health = new StoreHealth(random);
    private int running;
    private long entries;
    /** What is before this LSN was taken. */
    private long nextLsn;

    private long lastLsn;
    private volatile boolean draining;
    /** Transactions that databases had when some may have been lost, and when to look whether they came. */
    private Map<String, Long> suspects = Map.of();

    private long suspectsNanos;
    private long lastCommitMillis;
    /** How often the log was read, and the number of the last time that came to its end. */
    private long takes;

    private long taken;

    // ---- the follower's

    private long lingerUntilNanos;
    private long released;
    private long saved;
    private long savedNanos = System.nanoTime();

    // ---- between the threads

    private volatile boolean signalled = true;
    /** Since the follower last looked at the schedule, it has changed. */
    private volatile boolean woken;

    private volatile boolean stopping;

    /** A moment at which a database is to be worked on; counts only if the database still knows it. */
    private record Due(long nanos, long entry, DatabaseUpload db) implements Comparable<Due> {
        @Override
        public int compareTo(Due other) {
            long difference = nanos - other.nanos;
            return difference != 0 ? Long.signum(difference) : Long.compare(entry, other.entry);
        }
    }

    private Uploads(
            Archive archive,
            TransactionFeed feed,
            LocalDatabases local,
            UploadOptions options,
            UploadListener listener,
            long recordOfClusterNanos)
            throws IOException {
        this.archive = archive;
        this.queues = new Waiting(local, options.clock(), this::signal);
        this.lock = queues.lock;
        this.progressed = queues.progressed;
        this.local = local;
        this.options = options;
        this.state = new ArchiveState(options.dataDirectory());
        this.begun = begun(options);
        Spool spool = new Spool(options.dataDirectory());
        Encoder encoder = new Encoder(feed, options.coding());
        this.term = new LeaseTerm(options.epoch());
        this.opening = new Opening(options, term, recordOfClusterNanos, state, known, begun.sinceMillis(), queues);
        this.uploader =
                new Uploader(encoder, spool, new Images(local, encoder, spool), opening, counters, listener, queues);
        this.nextLsn = begun.lsn();
        this.lastLsn = begun.lsn() - 1;
        addKnown();
        AtomicInteger number = new AtomicInteger();
        this.workers = new ThreadPoolExecutor(
                options.uploads(),
                options.uploads(),
                WORKER_IDLE_SECONDS,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(),
                task -> daemon(task, "archive-upload-" + number.incrementAndGet()));
        workers.allowCoreThreadTimeOut(true);
        this.thread = daemon(this::follow, "archive-follower");
        this.follower = feed.follow(FOLLOWER, begun.lsn(), this::signal);
    }

    private ArchiveState.Progress begun(UploadOptions options) throws IOException {
        ArchiveState.Progress before = state.progress()
                .orElseGet(() -> new ArchiveState.Progress(0, options.clock().millis()));
        state.saveProgress(before);
        return before;
    }

    private static Thread daemon(Runnable task, String name) {
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        return thread;
    }

    /**
     * Starts to upload. Makes no request before there is something to put.
     *
     * @throws IOException if the data directory cannot be used
     */
    public static Uploads start(
            Archive archive,
            TransactionFeed feed,
            LocalDatabases databases,
            UploadOptions options,
            UploadListener listener)
            throws IOException {
        return start(archive, feed, databases, options, listener, Opening.RECORD_OF_CLUSTER_NANOS);
    }

    /** The same with another bound for how long a deposed primary may go on unaware. */
    static Uploads start(
            Archive archive,
            TransactionFeed feed,
            LocalDatabases databases,
            UploadOptions options,
            UploadListener listener,
            long recordOfClusterNanos)
            throws IOException {
        Uploads uploads = new Uploads(archive, feed, databases, options, listener, recordOfClusterNanos);
        uploads.thread.start();
        return uploads;
    }

    private void addKnown() throws IOException {
        for (ArchiveState.Known found : state.all()) {
            known.put(found.database(), found);
        }
        lock.lock();
        try {
            known.values().forEach(found -> database(found.database()));
            suspect();
        } finally {
            lock.unlock();
        }
    }

    /** Everything that databases have now must come from the log, or have come before. */
    private void suspect() {
        Map<String, Long> positions = new HashMap<>();
        for (String name : local.names()) {
            long txid = local.txid(name);
            if (txid != 0) {
                DatabaseUpload db = database(name);
                db.startTxid = Txid.compare(txid, db.startTxid) > 0 ? txid : db.startTxid;
                positions.put(name, txid);
            }
        }
        suspects = positions;
        suspectsNanos = System.nanoTime() + SETTLE_NANOS;
    }

    private DatabaseUpload database(String name) {
        return databases.computeIfAbsent(name, missing -> {
            Placement placement = options.placement().apply(missing);
            DatabaseUpload db =
                    new DatabaseUpload(missing, archive.database(missing, placement.place()), placement.options());
            ArchiveState.Known found = known.get(missing);
            if (found != null && found.archive().equals(Opening.describe(db))) {
                db.archivedTxid = found.txid();
                db.archivedChecksum = found.checksum();
            }
            return db;
        });
    }

    // ---- the follower

    private void signal() {
        if (!signalled) {
            signalled = true;
            wake();
        }
    }

    /** The flag and not the permit alone: waiting for a lock takes the permit. */
    private void wake() {
        woken = true;
        LockSupport.unpark(thread);
    }

    private void follow() {
        boolean failing = false;
        while (!stopping) {
            try {
                followOnce();
                if (failing) {
                    LOG.info("the follower of the log goes on");
                }
                failing = false;
            } catch (Throwable e) { // the root of the thread: nothing would be archived any more
                if (!failing) {
                    LOG.error(
                            "the follower of the log failed, and tries again: reason=\"{}\"",
                            e.getMessage(),
                            unexpected(e));
                }
                failing = true;
                signalled = true;
                LockSupport.parkNanos(this, SETTLE_NANOS);
            }
        }
    }

    /** One round: take what is new once it has had time to gather, hand out what is due, sleep. */
    private void followOnce() throws IOException {
        long now = System.nanoTime();
        if (signalled && lingerUntilNanos == 0) {
            lingerUntilNanos = now + LINGER_NANOS;
        }
        if (lingerUntilNanos != 0 && (now - lingerUntilNanos >= 0 || draining)) {
            lingerUntilNanos = 0;
            take();
        }
        now = System.nanoTime();
        woken = false;
        long wait = dispatch(now);
        release();
        if (now - savedNanos >= SAVE_NANOS) {
            savedNanos = now;
            saveProgress();
        }
        if (lingerUntilNanos != 0) {
            wait = Math.min(wait, lingerUntilNanos - now);
        } else if (signalled) {
            return;
        }
        if (wait > 0 && !stopping && !woken) {
            LockSupport.parkNanos(this, wait);
        }
    }

    private void take() throws DiskException {
        signalled = false;
        long number;
        lock.lock();
        try {
            number = ++takes;
        } finally {
            lock.unlock();
        }
        while (!stopping) {
            lock.lock();
            try {
                if (queues.count >= Waiting.QUEUE_MAX) {
                    queues.blocked = true;
                    return;
                }
            } finally {
                lock.unlock();
            }
            Transaction transaction = follower.next();
            lock.lock();
            try {
                if (transaction == null) {
                    taken = number;
                    nextLsn = Math.max(nextLsn, lastLsn + 1);
                    if (follower.lost()) {
                        LOG.warn("the log reached its bound and dropped transactions that the archive does not have:"
                                + " their databases are archived whole again");
                        suspect();
                    }
                    progressed.signalAll();
                    return;
                }
                add(transaction);
            } finally {
                lock.unlock();
            }
        }
    }

    private void add(Transaction transaction) {
        // Those of one group have the same number.
        nextLsn = transaction.lsn();
        lastLsn = nextLsn;
        lastCommitMillis = transaction.header().timeMillis();
        DatabaseUpload db = database(transaction.header().database());
        db.seenTxid = transaction.txid();
        if (transaction.header().jump()) {
            // What waits is of a history that this node does not have any more.
            queues.count -= db.clear();
            queues.hold(db);
        }
        if (Txid.compare(transaction.txid(), db.archivedTxid) <= 0) {
            return;
        }
        if (db.refused.isEmpty()) {
            db.add(transaction);
            queues.count++;
            queues.hold(db);
        } else {
            db.missed = true;
        }
        schedule(db);
    }

    /** Tells the log what is not needed any more. */
    private void release() {
        long lsn;
        lock.lock();
        try {
            lsn = queues.held.isEmpty() ? nextLsn : queues.held.firstKey();
        } finally {
            lock.unlock();
        }
        if (lsn > released) {
            released = lsn;
            follower.release(lsn);
        }
    }

    private void saveProgress() throws IOException {
        if (released > saved) {
            saved = released;
            state.saveProgress(new ArchiveState.Progress(released, begun.sinceMillis()));
        }
    }

    // ---- the schedule

    /** Says when a database is due, if it is not said already. */
    private void schedule(DatabaseUpload db) {
        if (db.running || stopping) {
            return;
        }
        long now = System.nanoTime();
        long in = dueIn(db, now);
        if (in < 0) {
            return;
        }
        if (db.entry == 0 || db.dueNanos - (now + in) > 0) {
            db.dueNanos = now + in;
            db.entry = ++entries;
            schedule.add(new Due(db.dueNanos, db.entry, db));
            if (Thread.currentThread() != thread) {
                wake();
            }
        }
    }

    /** In how many nanoseconds a database is due; -1 for never. */
    private long dueIn(DatabaseUpload db, long now) {
        long pause = db.failures == 0 && db.refused.isEmpty() ? 0 : Math.max(0, db.notBeforeNanos - now);
        if (!db.refused.isEmpty()) {
            return db.missed ? pause : -1;
        }
        Transaction head = db.head();
        if (head != null && db.frozen == null && db.kept == null && db.began && !draining && db.waiters.isEmpty()) {
            long sync = db.options.sync().toMillis();
            long sinceBegan = Math.max(0, db.beganNanos - now + TimeUnit.MILLISECONDS.toNanos(sync));
            long window = head.header().timeMillis() + sync - options.clock().millis();
            return Math.max(pause, Math.min(sinceBegan, TimeUnit.MILLISECONDS.toNanos(Math.max(0, window))));
        }
        if (head != null || db.hasUnfinished() || db.lackingTxid != 0) {
            return pause;
        }
        if (db.wantsRest) {
            return draining ? pause : Math.max(pause, db.endedNanos - now + restNanos(db));
        }
        return -1;
    }

    private static long restNanos(DatabaseUpload db) {
        return db.options.levels().isEmpty()
                ? REST_NANOS
                : Math.max(
                        db.options.sync().toNanos(), db.options.levels().get(0).toNanos());
    }

    /** Hands out what is due. @return how long to sleep at most, in nanoseconds */
    private long dispatch(long now) {
        lock.lock();
        try {
            checkSuspects(now);
            for (Due next = schedule.peek(); next != null; next = schedule.peek()) {
                DatabaseUpload db = next.db();
                if (db.entry != next.entry()) {
                    schedule.remove();
                    continue;
                }
                long wait = next.nanos() - now;
                if (!health.isWell()) {
                    wait = Math.max(wait, health.pausedUntilNanos() - now);
                }
                if (wait > 0) {
                    return suspects.isEmpty() ? wait : Math.min(wait, SETTLE_NANOS);
                }
                if (running >= (health.isWell() ? options.uploads() : 1)) {
                    return LONG_NANOS;
                }
                schedule.remove();
                db.entry = 0;
                begin(db);
            }
            return suspects.isEmpty() ? LONG_NANOS : SETTLE_NANOS;
        } finally {
            lock.unlock();
        }
    }

    private void begin(DatabaseUpload db) {
        db.running = true;
        running++;
        boolean begun = false;
        try {
            workers.execute(() -> work(db));
            begun = true;
        } finally {
            if (!begun) { // there was no thread for it
                db.running = false;
                running--;
                schedule(db);
            }
        }
    }

    /** What databases had, and the log did not bring, is lost for the archive: they are put whole. */
    private void checkSuspects(long now) {
        if (suspects.isEmpty() || now - suspectsNanos < 0 || queues.blocked || signalled || lingerUntilNanos != 0) {
            return;
        }
        for (Map.Entry<String, Long> suspect : suspects.entrySet()) {
            DatabaseUpload db = database(suspect.getKey());
            long txid = suspect.getValue();
            if (Txid.compare(txid, db.seenTxid) > 0 && Txid.compare(txid, db.archivedTxid) > 0) {
                db.lackingTxid = txid;
                schedule(db);
            }
        }
        suspects = Map.of();
    }

    // ---- the workers

    private void work(DatabaseUpload db) {
        Exception failure = null;
        boolean done = false;
        db.answered = false;
        try {
            done = uploader.run(db);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (Exception e) {
            failure = e;
        } catch (Throwable e) { // the root of the work: the database would be nobody's, and never archived again
            failure = new IllegalStateException("the upload failed: " + e, e);
        }
        List<Runnable> reached;
        lock.lock();
        try {
            db.endedNanos = System.nanoTime();
            if (failure != null) {
                failed(db, failure);
            } else if (done) {
                succeeded(db);
            }
            reached = db.takeReached();
        } finally {
            db.running = false;
            running--;
            schedule(db);
            progressed.signalAll();
            lock.unlock();
            wake();
        }
        for (Runnable each : reached) {
            try {
                each.run();
            } catch (RuntimeException e) { // others wait, too
                LOG.error("could not tell that a transaction is in the archive: database={}", db.name, e);
            }
        }
    }

    private void succeeded(DatabaseUpload db) {
        db.failures = 0;
        db.problem = "";
        if (health.succeeded()) {
            LOG.info("the archive answers again: archive={}", archive.store().describe());
        }
    }

    private void failed(DatabaseUpload db, Exception e) {
        long now = System.nanoTime();
        counters.failed();
        boolean first = db.failures == 0;
        pause(db, now);
        if (e instanceof RefusedException || e instanceof ArchiveException || e instanceof FencedException) {
            refuse(db, String.valueOf(e.getMessage()), now);
        } else if (e instanceof StoreException store) {
            failed(db, store, now);
        } else if (e instanceof NotPrimaryException) {
            db.problem = String.valueOf(e.getMessage());
        } else if (e instanceof NotAvailableException) {
            gone(db);
        } else if (e instanceof DiskException disk && disk.errno() != Errno.ENOSPC) {
            if (!db.wantsImage) {
                LOG.warn(
                        "could not read from the log what the archive lacks, and archives the database whole:"
                                + " database={} reason=\"{}\"",
                        db.name,
                        e.getMessage());
                db.failures = 0;
            }
            db.wantsImage = true;
            db.frozen = null;
        } else {
            db.problem = "is not archived: " + e.getMessage();
            if (first) {
                LOG.warn("could not archive: database={} reason=\"{}\"", db.name, e.getMessage(), unexpected(e));
            }
        }
    }

    private static @Nullable Throwable unexpected(Throwable e) {
        return e instanceof IOException ? null : e;
    }

    private void pause(DatabaseUpload db, long now) {
        long pause = Math.min(StoreHealth.PAUSE_MAX_NANOS, PAUSE_MIN_NANOS << Math.min(db.failures, DOUBLINGS_MAX));
        db.failures++;
        db.notBeforeNanos = now + pause / 2 + (long) (random.nextDouble() * pause / 2);
    }

    private void refuse(DatabaseUpload db, String why, long now) {
        if (!why.equals(db.refused)) {
            LOG.error("archives a database no more: database={} reason=\"{}\"", db.name, why);
        }
        db.refused = why;
        db.opened = false;
        db.frozen = null;
        db.notBeforeNanos = now + RECHECK_NANOS;
        db.missed = db.missed || db.waiting() > 0;
        queues.count -= db.clear();
        queues.hold(db);
        queues.wakeTaker();
    }

    private void failed(DatabaseUpload db, StoreException e, long now) {
        if (e.kind() == StoreException.Kind.CONFLICT || e.kind() == StoreException.Kind.NOT_FOUND) {
            db.problem = "is not archived: " + e.getMessage();
            return;
        }
        long most = draining ? DRAIN_PAUSE_NANOS : StoreHealth.PAUSE_MAX_NANOS;
        if (draining) {
            db.notBeforeNanos = Math.min(db.notBeforeNanos, now + DRAIN_PAUSE_NANOS);
        }
        if (health.failed(now, options.clock().millis(), String.valueOf(e.getMessage()), db.answered, most)) {
            LOG.warn(
                    "the archive cannot be written, and is tried again: archive={} kind={} reason=\"{}\"",
                    archive.store().describe(),
                    e.kind(),
                    e.getMessage());
        }
    }

    /** A database that was to be put whole is not there any more. */
    private void gone(DatabaseUpload db) {
        int skipped = db.skipToEndOrImage();
        if (skipped >= 0) {
            queues.count -= skipped;
            queues.hold(db);
            db.failures = 0;
            db.wantsImage = false;
        } else if (db.waiting() == 0) {
            db.wantsImage = false;
        }
    }

    // ---- what others ask

    /** How far the archive of a database is. */
    public Progress progress(String name) {
        long last = local.txid(name);
        lock.lock();
        try {
            DatabaseUpload db = databases.get(name);
            if (db == null) {
                return new Progress(0, last, last == 0 ? 0 : age(lastCommitMillis), List.of());
            }
            List<String> warnings = new ArrayList<>();
            if (!db.refused.isEmpty()) {
                warnings.add(db.refused);
            }
            if (!db.problem.isEmpty()) {
                warnings.add(db.problem);
            }
            long pending = Txid.compare(last, db.archivedTxid) > 0 ? last - db.archivedTxid : db.waiting();
            Transaction head = db.head();
            long oldest = head != null ? head.header().timeMillis() : lastCommitMillis;
            return new Progress(db.archivedTxid, pending, pending == 0 ? 0 : age(oldest), warnings);
        } finally {
            lock.unlock();
        }
    }

    /** Tells when the archive has a transaction of a database. */
    public void whenArchived(String name, long txid, Runnable done) {
        lock.lock();
        try {
            DatabaseUpload db = database(name);
            if (!db.opened || Txid.compare(db.archivedTxid, txid) < 0) {
                db.waiters.add(new DatabaseUpload.Waiter(txid, done));
                schedule(db);
                return;
            }
        } finally {
            lock.unlock();
        }
        done.run();
    }

    private long age(long millis) {
        return Math.max(0, options.clock().millis() - millis);
    }

    /** What is wrong with the archive as a whole. */
    public List<String> warnings() {
        lock.lock();
        try {
            if (health.isWell()) {
                return List.of();
            }
            long oldest = databases.values().stream()
                    .mapToLong(this::headMillis)
                    .min()
                    .orElseGet(() -> options.clock().millis());
            long behind = databases.values().stream()
                    .filter(db -> db.waiting() > 0 || db.wantsImage)
                    .count();
            return List.of(String.format(
                    "the archive cannot be written since %s: %s; %s%d transactions of %d databases wait, the oldest for"
                            + " %d s, and the log keeps them up to its bound",
                    Instant.ofEpochMilli(health.sinceMillis()),
                    health.cause(),
                    queues.blocked ? "more than " : "",
                    queues.count,
                    behind,
                    age(oldest) / 1000));
        } finally {
            lock.unlock();
        }
    }

    private long headMillis(DatabaseUpload db) {
        Transaction head = db.head();
        return head == null ? options.clock().millis() : head.header().timeMillis();
    }

    /** The highest epoch found in the archive that is above this node's (unsigned); 0 if there was none. */
    public long epochSeen() {
        return term.seen();
    }

    /** What was done since the start. */
    public UploadCounters counters() {
        return counters;
    }

    /** Transactions that wait in memory; the log may have more. */
    public int waiting() {
        lock.lock();
        try {
            return queues.count;
        } finally {
            lock.unlock();
        }
    }

    /** Uploads all that is committed, and leaves each database's archive as another writer wants to find it. */
    public boolean drain(Duration timeout) throws InterruptedException {
        long end = System.nanoTime() + timeout.toNanos();
        try {
            local.flush();
        } catch (IOException e) {
            LOG.warn("could not make durable what is to be archived: reason=\"{}\"", e.getMessage());
            return false;
        }
        long left = end - System.nanoTime();
        lock.lock();
        try {
            draining = true;
            health.tryNow(System.nanoTime());
            long before = takes;
            for (DatabaseUpload db : databases.values()) {
                db.notBeforeNanos = System.nanoTime();
                schedule(db);
            }
            signal();
            while (taken <= before || !isIdle()) {
                if (left <= 0) {
                    return false;
                }
                left = progressed.awaitNanos(left);
            }
            return databases.values().stream().noneMatch(db -> db.missed);
        } finally {
            draining = false;
            lock.unlock();
        }
    }

    /**
     * Begins a new history of a database: moves what the archive holds aside, and archives the database whole.
     *
     * @return where the old one is, as people write it; empty if there was none
     * @throws IOException if it could not be moved; it goes on from there when it is tried again
     */
    public String begin(String name, NewLineage.Progress progress) throws IOException, InterruptedException {
        DatabaseUpload db = reserve(name);
        try {
            String aside = NewLineage.moveAside(db.archive, progress);
            known.remove(name);
            state.forget(name);
            forget(db);
            return aside;
        } finally {
            lock.lock();
            try {
                db.running = false;
                running--;
                schedule(db);
            } finally {
                lock.unlock();
            }
        }
    }

    /** Takes a database as a worker does. */
    private DatabaseUpload reserve(String name) throws InterruptedException {
        lock.lock();
        try {
            DatabaseUpload db = database(name);
            while (db.running) {
                progressed.await();
            }
            db.running = true;
            db.entry = 0;
            running++;
            return db;
        } finally {
            lock.unlock();
        }
    }

    private void forget(DatabaseUpload db) throws IOException {
        if (db.kept != null) {
            db.kept.close();
        }
        lock.lock();
        try {
            db.forget();
            db.lackingTxid = local.txid(db.name);
        } finally {
            lock.unlock();
        }
    }

    private boolean isIdle() {
        return queues.count == 0
                && running == 0
                && databases.values().stream()
                        .noneMatch(db ->
                                db.refused.isEmpty() && (db.wantsRest || db.hasUnfinished() || db.lackingTxid != 0));
    }

    /** Stops. What is under way is waited for a little. */
    @Override
    public void close() {
        stop(true);
    }

    /** Stops as a kill would: nothing is written down. */
    void kill() {
        stop(false);
    }

    private void stop(boolean remember) {
        stopping = true;
        wake();
        boolean interrupted = false;
        try {
            thread.join(TimeUnit.SECONDS.toMillis(STOP_SECONDS));
            workers.shutdown();
            if (!workers.awaitTermination(remember ? STOP_SECONDS : 0, TimeUnit.SECONDS)) {
                workers.shutdownNow();
                workers.awaitTermination(STOP_SECONDS, TimeUnit.SECONDS);
            }
        } catch (InterruptedException e) {
            interrupted = true;
            workers.shutdownNow();
        }
        if (remember) {
            remember();
        }
        follower.close();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void remember() {
        lock.lock();
        try {
            for (DatabaseUpload db : databases.values()) {
                if (db.opened && !db.running) {
                    opening.remember(db, false);
                }
            }
            release();
            saveProgress();
        } catch (IOException e) {
            LOG.warn("could not write down how far the archive is: reason=\"{}\"", e.getMessage());
        } finally {
            lock.unlock();
        }
    }
}
