package io.ltxfs.node.cluster.sim;

import io.ltxfs.node.config.Durability;
import io.ltxfs.node.config.WhenWaitEnds;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What a run is about, drawn from its seed. */
final class Plan {
    static final Duration TTL = Duration.ofMillis(1000);
    static final double RATE_ERROR = 0.001;
    static final List<String> DATABASES = List.of("a.db", "b.db");

    final int nodes;
    final Map<String, Durability> durability = new TreeMap<>();
    final WhenWaitEnds whenWaitEnds;
    final long waitMaxNanos;
    final boolean archive;
    /** How many transactions of a database a log reaches back. */
    final int logReach;

    final long networkDelayMax;
    final int lossOneIn;
    final long diskDelayMax;
    final int storeFaultOneIn;
    final long storeDelayMax;
    /** How long it is between two troubles, at most. */
    final long troubleEvery;

    final long thinkMax;
    final int clientsPerNode;
    final long troubleNanos;
    /** Within that time after the faults have stopped all must be well. */
    final long healNanos;

    /**
     * Of a seed.
     *
     * @param profile empty to draw all; else the durability of all databases, as the configuration says it, and
     *     {@code storm} for more of everything at a time, {@code slow-store} for a store that takes long
     */
    Plan(World world, String profile) {
        String wanted = profile.split(" ")[0];
        boolean storm = profile.contains("storm");
        int draw = world.random.nextInt(20);
        nodes = draw < 13 ? 3 : draw < 16 ? 2 : draw < 19 ? 3 : 5;
        Durability first = durability(world, wanted);
        durability.put(DATABASES.get(0), first);
        durability.put(DATABASES.get(1), world.oneIn(3) ? durability(world, wanted) : first);
        draw = world.random.nextInt(4);
        whenWaitEnds = draw == 0 ? WhenWaitEnds.DEGRADE : draw == 1 ? WhenWaitEnds.WAIT : WhenWaitEnds.FAIL;
        waitMaxNanos = world.between(200, storm ? 400 : 3000) * World.MILLISECOND;
        archive = waitsForArchive() || world.oneIn(3);
        logReach = world.oneIn(2) ? Integer.MAX_VALUE : 2 + world.random.nextInt(20);
        networkDelayMax = world.between(World.MILLISECOND, 15 * World.MILLISECOND);
        lossOneIn = world.oneIn(4) ? 0 : 20 + world.random.nextInt(200);
        diskDelayMax = world.between(World.MILLISECOND, 10 * World.MILLISECOND);
        storeFaultOneIn = world.oneIn(4) ? 0 : 5 + world.random.nextInt(60);
        troubleEvery = world.between(200, storm ? 900 : 2500) * World.MILLISECOND;
        thinkMax = world.between(30, storm ? 60 : 400) * World.MILLISECOND;
        storeDelayMax = profile.contains("slow-store") ? 250 * World.MILLISECOND : 30 * World.MILLISECOND;
        clientsPerNode = 1 + world.random.nextInt(2);
        troubleNanos = world.between(4, 14) * World.SECOND;
        healNanos = 12 * World.SECOND;
    }

    private Durability durability(World world, String wanted) {
        if (wanted.equals("archive")) {
            return new Durability.Archive();
        }
        if (!wanted.isEmpty()) {
            return new Durability.Replica(Math.min(nodes - 1, wanted.charAt(wanted.length() - 1) - '0'));
        }
        return switch (world.random.nextInt(8)) {
            case 0 -> new Durability.Local();
            case 1, 2 -> new Durability.Archive();
            case 3, 4 -> new Durability.Replica(Math.min(2, nodes - 1));
            default -> new Durability.Replica(1);
        };
    }

    /** The smallest N of any database that waits for replicas. */
    int acks() {
        List<Integer> counts = new ArrayList<>();
        for (Durability each : durability.values()) {
            if (each instanceof Durability.Replica replica) {
                counts.add(replica.count());
            }
        }
        return counts.stream().min(Integer::compare).orElse(0);
    }

    /** Whether some database waits for the archive. */
    boolean waitsForArchive() {
        return durability.values().stream().anyMatch(Durability.Archive.class::isInstance);
    }

    @Override
    public String toString() {
        return nodes + " nodes, " + durability + ", at the bound of " + waitMaxNanos / World.MILLISECOND + " ms "
                + whenWaitEnds + (archive ? ", archive" : "") + ", log reaches back " + logReach;
    }
}
