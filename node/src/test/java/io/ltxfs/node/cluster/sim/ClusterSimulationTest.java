package io.ltxfs.node.cluster.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/**
 * Thousands of runs, each from a seed. {@code -Dcluster.sim.first=N} is the first one, {@code -Dcluster.sim.seeds=N} how
 * many; with one seed everything that happens is printed.
 */
class ClusterSimulationTest {
    private static final long FIRST = Long.getLong("cluster.sim.first", 1);
    private static final long SEEDS =
            Long.getLong("cluster.sim.seeds", "true".equals(System.getenv("CI")) ? 10_000 : 1_000);

    @Test
    void noRunBreaksAPromiseOfTheCluster() {
        long start = System.nanoTime();
        AtomicLong accepts = new AtomicLong();
        AtomicLong acknowledged = new AtomicLong();
        List<Simulation.Result> failures = new ArrayList<>();
        LongStream.range(FIRST, FIRST + SEEDS).parallel().forEach(seed -> {
            Simulation.Result result = Simulation.run(seed, "", SEEDS == 1);
            accepts.addAndGet(result.accepts());
            acknowledged.addAndGet(result.acknowledged());
            if (!result.failure().isEmpty()) {
                synchronized (failures) {
                    failures.add(result);
                }
            }
        });
        System.out.printf(
                "%d runs from seed %d in %d ms: %d primaries, %d acknowledged commits, %d failures%n",
                SEEDS,
                FIRST,
                (System.nanoTime() - start) / 1_000_000,
                accepts.get(),
                acknowledged.get(),
                failures.size());
        failures.sort((a, b) -> Long.compare(a.seed(), b.seed()));
        for (Simulation.Result failure : failures) {
            System.out.println("seed " + failure.seed() + ": "
                    + failure.failure().lines().findFirst().orElse(""));
        }
        if (!failures.isEmpty()) {
            System.out.println(failures.get(0).text());
        }
        assertEquals(0, failures.size());
        assertTrue(SEEDS < 100 || acknowledged.get() > SEEDS * 10, "hardly anything was committed");
    }
}
