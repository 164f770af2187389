package io.ltxfs.node.roles;

import java.util.function.LongSupplier;
import jnr.ffi.LibraryLoader;
import jnr.ffi.annotations.Out;

/** Nanoseconds since the machine was started, those included during which it slept (lease rule 6). */
public final class BootClock implements LongSupplier {
    private static final int CLOCK_BOOTTIME = 7;
    private static final long NANOS = 1_000_000_000L;

    /** The one function of the C library. */
    public interface Time {
        /** clock_gettime(2): seconds and nanoseconds. */
        int clock_gettime(int clock, @Out long[] time);
    }

    private final Time time = LibraryLoader.create(Time.class).load("c");

    @Override
    public long getAsLong() {
        long[] now = new long[2];
        if (time.clock_gettime(CLOCK_BOOTTIME, now) != 0) {
            throw new IllegalStateException("this kernel has no CLOCK_BOOTTIME");
        }
        return now[0] * NANOS + now[1];
    }
}
