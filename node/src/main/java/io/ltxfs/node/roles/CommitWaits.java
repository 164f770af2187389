package io.ltxfs.node.roles;

import io.ltxfs.database.Completion;
import io.ltxfs.database.disk.Errno;
import io.ltxfs.node.cluster.Action;
import io.ltxfs.node.cluster.Event;
import io.ltxfs.node.config.Durability;
import io.ltxfs.node.config.LtxfsConfig;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.LongToIntFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The commits of this node that are durable here and wait for more. Each holds its completion and no thread; there are at
 * most as many as system calls of applications. For all threads.
 */
public final class CommitWaits implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(CommitWaits.class);

    private record Waiting(String database, long epoch, Completion completion, long boundNanoTime) {}

    private final LtxfsConfig config;
    private final Consumer<Event> tell;
    private final ClusterArchive archive;
    private final LongToIntFunction mayCommit;
    private final AtomicLong numbers;
    private final Map<Long, Waiting> waiting = new ConcurrentHashMap<>();
    private final Map<String, Boolean> waits = new ConcurrentHashMap<>();
    private final boolean anyWaits;
    private final AtomicLong degraded = new AtomicLong();
    private volatile boolean closed;

    /** Whoever waits for the commit goes on in here, and may do much: not on the thread of the cluster. */
    private final ExecutorService answers = Executors.newSingleThreadExecutor(task -> {
        Thread thread = new Thread(task, "commit-answers");
        thread.setDaemon(true);
        return thread;
    });

    /**
     * None waits yet.
     *
     * @param mayCommit asked, for the epoch of a commit, before it is answered: whoever has lost the lease meanwhile does not
     *     say that it is done, not even when the lease is there again
     * @param numbers gives numbers that nobody else has
     */
    public CommitWaits(
            LtxfsConfig config,
            Consumer<Event> tell,
            ClusterArchive archive,
            LongToIntFunction mayCommit,
            AtomicLong numbers) {
        this.config = config;
        this.tell = tell;
        this.archive = archive;
        this.mayCommit = mayCommit;
        this.numbers = numbers;
        this.anyWaits = config.durabilities().anyMatch(durability -> !(durability instanceof Durability.Local));
    }

    /** Whether the commits of a database wait. Answers from memory. */
    public boolean waits(String database) {
        return anyWaits
                && waits.computeIfAbsent(database, name -> !(config.durabilityFor(name) instanceof Durability.Local));
    }

    /** A transaction of an epoch is durable here and waits. */
    public void await(String database, long epoch, long txid, Completion completion) {
        Durability durability = config.durabilityFor(database);
        LtxfsConfig.DurabilityWait bound = config.durabilityWaitFor(database);
        long number = numbers.incrementAndGet();
        waiting.put(
                number,
                new Waiting(
                        database,
                        epoch,
                        completion,
                        System.nanoTime() + bound.max().toNanos()));
        if (closed) {
            answer(List.of(number), Action.Outcome.UNKNOWN); // nobody hears of it any more
            return;
        }
        tell.accept(new Event.CommitWaits(
                number, database, txid, durability, bound.max().toNanos(), bound.then()));
        if (durability instanceof Durability.Archive) {
            archive.whenArchived(database, txid, () -> tell.accept(new Event.Archived(database, txid)));
        }
    }

    /** Answers some of them. */
    void answer(List<Long> commits, Action.Outcome outcome) {
        for (long number : commits) {
            Waiting done = waiting.remove(number);
            if (done != null) {
                if (outcome == Action.Outcome.DEGRADED) {
                    degraded.incrementAndGet();
                }
                complete(done, outcome != Action.Outcome.UNKNOWN);
            }
        }
    }

    private void complete(Waiting done, boolean asDurable) {
        Runnable answer = () -> {
            try {
                boolean known = asDurable && mayCommit.applyAsInt(done.epoch()) == Errno.OK;
                done.completion().done(known ? Errno.OK : Errno.EIO);
            } catch (RuntimeException e) {
                LOG.error("could not answer a commit database={}", done.database(), e);
            }
        };
        try {
            answers.execute(answer);
        } catch (RejectedExecutionException e) {
            answer.run(); // the node stops, and an application waits
        }
    }

    /** How many wait. */
    int size() {
        return waiting.size();
    }

    /** The databases of commits that wait beyond their bound, by name. */
    List<String> overdue() {
        long now = System.nanoTime();
        return waiting.values().stream()
                .filter(each -> now - each.boundNanoTime() > 0)
                .map(Waiting::database)
                .distinct()
                .sorted()
                .toList();
    }

    /** How many were answered without what they should have waited for. */
    long degraded() {
        return degraded.get();
    }

    @Override
    public void close() {
        closed = true;
        for (Long number : waiting.keySet()) {
            Waiting left = waiting.remove(number);
            if (left != null) {
                complete(left, false);
            }
        }
        answers.shutdown();
    }
}
