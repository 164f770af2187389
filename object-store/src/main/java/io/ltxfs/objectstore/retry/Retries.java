package io.ltxfs.objectstore.retry;

import io.ltxfs.objectstore.MonotonicClock;
import io.ltxfs.objectstore.StoreException;
import io.ltxfs.objectstore.StoreException.Kind;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;

/** The tries of one call. For one thread. */
final class Retries {
    private final RetryPolicy policy;
    private final MonotonicClock clock;
    private final RandomGenerator random;
    private final long start;
    private int tries = 1;
    private boolean outcomeUnknown;

    Retries(RetryPolicy policy, MonotonicClock clock, RandomGenerator random) {
        this.policy = policy;
        this.clock = clock;
        this.random = random;
        this.start = clock.nanos();
    }

    /** Whether one of the tries may have been done. */
    boolean outcomeUnknown() {
        return outcomeUnknown;
    }

    /**
     * Waits until the next try.
     *
     * @throws StoreException the failure, if it cannot pass or there is no next try
     */
    void next(StoreException failure) throws StoreException {
        outcomeUnknown |= failure.outcomeUnknown();
        if (!failure.mayPass()) {
            throw withOutcome(failure);
        }
        long pause = policy.pauseMillis(tries, random);
        long elapsed = TimeUnit.NANOSECONDS.toMillis(clock.nanos() - start);
        if (tries >= policy.triesMax() || elapsed + pause > policy.totalMillisMax()) {
            String message = failure.getMessage() + (tries > 1 ? " (" + tries + " tries in " + elapsed + " ms)" : "");
            throw new StoreException(failure.kind(), outcomeUnknown, message, failure);
        }
        try {
            clock.sleep(pause);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoreException(
                    Kind.UNAVAILABLE,
                    outcomeUnknown,
                    failure.getMessage() + " (interrupted while waiting to try again)",
                    e);
        }
        tries++;
    }

    private StoreException withOutcome(StoreException failure) {
        return failure.outcomeUnknown() == outcomeUnknown
                ? failure
                : new StoreException(failure.kind(), outcomeUnknown, failure.getMessage(), failure);
    }
}
