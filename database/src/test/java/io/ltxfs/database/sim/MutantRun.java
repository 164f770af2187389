package io.ltxfs.database.sim;

import java.io.IOException;

/** The simulator's entry for code that was loaded by {@link Mutant#load}. */
final class MutantRun {
    /** Before the name of a trace that a replica is to follow. */
    private static final String REPLICA = "replica/";

    private MutantRun() {}

    /** The first failure of one trace, or an empty text. Called by reflection. */
    static String run(String workload, long seed, double rate) throws IOException {
        if (workload.startsWith(REPLICA)) {
            ReplicaSimulation.Result result =
                    ReplicaSimulation.run(Trace.load(workload.substring(REPLICA.length())), seed, rate);
            return result.failures.isEmpty() ? "" : result.failures.get(0);
        }
        Simulation.Result result = Simulation.run(Trace.load(workload), new Simulation.Plan(seed, rate, -1, 1, false));
        return result.failures.isEmpty() ? "" : result.failures.get(0).toString();
    }
}
