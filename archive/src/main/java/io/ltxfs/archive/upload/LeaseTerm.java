package io.ltxfs.archive.upload;

import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * The epoch under which a service archives: the first one that it was told. When the lease was lost and taken again, another
 * may have been the primary in between, and what this service knows of the archive is old. For all threads.
 */
public final class LeaseTerm {
    /** What is told while the lease is not held. */
    public static final long NOT_HELD = -1;

    private final LongSupplier epoch;
    private final AtomicLong begun = new AtomicLong();
    private final AtomicLong seen = new AtomicLong();

    /** A term. @param epoch of the lease, 0 without one, {@link #NOT_HELD} while it is not held */
    public LeaseTerm(LongSupplier epoch) {
        this.epoch = epoch;
    }

    /** The epoch if this service may write now; {@link #NOT_HELD} if it may not. */
    public long now() {
        long held = epoch.getAsLong();
        if (held == 0 || held == NOT_HELD) {
            return held == 0 && begun.get() != 0 ? NOT_HELD : held;
        }
        begun.compareAndSet(0, held);
        return begun.get() == held ? held : NOT_HELD;
    }

    /** An epoch was found in the archive that is higher than this node's. */
    void saw(long higher) {
        seen.accumulateAndGet(higher, (a, b) -> Long.compareUnsigned(a, b) >= 0 ? a : b);
    }

    /** The highest of those (unsigned); 0 if there was none. */
    long seen() {
        return seen.get();
    }
}
