package io.ltxfs.database.posix;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.function.LongSupplier;

/**
 * A clock that never goes back and goes on while the machine sleeps (CLOCK_BOOTTIME), in nanoseconds since it was
 * started. {@link System#nanoTime} stands still in a suspend, so that a lease by it would never end. For all threads.
 */
public final class BootClock implements LongSupplier {
    private static final int CLOCK_BOOTTIME = 7;
    private static final int TIMESPEC_BYTES = 16;
    private static final long NANOS_PER_SECOND = 1_000_000_000L;

    /**
     * The clock.
     *
     * @throws PosixException if the kernel has none (older than 2.6.39)
     */
    public BootClock() throws PosixException {
        Posix.check(read(new byte[TIMESPEC_BYTES]), "clock_gettime(CLOCK_BOOTTIME)");
    }

    private static int read(byte[] time) {
        return Posix.clockGettime(CLOCK_BOOTTIME, time);
    }

    @Override
    public long getAsLong() {
        byte[] time = new byte[TIMESPEC_BYTES];
        if (read(time) != 0) {
            throw new IllegalStateException("the clock that was there is gone");
        }
        ByteBuffer spec = ByteBuffer.wrap(time).order(ByteOrder.nativeOrder());
        return spec.getLong(0) * NANOS_PER_SECOND + spec.getLong(8);
    }
}
