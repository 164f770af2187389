package io.ltxfs.database.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Every trace, cut again and again. {@code -Dsim.seed} (first seed), {@code -Dsim.seeds} (how many), {@code -Dsim.rate}
 * (share of disk operations that are cut), {@code -Dsim.workload} (only this one) and {@code -Dsim.op} (cuts only in this
 * operation) run a longer form, or one failure again.
 */
class CrashSimulationTest {
    private static final int THREADS = Math.min(4, Runtime.getRuntime().availableProcessors());
    private static final long SEED = Long.getLong("sim.seed", 1);
    private static final int SEEDS = Integer.getInteger("sim.seeds", 1);
    private static final double RATE = Double.parseDouble(System.getProperty("sim.rate", "0.1"));
    private static final int OPERATION = Integer.getInteger("sim.op", -1);

    @TestFactory
    Stream<DynamicTest> survivesEveryCut() throws IOException {
        return runs(false, RATE);
    }

    /** Also when the disk fails once, or for a while. */
    @TestFactory
    Stream<DynamicTest> survivesDiskFaults() throws IOException {
        return runs(true, RATE / 5);
    }

    private static Stream<DynamicTest> runs(boolean faults, double rate) throws IOException {
        Quiet.please();
        String only = System.getProperty("sim.workload");
        List<String> names = only == null ? Trace.names() : List.of(only.split(","));
        ExecutorService pool = Executors.newFixedThreadPool(THREADS);
        List<DynamicTest> tests = new ArrayList<>();
        for (String name : names) {
            Future<String> failures = pool.submit(() -> survives(Trace.load(name), faults, rate));
            tests.add(DynamicTest.dynamicTest(name, () -> assertEquals("", failures.get())));
        }
        pool.shutdown();
        return tests.stream();
    }

    private static String survives(Trace trace, boolean faults, double share) {
        List<Simulation.Failure> failures = new ArrayList<>();
        Simulation.Result sum = new Simulation.Result();
        for (long seed = SEED; seed < SEED + SEEDS; seed++) {
            double rate = OPERATION >= 0 ? 1 : share;
            Simulation.Result result = Simulation.run(trace, new Simulation.Plan(seed, rate, OPERATION, 3, faults));
            failures.addAll(result.failures);
            sum.add(result);
        }
        System.out.println("simulated " + trace.name() + ": " + sum);
        StringBuilder text = new StringBuilder();
        failures.forEach(failure -> text.append(failure).append('\n'));
        return text.toString();
    }
}
