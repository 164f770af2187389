package io.ltxfs.lease;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/** {@code -Dsim.seeds} says how many runs, {@code -Dsim.first} the first one's seed; a failure prints its own. */
class LeaseSimulationTest {
    private static final int SEEDS = Integer.getInteger("sim.seeds", 2000);
    private static final long FIRST = Long.getLong("sim.first", 1);
    static final Duration TIME = Duration.ofSeconds(150);

    @Test
    void atMostOneHoldsItWhateverHappens() {
        long acquisitions = 0;
        long handOvers = 0;
        long quorums = 0;
        long confirmed = 0;
        for (long seed = FIRST; seed < FIRST + SEEDS; seed++) {
            LeaseSimulation simulation = run(seed);
            acquisitions += simulation.acquisitions;
            handOvers += simulation.handOvers;
            quorums += simulation.quorums;
            confirmed += simulation.confirmed;
        }
        System.out.println("lease: seeds " + SEEDS + ", acquisitions " + acquisitions + ", offers " + handOvers
                + ", quorums " + quorums + ", proofs " + confirmed);
        assertTrue(acquisitions > 3L * SEEDS && handOvers > SEEDS / 5 && quorums > SEEDS && confirmed > SEEDS);
    }

    /** Every fifth run is one in which somebody deletes the object. */
    static LeaseSimulation run(long seed) {
        LeaseSimulation simulation =
                new LeaseSimulation(seed, seed % 5 == 0 ? LeaseSimulation.Kind.DELETED : LeaseSimulation.Kind.FAULTS);
        try {
            simulation.run(TIME);
        } catch (AssertionError e) {
            throw new AssertionError("seed " + seed + ": " + e.getMessage(), e);
        }
        return simulation;
    }
}
