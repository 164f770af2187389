package io.ltxfs.database.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** A replica is what its primary was, transaction by transaction, wherever it dies ({@code -Dsim.seed, -Dsim.seeds}). */
class ReplicaSimulationTest {
    private static final long SEED = Long.getLong("sim.seed", 1);
    private static final int SEEDS = Integer.getInteger("sim.seeds", 1);
    private static final double RATE = Double.parseDouble(System.getProperty("sim.rate", "0.1"));

    @Test
    void followsEveryWorkload() throws IOException, InterruptedException, ExecutionException {
        Quiet.please();
        String only = System.getProperty("sim.workload");
        List<String> names = only == null ? Trace.names() : List.of(only.split(","));
        ExecutorService pool = Executors.newFixedThreadPool(2);
        List<Future<ReplicaSimulation.Result>> runs = new ArrayList<>();
        for (String name : names) {
            for (long seed = SEED; seed < SEED + SEEDS; seed++) {
                long one = seed + name.hashCode() % 3;
                runs.add(pool.submit(() -> ReplicaSimulation.run(Trace.load(name), one, RATE)));
            }
        }
        pool.shutdown();
        ReplicaSimulation.Result sum = new ReplicaSimulation.Result();
        for (Future<ReplicaSimulation.Result> run : runs) {
            ReplicaSimulation.Result result = run.get();
            sum.transactions += result.transactions;
            sum.byFrames += result.byFrames;
            sum.byFile += result.byFile;
            sum.jumps += result.jumps;
            sum.diverged += result.diverged;
            sum.powerCuts += result.powerCuts;
            sum.kills += result.kills;
            sum.secondLives += result.secondLives;
            sum.failures.addAll(result.failures);
        }
        System.out.println("simulated replicas: " + sum);
        assertEquals("", String.join("\n", sum.failures.subList(0, Math.min(5, sum.failures.size()))));
        assertTrue(only != null || sum.byFrames > 100 && sum.byFile > 100, sum.toString());
    }
}
