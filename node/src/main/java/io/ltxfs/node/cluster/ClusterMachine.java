package io.ltxfs.node.cluster;

import io.ltxfs.node.cluster.Standing.Place;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * What a node of a cluster decides: told what happened, it says what to do. Time is the nanoseconds of one monotonic clock
 * that goes on while the machine sleeps. For one thread.
 */
public final class ClusterMachine {

    /**
     * A node that was just started. It takes nothing, follows nobody, and holds no lease.
     *
     * @param memory as it was remembered, durably
     * @param positions the last durable transaction of every database that there is or was, but for those moved aside.
     *     Asked only while an event is told
     */
    public ClusterMachine(
            ClusterSettings settings, ClusterMemory memory, Supplier<Map<String, Place>> positions, long now) {
        throw new UnsupportedOperationException(settings.toString() + memory + positions + now);
    }

    /** Tells what happened. @return what to do, in order, before the next event is told */
    public List<Action> on(Event event, long now) {
        throw new UnsupportedOperationException(event.toString() + now);
    }

    /** When it wants to be told of the time at the latest. */
    public long wakeAt(long now) {
        throw new UnsupportedOperationException(Long.toString(now));
    }

    /** What the node shows. */
    public ClusterStatus status(long now) {
        throw new UnsupportedOperationException(Long.toString(now));
    }

    /** What this node says that it has. */
    public Standing standing() {
        throw new UnsupportedOperationException();
    }

    /** This node and its peers, for the heartbeats of a primary. */
    public List<Peer> members() {
        throw new UnsupportedOperationException();
    }
}
