package io.ltxfs.database;

import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.disk.Errno;
import io.ltxfs.database.log.LogRecord;
import io.ltxfs.database.log.TransactionHeader;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The unlink of a super-journal: it commits every database that is prepared under its name, in one record, durable before
 * the answer; if at least one is prepared and all that are prepared are clean (R9). Otherwise it is a plain unlink:
 * SQLite removes a super-journal after a failure too.
 */
final class GroupDecision {
    private final Services services;
    private final String group;
    private final List<Database> members = new ArrayList<>();

    GroupDecision(Services services, String group, Collection<Database> all) {
        this.services = services;
        this.group = group;
        for (Database database : all) {
            if (database.locked(() -> database.rollback().isMember(group))) {
                members.add(database);
            }
        }
        members.sort(Comparator.comparing(Database::name));
    }

    void run(Completion completion) {
        if (members.isEmpty()) {
            completion.done(Errno.OK);
            return;
        }
        services.host().probeWriteLock(members.get(0), held -> {
            if (held == Host.WriteLock.FREE
                    && members.get(0).locked(() -> members.get(0).rollback().writerIsGone())) {
                completion.done(Errno.EBUSY);
            } else {
                decide(completion);
            }
        });
    }

    private void decide(Completion completion) {
        long mark = 0;
        int errno = Errno.OK;
        lockAll();
        try {
            boolean clean = true;
            List<Long> lsns = new ArrayList<>();
            for (Database member : members) {
                RollbackCapture rollback = member.rollback();
                clean &= rollback.isMember(group) && rollback.isCleanMember();
                lsns.add(rollback.preparedLsn());
            }
            if (clean) {
                errno = mayWrite();
                if (errno == Errno.OK) {
                    mark = services.log().appendOpen(new LogRecord.GroupCommit(lsns));
                } else {
                    mark = refuse(errno);
                }
            }
        } catch (DiskException e) {
            errno = e.errno();
            List<Long> prepared = preparedLsns();
            try {
                mark = refuse(errno);
            } catch (DiskException again) {
                unsettle(prepared, again);
                mark = 0;
            }
        } finally {
            unlockAll();
        }
        if (mark == 0) {
            completion.done(errno);
            return;
        }
        int outcome = errno;
        long last = mark;
        services.log().flush(last, failure -> {
            int decided = flushed(last, outcome, failure);
            if (decided == Errno.OK && outcome == Errno.OK) {
                awaitOthers(last, completion);
            } else {
                completion.done(decided);
            }
        });
    }

    /** Others get the transactions of all members that wait for them, before the unlink is answered. */
    private void awaitOthers(long mark, Completion completion) {
        List<Database> waiting = members.stream().filter(Database::waits).toList();
        if (waiting.isEmpty()) {
            completion.done(Errno.OK);
            return;
        }
        AtomicInteger left = new AtomicInteger(waiting.size());
        AtomicInteger worst = new AtomicInteger();
        for (Database member : waiting) {
            TransactionHeader header = member.locked(() -> member.state().lastHeader());
            services.host().awaitReplication(member, header, mark, errno -> {
                worst.compareAndSet(Errno.OK, errno);
                if (left.decrementAndGet() == 0) {
                    answer(worst.get(), completion);
                }
            });
        }
    }

    /** After an outcome that is not known SQLite would play the journals back. */
    private void answer(int errno, Completion completion) {
        if (errno == Errno.OK) {
            completion.done(Errno.OK);
            return;
        }
        for (Database member : members) {
            member.run(
                    () -> {
                        member.rollback().journalGivenUp();
                        return Errno.OK;
                    },
                    done -> {});
        }
        services.host().afterInvalidations(() -> completion.done(errno));
    }

    private int flushed(long mark, int outcome, @Nullable DiskException flushFailure) {
        lockAll();
        try {
            DiskException failure = flushFailure;
            if (failure == null && outcome == Errno.OK) {
                failure = obstacle();
            }
            if (failure == null && outcome == Errno.OK) {
                services.log().settle(mark);
                for (Database member : members) {
                    member.rollback().groupCommitted();
                }
                return Errno.OK;
            }
            if (failure == null) {
                return outcome;
            }
            List<Long> prepared = preparedLsns();
            try {
                services.log()
                        .flushAndWait(
                                outcome == Errno.OK
                                        ? refuse(failure.errno())
                                        : services.log().lastLsn());
            } catch (DiskException e) {
                unsettle(prepared, e);
            }
            return failure.errno();
        } finally {
            unlockAll();
            runAfter();
        }
    }

    /** Why the group must not be committed although its mark is durable; null if nothing has happened meanwhile. */
    private @Nullable DiskException obstacle() {
        for (Database member : members) {
            if (!member.rollback().isMember(group)) {
                return new DiskException(Errno.EIO, "a transaction of another node came before " + group);
            }
            if (!member.rollback().isCleanMember()) {
                return new DiskException(Errno.EIO, "another program has written to " + member.name());
            }
        }
        int refused = mayWrite();
        return refused == Errno.OK ? null : new DiskException(refused, group + ": the lease has ended");
    }

    /** Withdraws all records; the marks are to be made durable before the error is answered (R8). */
    private long refuse(int errno) throws DiskException {
        long last = 0;
        for (Database member : members) {
            long lsn = member.rollback().preparedLsn();
            if (lsn != 0) {
                last = services.log().append(new LogRecord.Abort(lsn));
            }
            member.rollback().groupRefused(errno);
        }
        return last;
    }

    /** What each member has prepared, 0 for none. */
    private List<Long> preparedLsns() {
        return members.stream().map(member -> member.rollback().preparedLsn()).toList();
    }

    private void unsettle(List<Long> prepared, DiskException cause) {
        for (int i = 0; i < prepared.size(); i++) {
            if (prepared.get(i) != 0) {
                members.get(i).markUnsettled(prepared.get(i), cause);
            }
        }
    }

    private int mayWrite() {
        for (Database member : members) {
            int errno = member.mayWrite();
            if (errno != Errno.OK) {
                return errno;
            }
        }
        return Errno.OK;
    }

    private void lockAll() {
        members.forEach(Database::lock);
    }

    private void unlockAll() {
        members.forEach(Database::unlock);
    }

    /** What adopting left to do without the locks. */
    private void runAfter() {
        members.forEach(member -> member.run(() -> Errno.OK, errno -> {}));
    }
}
