package io.ltxfs.node.cluster.sim;

import java.util.Optional;

/** What goes wrong, and what operators do. */
final class Trouble {
    private static final long TTL = Plan.TTL.toNanos();
    private static final int KINDS = 19;
    /** Kinds that hurt at a bad moment. */
    private static final int[] BAD = {0, 2, 4, 4, 8, 12, 16, 17};

    private final Cluster cluster;
    private final World world;
    /** Of the kinds of trouble those that this run has. */
    private final int[] kinds;
    /** One time in so many something goes wrong at just the wrong moment. */
    private final int badMomentOneIn;

    Trouble(Cluster cluster) {
        this.cluster = cluster;
        this.world = cluster.world;
        this.kinds = new int[world.oneIn(3) ? KINDS : 2 + world.random.nextInt(6)];
        for (int i = 0; i < kinds.length; i++) {
            kinds[i] = kinds.length == KINDS ? i : world.random.nextInt(KINDS);
        }
        this.badMomentOneIn = world.oneIn(3) ? 0 : 3 + world.random.nextInt(40);
    }

    /** What a node has just done. */
    enum Moment {
        ACCEPTED,
        ACKNOWLEDGED,
        PROMISED,
        TOOK,
        ASKED_STORE
    }

    /** Something happened after which it is worst if the node fails: now and then it does. */
    void after(Moment moment, Machine machine) {
        int rarity = switch (moment) {
            case ACCEPTED -> 1;
            case ACKNOWLEDGED, PROMISED -> 4;
            case TOOK -> 20;
            case ASKED_STORE -> 8;
        };
        if (badMomentOneIn == 0 || !world.fault(badMomentOneIn * rarity)) {
            return;
        }
        world.in(world.upTo(world.oneIn(2) ? 5 * World.MILLISECOND : 300 * World.MILLISECOND), () -> {
            if (world.faults()) {
                one(machine, BAD[world.random.nextInt(BAD.length)]);
            }
        });
    }

    void start() {
        world.in(world.upTo(cluster.plan.troubleEvery), this::next);
    }

    private void next() {
        if (!world.faults()) {
            return;
        }
        one(any(), kinds[world.random.nextInt(kinds.length)]);
        start();
    }

    private Machine any() {
        if (world.oneIn(2)) {
            for (Machine machine : cluster.machines) {
                if (machine.process instanceof Node node && node.writes.accepting() >= 0) {
                    return machine;
                }
            }
        }
        return cluster.machines.get(world.random.nextInt(cluster.machines.size()));
    }

    private void one(Machine machine, int kind) {
        switch (kind) {
            case 0, 1 -> pause(machine);
            case 2, 3 -> kill(machine, false);
            case 4, 5 -> kill(machine, true);
            case 6 -> cut(machine, true, false);
            case 7 -> cut(machine, false, true);
            case 8 -> cut(machine, true, true);
            case 9 -> cutOne(machine);
            case 10 -> cluster.network.breakOne();
            case 11 -> {
                world.note("the store is slow");
                cluster.store.slow(world.upTo(3 * TTL));
            }
            case 12 -> {
                world.note("{} does not reach the store", machine);
                cluster.store.cut(machine, world.upTo(4 * TTL));
            }
            case 13 -> stop(machine);
            case 14 -> operate(machine);
            case 15 -> {
                world.note("{} gets late answers of the store", machine);
                cluster.store.late(machine, 3 * TTL);
                if (world.oneIn(2)) {
                    world.in(world.upTo(2 * TTL), () -> one(machine, 16));
                }
            }
            case 16, 17 -> {
                long nanos = cut(machine, true, true);
                cluster.store.cut(machine, nanos);
            }
            default -> {
                machine.wallOffset += world.between(-1000, 1000) * World.SECOND;
                kill(machine, world.oneIn(2));
                kill(any(), world.oneIn(2));
            }
        }
    }

    private void pause(Machine machine) {
        Process process = machine.process;
        if (process != null) {
            long nanos = world.upTo(world.oneIn(2) ? TTL : 4 * TTL);
            world.note("{} pauses for {} ms", process, nanos / World.MILLISECOND);
            process.pause(nanos);
        }
    }

    private void kill(Machine machine, boolean powerCut) {
        cluster.kill(machine, powerCut);
        world.in(world.upTo(world.oneIn(2) ? TTL / 2 : 5 * TTL), () -> cluster.start(machine));
    }

    private long cut(Machine machine, boolean out, boolean in) {
        long nanos = world.upTo(world.oneIn(2) ? TTL : 5 * TTL);
        world.note("{} is cut off {}{} for {} ms", machine, out ? "out " : "", in ? "in" : "", nanos / 1_000_000);
        for (Machine other : cluster.machines) {
            if (out) {
                cluster.network.cut(machine, other, nanos);
            }
            if (in) {
                cluster.network.cut(other, machine, nanos);
            }
        }
        return nanos;
    }

    private void cutOne(Machine machine) {
        Machine other = cluster.machines.get(world.random.nextInt(cluster.machines.size()));
        long nanos = world.upTo(6 * TTL);
        world.note("{} and {} are cut off for {} ms", machine, other, nanos / 1_000_000);
        cluster.network.cut(machine, other, nanos);
        cluster.network.cut(other, machine, nanos);
    }

    private void stop(Machine machine) {
        Process process = machine.process;
        if (!(process instanceof Node node) || node.dead()) {
            return;
        }
        world.note("{} is to stop", node);
        node.run(() -> node.stop(done -> end(machine, node)));
        world.in(5 * TTL, () -> end(machine, node));
    }

    private void end(Machine machine, Node node) {
        if (machine.process == node && !node.dead()) {
            cluster.kill(machine, false);
            world.in(world.upTo(2 * TTL), () -> cluster.start(machine));
        }
    }

    private void operate(Machine machine) {
        Process process = machine.process;
        if (!(process instanceof Node node) || node.dead()) {
            return;
        }
        node.run(() -> {
            if (node.writes.accepting() >= 0) {
                world.note("{} is to hand over", node);
                node.handOff(Optional.empty(), done -> {});
            } else {
                world.note("{} is to be promoted", node);
                node.promote(done -> {});
            }
        });
    }

    /** Everything is whole again. */
    void end() {
        world.calm();
        cluster.network.heal();
        cluster.store.heal();
        for (Machine machine : cluster.machines) {
            world.in(world.upTo(TTL / 2), () -> cluster.start(machine));
        }
    }
}
