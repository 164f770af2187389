package io.ltxfs.objectstore.retry;

import java.util.random.RandomGenerator;

/**
 * How often to try, and how long to wait in between: the n-th pause is anything between half of and all of
 * {@code firstPauseMillis} times 2 to the n-th, up to a bound. The chance in it keeps many clients from coming back
 * together.
 *
 * @param triesMax how often in all, 1 or more
 * @param firstPauseMillis the longest that the first pause can be
 * @param pauseMillisMax the longest that any pause can be
 * @param totalMillisMax no try begins later than this after the first one
 */
public record RetryPolicy(int triesMax, long firstPauseMillis, long pauseMillisMax, long totalMillisMax) {

    /** For a hiccup: four tries, at most 0.7 s of pauses, and none begins after 10 s. */
    public static final RetryPolicy BRIEF = new RetryPolicy(4, 100, 1_000, 10_000);

    /** Checks the bounds. */
    public RetryPolicy {
        if (triesMax < 1 || firstPauseMillis < 1 || pauseMillisMax < firstPauseMillis || totalMillisMax < 0) {
            throw new IllegalArgumentException("retries without sense: " + triesMax + " tries, pauses from "
                    + firstPauseMillis + " to " + pauseMillisMax + " ms, " + totalMillisMax + " ms in all");
        }
    }

    /** The pause after a failed try, the first of which is 1; in milliseconds. */
    long pauseMillis(int tries, RandomGenerator random) {
        int doublings = Math.min(tries - 1, 30);
        long longest = Math.min(pauseMillisMax, firstPauseMillis << doublings);
        return longest / 2 + random.nextLong(longest - longest / 2 + 1);
    }
}
