package io.ltxfs.node.replication;

import java.io.IOException;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Keeps a promise: once {@link #promise} has returned, nothing of a lower epoch is taken or acknowledged by this node, and
 * what was under way is over. So what a node says it has, after it promised, is all that it ever acknowledged.
 *
 * <p>Those who pass never wait: one that did, on the thread that makes the log durable, could hold up the very thing that a
 * promise waits for. So each promise begins a new round, and waits for the passes of the round before.
 */
public final class EpochGate {
    /** Something that may be done under an epoch only. */
    @FunctionalInterface
    public interface Action {
        /** Does it. */
        void run() throws IOException;
    }

    /** What is done under one epoch: by somebody who does not know the gate, or long after the epoch was looked at. */
    @FunctionalInterface
    public interface Term {
        /**
         * Does something.
         *
         * @throws IOException if a higher epoch was promised, with nothing done; or what the action throws
         */
        void run(Action action) throws IOException;
    }

    /** Those who pass between two promises. */
    private static final class Round {
        private int passing;
        private boolean over;

        synchronized boolean enter() {
            if (!over) {
                passing++;
            }
            return !over;
        }

        synchronized void leave() {
            if (--passing == 0) {
                notifyAll();
            }
        }

        synchronized void end() {
            over = true;
            boolean interrupted = false;
            while (passing > 0) {
                try {
                    wait();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private final AtomicReference<Round> round = new AtomicReference<>(new Round());
    private volatile long promised;

    /** A gate as the node's durable promise says. */
    public EpochGate(long promised) {
        this.promised = promised;
    }

    /** The highest epoch that was promised. */
    public long promised() {
        return promised;
    }

    /** Lets nothing of an epoch below this one through any more; waits for what is under way. To be made durable before or after. */
    public void promise(long epoch) {
        synchronized (this) {
            if (Long.compareUnsigned(epoch, promised) <= 0) {
                return;
            }
            promised = epoch;
        }
        Objects.requireNonNull(round.getAndSet(new Round())).end();
    }

    /**
     * Does something under an epoch.
     *
     * @return false if a higher one was promised: nothing was done
     */
    public boolean pass(long epoch, Action action) throws IOException {
        Round entered = enter();
        try {
            if (Long.compareUnsigned(epoch, promised) < 0) {
                return false;
            }
            action.run();
            return true;
        } finally {
            entered.leave();
        }
    }

    /** The same for many things, for those who fail when the epoch is over. */
    public Term term(long epoch) {
        return action -> {
            if (!pass(epoch, action)) {
                throw new IOException("epoch " + Long.toUnsignedString(epoch) + " is over: this node has promised "
                        + Long.toUnsignedString(promised));
            }
        };
    }

    private Round enter() {
        while (true) {
            Round now = Objects.requireNonNull(round.get());
            if (now.enter()) {
                return now;
            }
            Thread.onSpinWait();
        }
    }
}
