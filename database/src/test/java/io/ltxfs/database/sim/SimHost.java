package io.ltxfs.database.sim;

import io.ltxfs.database.Completion;
import io.ltxfs.database.Database;
import io.ltxfs.database.Host;
import io.ltxfs.database.log.TransactionHeader;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The mount as far as the databases need one, on one thread. Locks are those that the recorded processes held; answers
 * wait until the call that asked has returned, background tasks until {@link #runTask}.
 */
final class SimHost implements Host {
    private static final long PENDING_BYTE = 0x40000000L;
    private static final int DATABASE_LOCKS = 512;
    private static final int WAL_INDEX_WRITE = 120;

    private final Deque<Runnable> answers = new ArrayDeque<>();
    private final Deque<Runnable> tasks = new ArrayDeque<>();
    /** Per path and process: the lock on each byte from the first lock byte on. */
    private final Map<String, Map<Integer, char[]>> locks = new HashMap<>();

    private int refusal;
    private boolean late;
    private Runnable onLateRefusal = () -> {};
    private boolean foreign;
    private Runnable onExclusiveEnd = () -> {};

    /** What {@link #mayCommit} answers from now on. */
    void refuse(int errno) {
        refusal = errno;
        late = false;
    }

    /** The lease ends between the first time it is asked for and the second. */
    void refuseLate(int errno) {
        refusal = errno;
        late = true;
    }

    /** What others do just before a late refusal. */
    void onLateRefusal(Runnable action) {
        onLateRefusal = action;
    }

    /** While set, no process seems to hold a lock: the next call is one that SQLite did not make. */
    void foreign(boolean isForeign) {
        foreign = isForeign;
    }

    void lock(TraceRecord record) {
        ByteBuffer data = ByteBuffer.wrap(record.data()).order(ByteOrder.LITTLE_ENDIAN);
        long length = data.getLong();
        char type = (char) data.get();
        boolean index = record.path().endsWith("-shm");
        long base = index ? 0 : PENDING_BYTE;
        char[] held = locks.computeIfAbsent(record.path(), p -> new HashMap<>())
                .computeIfAbsent(record.pid(), p -> new char[DATABASE_LOCKS]);
        for (int i = 0; i < held.length; i++) {
            long at = base + i;
            if (at >= record.offset() && (length == 0 || at < record.offset() + length)) {
                held[i] = type;
            }
        }
    }

    /** POSIX locks: one close of a file gives up all that the process holds on it. */
    void closed(String path, int pid) {
        Map<Integer, char[]> held = locks.get(path);
        if (held != null) {
            held.remove(pid);
        }
    }

    void exited(int pid) {
        locks.values().forEach(held -> held.remove(pid));
    }

    /** Gives the answers that were asked for; call it when the code under test has returned. */
    boolean runAnswers() {
        boolean any = false;
        for (Runnable answer = answers.poll(); answer != null; answer = answers.poll()) {
            answer.run();
            any = true;
        }
        return any;
    }

    /** What happens when the node gives an exclusive lock back. */
    void onExclusiveEnd(Runnable action) {
        onExclusiveEnd = action;
    }

    /** How many answers are not given yet. */
    int questions() {
        return answers.size();
    }

    /** Gives the oldest of these answers only. */
    void runAnswer() {
        answers.remove().run();
    }

    /** Runs the oldest background task. */
    boolean runTask() {
        Runnable task = tasks.poll();
        if (task == null) {
            return false;
        }
        task.run();
        runAnswers();
        return true;
    }

    @Override
    public void probeWriteLock(Database database, Consumer<WriteLock> answer) {
        answers.add(() -> answer.accept(writeLocked(database.name()) ? WriteLock.HELD : WriteLock.FREE));
    }

    @Override
    public void withExclusiveLock(Database database, Consumer<Boolean> action) {
        answers.add(() -> {
            action.accept(!locked(database.name(), 0, DATABASE_LOCKS, "rw"));
            onExclusiveEnd.run();
        });
    }

    @Override
    public void withExclusiveLocks(Database first, Database second, Consumer<Boolean> action, Runnable afterwards) {
        answers.add(() -> {
            action.accept(
                    !locked(first.name(), 0, DATABASE_LOCKS, "rw") && !locked(second.name(), 0, DATABASE_LOCKS, "rw"));
            afterwards.run();
        });
    }

    @Override
    public void invalidate(Database database, long offset, long length) {}

    @Override
    public void checkDiedWriter(Database database) {}

    @Override
    public void background(Runnable task) {
        tasks.add(task);
    }

    /** A commit that waits for others. */
    interface Waiter {
        /** @param completion what to tell when they have it */
        void await(Database database, TransactionHeader header, long lsn, Completion completion);
    }

    private @Nullable Waiter waiter;

    /** From now on commits wait: what for, is asked when the code under test has returned. */
    void commitsWait(Waiter newWaiter) {
        waiter = newWaiter;
    }

    @Override
    public boolean waits(String database) {
        return waiter != null;
    }

    @Override
    public void awaitReplication(Database database, TransactionHeader header, long lsn, Completion completion) {
        Waiter asked = waiter;
        if (asked == null) {
            throw new AssertionError("nobody waits");
        }
        answers.add(() -> asked.await(database, header, lsn, completion));
    }

    @Override
    public int processOf(int pid) {
        return pid;
    }

    @Override
    public int mayCommit() {
        if (late) {
            late = false;
            return 0;
        }
        if (refusal != 0) {
            onLateRefusal.run();
        }
        return refusal;
    }

    @Override
    public long epoch() {
        return 0;
    }

    private boolean writeLocked(String name) {
        return !foreign
                && (locked(name, 0, DATABASE_LOCKS, "w")
                        || locked(name + "-shm", WAL_INDEX_WRITE, WAL_INDEX_WRITE + 1, "w"));
    }

    private boolean locked(String path, int from, int to, String types) {
        for (char[] held : locks.getOrDefault(path, Map.of()).values()) {
            for (int i = from; i < to; i++) {
                if (held[i] != 0 && types.indexOf(held[i]) >= 0) {
                    return true;
                }
            }
        }
        return false;
    }
}
