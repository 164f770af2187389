package io.ltxfs.node.cluster.sim;

import io.ltxfs.node.cluster.Action;
import io.ltxfs.node.cluster.Event;
import io.ltxfs.node.config.Durability;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A node's mount: what applications commit, SQLite's locks, and what is applied. One transaction of a database at a time. */
final class Writes {
    private static final long BUSY_TIMEOUT = 500 * World.MILLISECOND;
    private static final long BUSY_RETRY = 20 * World.MILLISECOND;

    /** What an application is told. */
    enum Result {
        /** Committed. */
        DONE,
        /** "database is locked", or EIO before anything was kept. */
        REFUSED,
        /** EIO: it may be kept or not. */
        UNKNOWN
    }

    private final class Commit {
        final Tx tx;
        final Consumer<Result> answer;

        Commit(Tx tx, Consumer<Result> answer) {
            this.tx = tx;
            this.answer = answer;
        }

        void end(Result result) {
            if (running.get(tx.database) == this) {
                running.remove(tx.database);
                answer.accept(result);
            }
        }
    }

    private final Node node;
    private final World world;
    private long accepting = -1;
    /** The node itself has SQLite's locks, as every replica does. */
    private boolean locked = true;

    private final Map<String, Commit> running = new TreeMap<>();
    private final Map<Long, Commit> waiting = new HashMap<>();
    private final Map<String, Long> appliedAt = new HashMap<>();
    private int toApply;

    Writes(Node node) {
        this.node = node;
        this.world = node.world;
    }

    /** The epoch under which commits are accepted if the lease says so too; -1 if they are not. */
    long accepting() {
        return accepting;
    }

    /** Whether a commit could be made now. */
    boolean mayCommit() {
        return accepting >= 0 && !locked && node.epochHeld() == accepting;
    }

    int waiting() {
        return running.size();
    }

    int toApply() {
        return toApply;
    }

    boolean perform(Action action) {
        if (action instanceof Action.AcceptWrites accept) {
            accepting = accept.epoch();
            node.cluster.judge.accepts(node, accepting);
            node.cluster.trouble.after(Trouble.Moment.ACCEPTED, node.machine());
        } else if (action instanceof Action.RefuseWrites) {
            accepting = -1;
        } else if (action instanceof Action.AnswerCommits answer) {
            for (long commit : answer.commits()) {
                Commit each = waiting.remove(commit);
                if (each != null) {
                    answer(each, answer.outcome());
                }
            }
        } else if (action instanceof Action.TakeLocks take) {
            locked = true;
            takeLocks(take, world.now() + take.bound().toNanos());
        } else if (action instanceof Action.LetWrite) {
            locked = false;
        } else if (action instanceof Action.GiveLocks give) {
            giveLocks(give.step());
        } else if (action instanceof Action.Flush flush) {
            node.flush(() -> {
                node.serving.push();
                node.tell(new Event.Done(flush.step()));
            });
        } else {
            return false;
        }
        return true;
    }

    private void takeLocks(Action.TakeLocks take, long until) {
        if (running.isEmpty() || take.force() && world.now() >= until) {
            node.tell(new Event.Done(take.step()));
        } else if (world.now() >= until) {
            node.tell(new Event.Failed(take.step(), "an application sits in a transaction"));
        } else {
            node.in(5 * World.MILLISECOND, () -> takeLocks(take, until));
        }
    }

    private void giveLocks(long step) {
        if (toApply > 0) {
            node.in(2 * World.MILLISECOND, () -> giveLocks(step));
            return;
        }
        locked = false;
        node.tell(new Event.Done(step));
    }

    // ---- commits

    /** An application commits a transaction; it waits in its busy timeout when it has to. */
    void write(String database, long content, Consumer<Result> answer) {
        write(database, content, answer, world.now() + BUSY_TIMEOUT);
    }

    private void write(String database, long content, Consumer<Result> answer, long until) {
        if (mayCommit() && !running.containsKey(database)) {
            commit(database, content, answer);
        } else if (world.now() >= until) {
            answer.accept(Result.REFUSED);
        } else {
            node.in(BUSY_RETRY, () -> write(database, content, answer, until));
        }
    }

    private void commit(String database, long content, Consumer<Result> answer) {
        node.cluster.judge.onePrimary();
        Disk disk = node.disk();
        Tx tx = Tx.after(database, disk.last(database), accepting, content);
        Commit commit = new Commit(tx, answer);
        running.put(database, commit);
        node.cluster.judge.begins(tx);
        disk.append(database, tx);
        world.note("{} commits {}", node, tx);
        node.flush(() -> durableHere(commit));
    }

    private void durableHere(Commit commit) {
        node.serving.push();
        Tx tx = commit.tx;
        if (node.epochHeld() != tx.epoch || accepting != tx.epoch) {
            commit.end(Result.UNKNOWN);
            return;
        }
        Durability durability = durability(tx);
        if (durability instanceof Durability.Local) {
            done(commit, false);
            return;
        }
        long id = node.next();
        waiting.put(id, commit);
        node.tell(new Event.CommitWaits(
                id, tx.database, tx.txid, durability, node.cluster.plan.waitMaxNanos, node.cluster.plan.whenWaitEnds));
    }

    private Durability durability(Tx tx) {
        Durability durability = node.cluster.plan.durability.get(tx.database);
        return durability == null ? new Durability.Local() : durability;
    }

    private void answer(Commit commit, Action.Outcome outcome) {
        switch (outcome) {
            case DURABLE -> done(commit, true);
            case DEGRADED -> done(commit, false);
            default -> commit.end(Result.UNKNOWN);
        }
    }

    private void done(Commit commit, boolean kept) {
        if (node.epochHeld() != commit.tx.epoch) {
            commit.end(Result.UNKNOWN);
            return;
        }
        node.cluster.judge.acknowledges(node, commit.tx, kept, durability(commit.tx));
        node.cluster.trouble.after(Trouble.Moment.ACKNOWLEDGED, node.machine());
        commit.end(Result.DONE);
    }

    /** What a reader on this node sees of a database. */
    @Nullable
    Tx read(String database) {
        return node.disk().last(database);
    }

    // ---- applying

    /** Applies what was received, once readers let it. */
    void apply(Tx head, Runnable applied) {
        long delay = world.fault(40) ? world.upTo(world.between(0, World.SECOND)) : world.upTo(3 * World.MILLISECOND);
        long at = Math.max(appliedAt.getOrDefault(head.database, 0L), world.now() + delay);
        appliedAt.put(head.database, at);
        toApply++;
        node.in(at - world.now(), () -> {
            toApply--;
            applied.run();
        });
    }
}
