package io.ltxfs.node.cluster.sim;

/** The simulation's entry for code that was loaded by {@link Mutant#load}. */
final class MutantRun {
    private MutantRun() {}

    /** The failure of a run, or an empty text. Called by reflection. */
    static String run(long seed, String profile) {
        return Simulation.run(seed, profile, false).failure();
    }
}
