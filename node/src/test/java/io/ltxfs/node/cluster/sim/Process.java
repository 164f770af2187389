package io.ltxfs.node.cluster.sim;

/** One run of a program on a machine: it may pause, and dies. What is to happen in it waits while it pauses. */
class Process {
    final World world;
    final Machine machine;
    /** Of this run; no other has the same. */
    final String id;

    private boolean dead;
    private long pausedUntil;
    private long order;

    Process(World world, Machine machine, String id) {
        this.world = world;
        this.machine = machine;
        this.id = id;
    }

    final boolean dead() {
        return dead;
    }

    final boolean paused() {
        return pausedUntil > world.now();
    }

    /** It runs no more, and nobody is told. */
    final void die() {
        dead = true;
    }

    /** Stops it for a while. */
    final void pause(long nanos) {
        pausedUntil = Math.max(pausedUntil, world.now() + nanos);
    }

    /** Does something in this process: at once, when its pause is over, or never if it is dead. */
    final void run(Runnable action) {
        if (dead) {
            return;
        }
        if (paused()) {
            world.in(pausedUntil - world.now(), () -> run(action));
        } else {
            action.run();
        }
    }

    /** Does something in this process after a while. */
    final void in(long nanos, Runnable action) {
        world.in(nanos, () -> run(action));
    }

    /** A number that only grows. */
    final long next() {
        return ++order;
    }

    @Override
    public String toString() {
        return id;
    }
}
