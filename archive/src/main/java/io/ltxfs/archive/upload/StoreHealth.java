package io.ltxfs.archive.upload;

import java.util.Random;
import java.util.concurrent.TimeUnit;

/**
 * Whether the store answers. After a failure nothing is tried for a while, which grows up to half a minute while failures
 * follow each other, and then one upload at a time until one succeeds. The lock of {@link Uploads} owns it.
 */
final class StoreHealth {
    static final long PAUSE_MAX_NANOS = TimeUnit.SECONDS.toNanos(30);
    private static final long PAUSE_MIN_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    private static final int DOUBLINGS_MAX = 10;

    private final Random random;
    private int failures;
    private long pausedUntilNanos;
    private long sinceMillis;
    private String cause = "";

    StoreHealth(Random random) {
        this.random = random;
    }

    boolean isWell() {
        return failures == 0;
    }

    /** What the store said last; empty if all is well. */
    String cause() {
        return cause;
    }

    /** Since when it fails, milliseconds since the Unix epoch. */
    long sinceMillis() {
        return sinceMillis;
    }

    /** When the next upload may be tried. */
    long pausedUntilNanos() {
        return pausedUntilNanos;
    }

    /**
     * A request failed.
     *
     * @param answered whether another one was answered just before
     * @param pauseMaxNanos for how long to try nothing at most
     * @return whether this is the first failure of a row
     */
    boolean failed(long nowNanos, long nowMillis, String message, boolean answered, long pauseMaxNanos) {
        boolean first = failures == 0;
        if (first) {
            sinceMillis = nowMillis;
        }
        cause = message;
        if (answered) {
            failures = 0;
        }
        long pause = Math.min(pauseMaxNanos, PAUSE_MIN_NANOS << Math.min(failures, DOUBLINGS_MAX));
        failures++;
        pausedUntilNanos = nowNanos + pause / 2 + (long) (random.nextDouble() * pause / 2);
        return first;
    }

    /** @return whether it had failed before */
    boolean succeeded() {
        boolean was = failures > 0;
        failures = 0;
        cause = "";
        return was;
    }

    /** Lets the next upload be tried at once. */
    void tryNow(long nowNanos) {
        pausedUntilNanos = nowNanos;
    }
}
