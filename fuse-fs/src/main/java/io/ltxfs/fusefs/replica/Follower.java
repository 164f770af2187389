package io.ltxfs.fusefs.replica;

import io.ltxfs.database.Database;
import io.ltxfs.database.Database.WalTail;
import io.ltxfs.database.Position;
import io.ltxfs.database.log.TransactionHeader;
import io.ltxfs.database.log.TransactionHeader.Image;
import io.ltxfs.database.receive.Arrival;
import io.ltxfs.fusefs.own.OwnMountThread;
import io.ltxfs.fusefs.replica.ReplicaMount.Waiting;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Holds SQLite's locks of one database and applies what was received of it, one transaction after the other.
 *
 * <p>One thread at a time runs it, in short turns: it never waits for an application. What is in the way is tried again
 * later, so that a reader of one database holds up no other.
 */
final class Follower {
    private static final Logger LOG = LoggerFactory.getLogger(Follower.class);

    /** A turn ends after so long. */
    private static final long TURN_NANOS = Duration.ofMillis(20).toNanos();

    /** So many transactions are looked at, to be written together. */
    private static final int TOGETHER_MAX = 64;

    private static final long PAUSE_MILLIS = 2;
    private static final long FAILED_MILLIS = 500;
    private static final int QUICK_TRIES = 20;
    private static final long LONG_RETRY_MILLIS = 25;

    /** How long an application may at most keep the database open that has to give way to a change of mode. */
    private static final long MODE_BOUND_NANOS = Duration.ofSeconds(10).toNanos();

    /** A larger transaction is brought to the file at once if nobody has the database open. */
    private static final long LARGE_BYTES = 16 << 20;

    /** What the node is to be for the database. */
    private enum Wish {
        /** Nothing: local applications write. */
        REST,
        FOLLOW,
        /** Apply what is there, then rest. */
        LEAD
    }

    private final Surroundings around;
    private final String name;
    private final OwnMountThread thread;
    private final AtomicInteger signals = new AtomicInteger();

    /** @param done told when it is so */
    private record Order(Wish wish, CompletableFuture<Void> done) {}

    /** The newest. It may come while a turn ends the one before. */
    private final AtomicReference<Order> order =
            new AtomicReference<>(new Order(Wish.REST, CompletableFuture.completedFuture(null)));

    private volatile long deadlineNanos;
    private volatile long boundNanos;
    private volatile boolean force;
    private volatile CompletableFuture<Void> suspended = CompletableFuture.completedFuture(null);
    private volatile @Nullable Waiting waiting;
    private volatile Kind kind = Kind.NONE;
    /** Where readers are while frames are stored and not published. */
    private volatile @Nullable Position published;

    // Of the turn that runs.
    private @Nullable Database database;
    private @Nullable DatabaseFiles files;
    private @Nullable WalFollower wal;
    private boolean excluding;
    private int tries;
    private long triesSince;
    private long excludingSince;

    Follower(Surroundings around, String name) {
        this.around = around;
        this.name = name;
        thread = around.thread(name);
    }

    // ---- for all threads

    /** Takes the locks and keeps them. @return done when they are held */
    CompletableFuture<Void> follow(long newDeadlineNanos, long newBoundNanos, boolean newForce) {
        deadlineNanos = newDeadlineNanos;
        boundNanos = newBoundNanos;
        force = newForce;
        return wish(Wish.FOLLOW);
    }

    /** Applies what is there and gives the locks back. */
    CompletableFuture<Void> lead() {
        return wish(Wish.LEAD);
    }

    /** Gives the locks back. */
    CompletableFuture<Void> rest() {
        return wish(Wish.REST);
    }

    private Order order() {
        return Objects.requireNonNull(order.get());
    }

    private CompletableFuture<Void> wish(Wish wish) {
        CompletableFuture<Void> done = new CompletableFuture<>();
        order.set(new Order(wish, done));
        wake();
        return done;
    }

    /** Gives the locks back for as long as the mount is out of reach. What is wished stays. @return done when it has */
    CompletableFuture<Void> suspend() {
        CompletableFuture<Void> future = new CompletableFuture<>();
        suspended = future;
        wake();
        return future;
    }

    Optional<Waiting> waiting() {
        return Optional.ofNullable(waiting)
                .map(w -> new Waiting(
                        w.database(), w.reason(), w.pid(), (System.nanoTime() - w.sinceMillis()) / 1_000_000));
    }

    /** The last transaction that readers see. Frames are stored a moment before they are published. */
    Optional<Position> readable() {
        Position before = published;
        return before != null ? Optional.of(before) : around.database(name).map(Database::position);
    }

    /** Whether SQLite's write lock is the node's. */
    boolean holds() {
        return kind != Kind.NONE;
    }

    /** There may be something to do. */
    void wake() {
        if (signals.getAndIncrement() == 0) {
            around.tasks().soon(this::run);
        }
    }

    private void run() {
        int seen = signals.get();
        try {
            turn();
        } catch (Throwable e) { // the root of a turn
            failed(e);
        }
        if (signals.addAndGet(-seen) > 0) {
            around.tasks().soon(this::run);
        }
    }

    private void failed(Throwable e) {
        if (waiting == null
                || waiting.pid() != 0
                || !String.valueOf(e.getMessage()).equals(waiting.reason())) {
            LOG.error("what was received is not applied, tries again: database={}", name, e);
        }
        letGo();
        waits(String.valueOf(e.getMessage()), 0);
        around.tasks().later(this::wake, FAILED_MILLIS);
    }

    /** Notes what it waits for; since when it waits stays. */
    private void waits(String reason, int pid) {
        Waiting before = waiting;
        waiting = new Waiting(name, reason, pid, before == null ? System.nanoTime() : before.sinceMillis());
    }

    // ---- a turn

    private void turn() throws IOException {
        Reach reach = around.reach().get();
        if (reach != Reach.OPEN) {
            outOfReach(reach);
            return;
        }
        Order now = order();
        if (now.wish == Wish.REST) {
            letGo();
            waiting = null;
            now.done.complete(null);
            return;
        }
        boolean leads = now.wish == Wish.LEAD;
        if (leads && around.receiver().next(name).isEmpty()) {
            // Locks that are not held are not needed for it.
            lead(now);
            return;
        }
        if (!hold()) {
            return;
        }
        if (!leads) {
            now.done.complete(null);
        }
        boolean idle = applyWaiting();
        WalFollower log = wal;
        if (idle && leads) {
            lead(now);
        } else if (log != null && log.checkpoint(idle)) {
            wake();
        }
    }

    /** The files cannot be opened: nothing is held. Without a mount nobody can be locked out, nor be shown anything. */
    private void outOfReach(Reach reach) {
        CompletableFuture<Void> suspending = suspended;
        letGo();
        suspending.complete(null);
        if (reach == Reach.GONE) {
            waiting = null;
            order().done.complete(null);
        }
    }

    private void lead(Order now) {
        order.compareAndSet(now, new Order(Wish.REST, now.done));
        letGo();
        waiting = null;
        now.done.complete(null);
    }

    private DatabaseFiles files() {
        DatabaseFiles open = files;
        if (open == null) {
            open = new DatabaseFiles(around.mountPoint() + "/" + name);
            files = open;
        }
        return open;
    }

    /** Whether the locks are held, or there is no database to lock. */
    private boolean hold() throws IOException {
        Database there = around.database(name).orElse(null);
        if (there != database) {
            letGo();
            database = there;
        }
        if (there == null || kind != Kind.NONE) {
            return true;
        }
        DatabaseFiles open = files();
        boolean isWal = there.isWal();
        Grip grip = thread.call(isWal ? open::lockWal : open::lockRollback);
        if (grip.got() && there.isWal() != isWal) {
            thread.call(t -> {
                open.unlock();
                return true;
            });
            grip = new Grip(false, "the journal mode changes", 0);
        }
        if (grip.got()) {
            grip = isWal ? enterWal(there) : endLeftTransaction(there);
        }
        if (grip.got()) {
            tries = 0;
            waiting = null;
            return true;
        }
        waits(grip.obstacle(), grip.pid());
        long now = System.nanoTime();
        if (tries == 0) {
            triesSince = now;
        }
        // The bound is for each time that somebody is in the way, not for the first one only.
        if (deadlineNanos - now > 0 || now - triesSince < boundNanos) {
            again();
        } else if (force) {
            revoke(there, grip);
            wake();
        } else {
            Order asked = order();
            if (asked.wish == Wish.FOLLOW && !asked.done.isDone()) {
                LOG.warn("a lock is not had: database={} reason=\"{}\" pid={}", name, grip.obstacle(), grip.pid());
                asked.done.completeExceptionally(new TimeoutException(
                        name + ": " + grip.obstacle() + (grip.pid() > 0 ? ", pid " + grip.pid() : "")));
            }
            again();
        }
        return false;
    }

    private void again() {
        around.tasks().later(this::wake, tries++ < QUICK_TRIES ? 1 : LONG_RETRY_MILLIS);
    }

    private Grip enterWal(Database there) throws IOException {
        Optional<WalTail> tail = there.walTail();
        WalFollower log = WalFollower.load(around, thread, files(), there, tail);
        if (log == null) {
            thread.call(t -> {
                files().unlock();
                return true;
            });
            return new Grip(false, "another process recovers or reads the WAL", 0);
        }
        wal = log;
        kind = Kind.WAL;
        published = null;
        return Grip.HELD;
    }

    /**
     * RESERVED is held, so no writer lives. What one has left in a transaction would be read as if it went on, because
     * who holds RESERVED has a journal that is not hot: it is taken back, under EXCLUSIVE (E12).
     */
    private Grip endLeftTransaction(Database there) throws IOException {
        kind = Kind.ROLLBACK;
        published = null;
        if (!there.isInTransaction()) {
            return Grip.HELD;
        }
        DatabaseFiles open = files();
        Grip grip = thread.call(t -> open.exclude());
        if (!grip.got()) {
            kind = Kind.NONE;
            thread.call(t -> {
                open.unlock();
                return true;
            });
            return new Grip(false, "a process that died has left a transaction, and " + grip.obstacle(), grip.pid());
        }
        there.giveUp();
        around.awaitInvalidations();
        LOG.info("took back what a process that died had left of a transaction: database={}", name);
        return thread.call(t -> open.toReserved());
    }

    /** Gives back all that is held, if the own thread still answers. */
    private void letGo() {
        DatabaseFiles open = files;
        WalFollower log = wal;
        Database of = database;
        files = null;
        wal = null;
        kind = Kind.NONE;
        excluding = false;
        tries = 0;
        if (open == null) {
            return;
        }
        if (log != null && of != null) {
            of.walPublished(log.published());
        }
        try {
            thread.call(t -> {
                open.close();
                return true;
            });
        } catch (IOException e) {
            LOG.warn("files not closed yet: database={} reason=\"{}\"", name, e.getMessage());
            closeLater(open);
        }
    }

    /** Again if the own thread has too many jobs: locks that stay keep every application out. Waits for nothing. */
    private void closeLater(DatabaseFiles open) {
        thread.run(t -> {
                    open.close();
                    return true;
                })
                .whenComplete((done, failure) -> {
                    if (failure != null) {
                        around.tasks().later(() -> closeLater(open), FAILED_MILLIS);
                    }
                });
    }

    /** The last resort: the name gets a new inode, and what others have open answers EIO (E10). */
    private void revoke(Database there, Grip grip) throws IOException {
        LOG.warn(
                "made handles invalid: database={} reason=\"{}\" pid={} since_ms={}",
                name,
                grip.obstacle(),
                grip.pid(),
                waiting().map(Waiting::sinceMillis).orElse(0L));
        DatabaseFiles open = files();
        thread.call(open::openIndex);
        around.tree().arrivals().revoke(there);
        there.giveUp();
        there.endWal();
        ByteBuffer buffer = Buffers.ofThread().region;
        thread.call(t -> open.poison(buffer));
        letGo();
        around.awaitInvalidations();
    }

    // ---- applying

    /** @return false if something is left that is to be tried soon, and a signal for it will come */
    private boolean applyWaiting() throws IOException {
        long end = System.nanoTime() + TURN_NANOS;
        do {
            List<Arrival> next = around.receiver().waiting(name, TOGETHER_MAX);
            if (next.isEmpty()) {
                if (excluding) {
                    endExclusion();
                }
                waiting = null;
                return true;
            }
            if (!apply(next)) {
                return false;
            }
        } while (System.nanoTime() - end < 0);
        if (excluding) {
            endExclusion();
        }
        wake();
        return false;
    }

    /** @return false if it has to wait; then a later turn is arranged for */
    private boolean apply(List<Arrival> arrivals) throws IOException {
        Arrival first = arrivals.get(0);
        WalFollower log = wal;
        if (log != null && log.fits(first) && !isForTheFile(first)) {
            if (log.mustPause()) {
                waits("readers overlap, and the WAL grows", 0);
                around.tasks().later(this::wake, PAUSE_MILLIS);
                return false;
            }
            int count = appendAndPublish(log, arrivals);
            if (count > 0) {
                tell(arrivals.subList(0, count));
                return true;
            }
        }
        return applyToFile(first);
    }

    private int appendAndPublish(WalFollower log, List<Arrival> arrivals) throws IOException {
        published = around.database(name).map(Database::position).orElse(null);
        int count = log.append(arrivals);
        if (count > 0) {
            log.publish();
        }
        // Not if it throws: what is stored is published when the locks are taken again.
        published = null;
        return count;
    }

    /** Whether it is too much for a WAL, and nobody has the database open. */
    private boolean isForTheFile(Arrival arrival) throws IOException {
        if ((long) arrival.pages() * arrival.header().pageSize() < LARGE_BYTES) {
            return false;
        }
        DatabaseFiles open = files();
        if (thread.call(t -> open.exclude()).got()) {
            excluded();
            return true;
        }
        thread.call(t -> open.toShared());
        return false;
    }

    /** Readers can see them. */
    private void tell(List<Arrival> applied) {
        Database of = database;
        if (of != null) {
            around.tree().arrivals().touched(of);
        }
        for (Arrival arrival : applied) {
            around.applied().accept(arrival.header());
        }
    }

    private boolean applyToFile(Arrival arrival) throws IOException {
        TransactionHeader header = arrival.header();
        Database before = database;
        if (before == null) {
            if (header.image() != Image.DROP) {
                around.tree().arrivals().makeWay(name, header.uid(), header.gid());
            }
        } else if (header.image() != Image.DROP && !exclude(before)) {
            return false;
        }
        if (before != null && header.image() == Image.DROP) {
            drop(arrival, before);
            return true;
        }
        around.receiver().applyToFile(arrival);
        Database now = around.database(name).orElse(null);
        if (now != before) {
            if (excluding) {
                letGo();
            }
            database = now;
            if (now != null) {
                around.tree().arrivals().appeared(now);
                around.awaitInvalidations();
            }
        }
        tell(List.of(arrival));
        if (now != null && kind == Kind.NONE && !excluding) {
            wake();
            return hold();
        }
        return true;
    }

    /** The name goes; open handles of it go on as those of any unlinked file. */
    private void drop(Arrival arrival, Database before) throws IOException {
        letGo();
        around.receiver().applyToFile(arrival);
        around.tree().arrivals().dropped(before);
        around.awaitInvalidations();
        database = around.database(name).orElse(null);
        tell(List.of(arrival));
    }

    // ---- EXCLUSIVE

    /** @return whether EXCLUSIVE is held; if not, a later turn is arranged for */
    private boolean exclude(Database there) throws IOException {
        if (excluding) {
            return true;
        }
        DatabaseFiles open = files();
        Grip grip = thread.call(t -> open.exclude());
        if (grip.got()) {
            excluded();
            return true;
        }
        long now = System.nanoTime();
        if (tries == 0) {
            excludingSince = now;
        }
        waits(grip.obstacle(), grip.pid());
        if (kind == Kind.WAL && now - excludingSince > Math.min(MODE_BOUND_NANOS, boundNanos)) {
            revoke(there, grip);
            wake();
        } else {
            again();
        }
        return false;
    }

    /** EXCLUSIVE is had: what the WAL holds goes to the file first (E11). */
    private void excluded() throws IOException {
        excluding = true;
        tries = 0;
        waiting = null;
        Database of = database;
        if (wal != null && of != null) {
            DatabaseFiles open = files();
            wal = null;
            of.endWal();
            around.tree().arrivals().sidesGone(of);
            around.awaitInvalidations();
        }
    }

    private void endExclusion() throws IOException {
        excluding = false;
        Database of = database;
        DatabaseFiles open = files;
        if (of == null || open == null) {
            letGo();
            return;
        }
        if (!of.isWal()) {
            thread.call(t -> open.toReserved());
            kind = Kind.ROLLBACK;
            return;
        }
        Grip grip = thread.call(open::toWal);
        if (!grip.got() || !enterWal(of).got()) {
            letGo();
            wake();
        }
    }
}
