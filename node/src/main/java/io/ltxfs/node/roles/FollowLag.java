package io.ltxfs.node.roles;

import io.ltxfs.node.cluster.Standing.Place;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.ToLongFunction;

/**
 * How far this node is behind the primary that it follows: how long ago it was told of a state of the primary that its
 * readers can see all of. For all threads.
 */
final class FollowLag {
    private final LongSupplier clock;
    private final ToLongFunction<String> applied;
    private final Map<String, Long> wanted = new HashMap<>();
    private long wantedAt;
    private long levelAt;

    /** @param applied the TXID that a database shows to its readers; 0 for none */
    FollowLag(LongSupplier clock, ToLongFunction<String> applied) {
        this.clock = clock;
        this.applied = applied;
        this.levelAt = clock.getAsLong();
        this.wantedAt = levelAt;
    }

    /** A primary has taken this node in. */
    synchronized void follows(Map<String, Place> start) {
        wanted.clear();
        heartbeat(start);
    }

    /** The primary told where it is, as far as that changed. */
    synchronized void heartbeat(Map<String, Place> positions) {
        look();
        positions.forEach((database, place) -> wanted.put(database, place.txid()));
        wantedAt = clock.getAsLong();
        look();
    }

    /** There is no connection any more: what the primary has is not known. */
    synchronized void lost() {
        look();
    }

    /** Something was applied. */
    synchronized void moved() {
        look();
    }

    private void look() {
        wanted.entrySet()
                .removeIf(entry -> Long.compareUnsigned(applied.applyAsLong(entry.getKey()), entry.getValue()) >= 0);
        if (wanted.isEmpty()) {
            levelAt = wantedAt;
        }
    }

    /** Milliseconds since then. */
    synchronized long millis() {
        look();
        return Math.max(0, TimeUnit.NANOSECONDS.toMillis(clock.getAsLong() - levelAt));
    }
}
