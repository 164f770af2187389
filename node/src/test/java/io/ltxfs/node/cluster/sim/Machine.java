package io.ltxfs.node.cluster.sim;

import org.jspecify.annotations.Nullable;

/** A computer: its disk and clocks outlive the processes that run on it one after the other. */
final class Machine {
    final String name;
    final Disk disk = new Disk();
    /** By how much its monotonic clock runs faster than real time. */
    private final double rate;

    private final long offset;
    private final World world;
    /** What the wall clock is off by; processes of the cluster must not care. */
    long wallOffset;

    @Nullable
    Process process;

    Machine(World world, String name, double rateError) {
        this.world = world;
        this.name = name;
        this.rate = 1 + (world.random.nextDouble() * 2 - 1) * rateError;
        this.offset = world.upTo(1L << 40);
    }

    /** Its monotonic clock, which goes on while processes pause. */
    long clock() {
        return offset + (long) (world.now() * rate);
    }

    /** Its wall clock. */
    long wallMillis() {
        return (world.now() + wallOffset) / World.MILLISECOND;
    }

    @Override
    public String toString() {
        return name;
    }
}
