package io.ltxfs.lease;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class LeaseSimulationTest {
    private static final int SEEDS = Integer.getInteger("sim.seeds", 2000);
    private static final long FIRST = Long.getLong("sim.first", 1);

    @Test
    void atMostOneHoldsItWhateverHappens() {
        long acquisitions = 0;
        for (long seed = FIRST; seed < FIRST + SEEDS; seed++) {
            LeaseSimulation simulation = new LeaseSimulation(seed, true);
            try {
                simulation.run(Duration.ofSeconds(150), 3);
            } catch (AssertionError e) {
                throw new AssertionError("seed " + seed + ": " + e.getMessage(), e);
            }
            acquisitions += simulation.acquisitions;
        }
        System.out.println("seeds " + SEEDS + ", acquisitions " + acquisitions);
        assertTrue(acquisitions > SEEDS);
    }
}
