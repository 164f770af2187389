package io.ltxfs.node.cluster.sim;

/** Applications on every machine: each writes something unique, or reads, one thing after the other. */
final class Clients {
    private static final long GIVE_UP = 5 * World.SECOND;
    private final Cluster cluster;
    private final World world;
    private long content;
    private boolean stopped;
    int refused;
    int unknown;

    Clients(Cluster cluster) {
        this.cluster = cluster;
        this.world = cluster.world;
    }

    void start() {
        for (Machine machine : cluster.machines) {
            for (int i = 0; i < cluster.plan.clientsPerNode; i++) {
                next(machine);
            }
        }
    }

    /** Nobody begins anything any more. */
    void stop() {
        stopped = true;
    }

    private void next(Machine machine) {
        world.in(world.upTo(cluster.plan.thinkMax), () -> act(machine));
    }

    private void act(Machine machine) {
        if (stopped) {
            return;
        }
        Process process = machine.process;
        if (!(process instanceof Node node) || node.dead()) {
            world.in(100 * World.MILLISECOND, () -> next(machine));
            return;
        }
        String database = Plan.DATABASES.get(world.random.nextInt(Plan.DATABASES.size()));
        if (world.oneIn(5)) {
            node.run(() -> {
                if (node.writes.mayCommit()) {
                    cluster.judge.reads(node, database);
                }
            });
            next(machine);
            return;
        }
        boolean[] over = new boolean[1];
        Runnable then = () -> {
            if (!over[0]) {
                over[0] = true;
                next(machine);
            }
        };
        world.in(GIVE_UP, then);
        long mine = ++content;
        node.run(() -> node.writes.write(database, mine, result -> {
            refused += result == Writes.Result.REFUSED ? 1 : 0;
            unknown += result == Writes.Result.UNKNOWN ? 1 : 0;
            then.run();
        }));
    }
}
