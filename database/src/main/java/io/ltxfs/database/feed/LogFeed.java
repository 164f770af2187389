package io.ltxfs.database.feed;

import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.log.TransactionLog;
import io.ltxfs.database.log.TransactionLog.PageVisitor;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;

/** The feed of a log, and what the one who trims that log has to know of its followers. */
public final class LogFeed implements TransactionFeed {
    private final TransactionLog log;
    private final List<LogFollower> followers = new CopyOnWriteArrayList<>();

    public LogFeed(TransactionLog log) {
        this.log = log;
        log.onProgress(this::wakeAll);
    }

    @Override
    public Follower follow(String name, Kind kind, long fromLsn, Runnable wake) {
        LogFollower follower = new LogFollower(log, name, kind, fromLsn, wake, followers::remove);
        followers.add(follower);
        follower.wake();
        return follower;
    }

    @Override
    public void pages(Transaction transaction, PageVisitor visitor) throws DiskException {
        log.pages(transaction.entry(), visitor);
    }

    @Override
    public void merged(List<Transaction> transactions, PageVisitor visitor) throws DiskException {
        log.newestPages(transactions.stream().map(Transaction::entry).toList(), visitor);
    }

    @Override
    public double backlog() {
        long keep = keepFromLsn(Kind.ARCHIVE);
        return keep == Long.MAX_VALUE ? 0 : (double) log.bytesFrom(keep) / log.maxBytes();
    }

    /** Whether anyone follows. */
    public boolean isFollowed() {
        return !followers.isEmpty();
    }

    /** Whether anyone of a kind follows. */
    public boolean isFollowed(Kind kind) {
        for (LogFollower follower : followers) {
            if (follower.kind() == kind) {
                return true;
            }
        }
        return false;
    }

    /** The first LSN that a follower still needs; {@link Long#MAX_VALUE} without followers. */
    public long keepFromLsn() {
        return Math.min(keepFromLsn(Kind.ARCHIVE), keepFromLsn(Kind.REPLICA));
    }

    /** The first LSN that a follower of a kind still needs; {@link Long#MAX_VALUE} if there is none. */
    public long keepFromLsn(Kind kind) {
        long keep = Long.MAX_VALUE;
        for (LogFollower follower : followers) {
            if (follower.kind() == kind) {
                keep = Math.min(keep, follower.keepFromLsn());
            }
        }
        return keep;
    }

    /** The name of the archive's follower that is furthest behind. */
    public Optional<String> last() {
        return followers.stream()
                .filter(follower -> follower.kind() == Kind.ARCHIVE)
                .min(Comparator.comparingLong(LogFollower::keepFromLsn))
                .map(LogFollower::name);
    }

    /** Told after the log was trimmed without regard to followers. */
    public void trimmed() {
        for (LogFollower follower : followers) {
            if (follower.keepFromLsn() < log.firstLsn()) {
                follower.wake();
            }
        }
    }

    private void wakeAll() {
        for (LogFollower follower : followers) {
            follower.wake();
        }
    }
}
