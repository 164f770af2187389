package io.ltxfs.node.cluster;

import io.ltxfs.lease.LeaseRecord;
import io.ltxfs.node.cluster.Leading.Successor;
import io.ltxfs.node.cluster.Standing.Place;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * A primary that gives its role away in order: the successor gets what there is at that moment; then SQLite's locks are
 * taken, so that writers wait in their busy timeouts, and not for long; all is made durable; the successor gets the rest;
 * the lease is offered to it. Until the offer, everything can be undone. Without a successor the lease is given back
 * instead.
 */
final class HandingOver {
    /** How far it is. */
    private enum Stage {
        CATCHING_UP,
        LOCKING,
        FLUSHING,
        DRAINING,
        CLOSING,
        OFFERING,
        OVER
    }

    private final Shared shared;
    private final Leading leading;
    private final long epoch;
    private final Optional<Successor> successor;
    private final OptionalLong request;

    private final Map<String, Place> first;

    private Stage stage = Stage.CATCHING_UP;
    private long giveUpAt;
    private long step;
    private long offeredAt;
    private @Nullable Map<String, Place> everything;
    private @Nullable String failure;

    /**
     * Begins.
     *
     * @param successor to whom; empty to give the lease back
     * @param request who is told of the outcome
     */
    HandingOver(Shared shared, Leading leading, long epoch, Optional<Successor> successor, OptionalLong request) {
        this.shared = shared;
        this.leading = leading;
        this.epoch = epoch;
        this.successor = successor;
        this.request = request;
        this.first = shared.positions();
        this.giveUpAt = shared.now() + shared.settings.handOverMax().toNanos();
        if (successor.isEmpty()) {
            lock();
        }
    }

    private void lock() {
        stage = Stage.LOCKING;
        giveUpAt = shared.now() + shared.settings.handOverMax().toNanos();
        step = shared.nextStep();
        shared.add(new Action.TakeLocks(step, shared.settings.handOverMax().dividedBy(2), false));
    }

    void done(long answered) {
        if (answered != step) {
            return;
        }
        if (stage == Stage.LOCKING) {
            flush(Stage.FLUSHING);
        } else if (stage == Stage.FLUSHING) {
            everything = shared.positions();
            stage = Stage.DRAINING;
        } else if (stage == Stage.CLOSING) {
            offer(successor.orElseThrow());
        }
    }

    /** No commit can come any more: what the successor has is everything, or it is not. */
    private void offer(Successor to) {
        if (!shared.positions().equals(everything)) {
            giveUp("something was committed without SQLite's locks");
            return;
        }
        stage = Stage.OFFERING;
        step = shared.nextStep();
        offeredAt = shared.now();
        shared.add(new Action.Offer(step, epoch, to.process(), to.peer()));
    }

    private void flush(Stage next) {
        stage = next;
        step = shared.nextStep();
        shared.add(new Action.Flush(step));
    }

    void failed(Event.Failed event) {
        if (event.step() != step || stage == Stage.OVER) {
            return;
        }
        if (successor.isEmpty() && stage == Stage.LOCKING) {
            flush(Stage.FLUSHING);
        } else if (successor.isEmpty() && stage == Stage.FLUSHING) {
            stage = Stage.DRAINING;
        } else {
            giveUp(event.why());
        }
    }

    private void giveUp(String why) {
        if (stage == Stage.CLOSING || stage == Stage.OFFERING) {
            shared.add(new Action.AcceptWrites(epoch));
        }
        if (stage != Stage.CATCHING_UP) {
            shared.add(new Action.LetWrite());
        }
        stage = Stage.OVER;
        failure = why;
    }

    void advance() {
        if (stage == Stage.OVER) {
            return;
        }
        if (stage == Stage.OFFERING) {
            boolean shown = shared.lease()
                    .seen()
                    .filter(seen -> Shared.isAbove(seen.record().epoch(), epoch))
                    .isPresent();
            if (shown || Shared.isAbove(shared.promised(), epoch) || shared.isPast(offeredAt + 2 * shared.ttlNanos())) {
                stage = Stage.OVER;
            }
            return;
        }
        if (successor.isEmpty()) {
            if (stage == Stage.DRAINING || shared.isPast(giveUpAt)) {
                shared.add(new Action.RefuseWrites());
                shared.add(new Action.ReleaseLease());
                stage = Stage.OVER;
            }
            return;
        }
        Successor to = successor.get();
        if (!leading.isThere(to)) {
            giveUp("the connection to " + to.peer().node() + " is gone");
        } else if (stage == Stage.CATCHING_UP) {
            if (leading.hasAll(to, first)) {
                lock();
            } else if (shared.isPast(giveUpAt)) {
                giveUp(to.peer().node() + " is too far behind");
            }
        } else if (stage == Stage.DRAINING && everything != null && leading.hasAll(to, everything)) {
            shared.add(new Action.RefuseWrites());
            flush(Stage.CLOSING);
        } else if (shared.isPast(giveUpAt)) {
            giveUp(to.peer().node() + " did not get everything in time");
        }
    }

    /** Whether the lease is being given away, so that its loss is no surprise. */
    boolean isOffering() {
        return stage == Stage.OFFERING;
    }

    boolean isOver() {
        return stage == Stage.OVER;
    }

    /** Why it was given up and this node is still the primary; empty if the role is gone. */
    Optional<String> failure() {
        return Optional.ofNullable(failure);
    }

    OptionalLong request() {
        return request;
    }

    /** To whom, for people. */
    String to() {
        return successor.map(to -> to.peer().node()).orElse("whoever comes first");
    }

    /** Whether the lease names the successor, as far as it was seen. */
    boolean isShown() {
        return successor.isEmpty()
                || shared.lease()
                        .seen()
                        .map(seen -> seen.record())
                        .filter(record -> Shared.isAbove(record.epoch(), epoch))
                        .map(LeaseRecord::node)
                        .filter(node -> node.equals(successor.get().peer().node()))
                        .isPresent();
    }
}
