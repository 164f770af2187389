package io.ltxfs.fusefs.replica;

import io.ltxfs.database.Position;
import io.ltxfs.database.log.TransactionHeader;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * The replica's side of a mount. For all threads; nothing here waits for an application.
 *
 * <p>Once the mount is gone from its path, no new application can be locked out or be shown anything: {@link #follow} and
 * {@link #lead} are done at once then and touch nothing. Where it was detached while files were open, commits of those that have
 * them can still come.
 */
public interface ReplicaMount {

    /**
     * A database that does not go on, and why.
     *
     * @param database its name
     * @param reason for people: what it waits for, with the pid that is in the way if it is known
     * @param pid the process that is in the way; 0 if it is not known
     * @param sinceMillis for how long
     */
    record Waiting(String database, String reason, int pid, long sinceMillis) {}

    /**
     * Takes SQLite's write lock of every database and keeps it, also of databases that come later, until {@link #lead}:
     * what is received is applied from then on. A database whose lock some application holds is waited for.
     *
     * @param bound for how long applications may go on with a transaction that is open. After it the database gets a new
     *     inode if {@code force}, else it is waited for without end
     * @return done when all locks are held; exceptionally with a TimeoutException at the bound if not {@code force}
     */
    CompletableFuture<Void> follow(Duration bound, boolean force);

    /** Applies everything that was received, then gives all locks back. Done when applications can write. */
    CompletableFuture<Void> lead();

    /** Gives back the locks that {@link #follow} has taken for a hand-over that was given up; nothing is applied. */
    void letWrite();

    /**
     * The last transaction of a database that readers see; empty if there is no such database. The database's own
     * position may be a moment ahead of it: frames are stored before they are published.
     */
    Optional<Position> readable(String database);

    /** Told after each transaction that was applied; must return at once. */
    void onApplied(Consumer<TransactionHeader> listener);

    /** Databases that do not go on at this moment. */
    List<Waiting> waiting();
}
