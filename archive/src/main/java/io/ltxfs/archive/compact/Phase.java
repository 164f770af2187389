package io.ltxfs.archive.compact;

import java.time.Duration;

/**
 * When a database's turn comes: at multiples of an interval, shifted by the database's name, so that databases that were
 * written at the same moment are not compacted at the same moment. Pure.
 */
final class Phase {
    /** Spreads the bits of a hash: Knuth's multiplier. */
    private static final long SPREAD = 0x9E3779B97F4A7C15L;

    private final long seed;

    Phase(String database) {
        this.seed = (database.hashCode() * SPREAD) >>> 1;
    }

    /** The first turn after a moment, both in milliseconds since the Unix epoch. */
    long next(long millis, Duration interval) {
        long length = Math.max(1, interval.toMillis());
        return millis + length - Math.floorMod(millis - seed % length, length);
    }

    /** Whether there was a turn after one moment and not after another one. */
    boolean isPassed(long fromMillis, long toMillis, Duration interval) {
        return next(fromMillis, interval) <= toMillis;
    }
}
