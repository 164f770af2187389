package io.ltxfs.node.cluster.sim;

/** One run from a seed. */
final class Simulation {
    /**
     * How a run went.
     *
     * @param seed of it
     * @param failure what was broken; empty if nothing was
     * @param plan what it was about
     * @param trace what happened last
     * @param accepts how often a node began to accept commits
     * @param acknowledged how many commits were acknowledged
     */
    record Result(long seed, String failure, String plan, String trace, int accepts, int acknowledged) {
        /** For a person. */
        String text() {
            return "seed " + seed + ": " + failure + "\n" + plan + "\n" + trace + "seed " + seed + ": " + failure;
        }
    }

    private Simulation() {}

    /**
     * Plays a run.
     *
     * @param profile see {@link Plan}; empty to draw all
     * @param loud prints everything that happens
     */
    static Result run(long seed, String profile, boolean loud) {
        Cluster cluster = new Cluster(seed, profile, loud);
        String failure = "";
        try {
            play(cluster);
        } catch (Judge.Broken e) {
            failure = String.valueOf(e.getMessage());
        } catch (RuntimeException e) {
            failure = "an exception: " + e + " at " + at(e);
        }
        return new Result(
                seed,
                failure,
                cluster.plan.toString(),
                failure.isEmpty() ? "" : cluster.world.trace(250),
                cluster.judge.accepts,
                cluster.judge.acknowledged);
    }

    private static String at(Throwable thrown) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < Math.min(8, thrown.getStackTrace().length); i++) {
            text.append("\n    ").append(thrown.getStackTrace()[i]);
        }
        return text.toString();
    }

    private static void play(Cluster cluster) {
        World world = cluster.world;
        Plan plan = cluster.plan;
        Clients clients = new Clients(cluster);
        Trouble trouble = cluster.trouble;
        for (Machine machine : cluster.machines) {
            world.in(world.upTo(world.oneIn(3) ? 3 * World.SECOND : World.SECOND), () -> cluster.start(machine));
        }
        if (world.oneIn(3)) {
            cluster.network.slow = cluster.machines.get(world.random.nextInt(plan.nodes));
        }
        clients.start();
        trouble.start();
        watch(cluster);
        world.runUntil(plan.troubleNanos);
        trouble.end();
        world.runUntil(plan.troubleNanos + plan.healNanos * 2 / 3);
        clients.stop();
        world.runUntil(plan.troubleNanos + plan.healNanos);
        cluster.judge.end();
    }

    private static void watch(Cluster cluster) {
        cluster.judge.compare();
        cluster.judge.onePrimary();
        cluster.world.in(20 * World.MILLISECOND, () -> watch(cluster));
    }
}
