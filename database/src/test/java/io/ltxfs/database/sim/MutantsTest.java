package io.ltxfs.database.sim;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Every mutant must be caught: the simulator that finds nothing wrong with the shipped code finds something wrong with
 * each of them. {@code -Dsim.mutant} (part of a name) runs some of them only.
 */
class MutantsTest {
    private static final int THREADS = Math.min(4, Runtime.getRuntime().availableProcessors());
    private static final long BUDGET_NANOS = TimeUnit.SECONDS.toNanos(Integer.getInteger("sim.mutant.seconds", 40));
    private static final int SEEDS_FIRST = 6;

    @TestFactory
    Stream<DynamicTest> catchesEveryMutant() {
        Quiet.please();
        ExecutorService pool = Executors.newFixedThreadPool(THREADS);
        List<DynamicTest> tests = new ArrayList<>();
        for (Mutant mutant : Mutants.all()) {
            if (mutant.name().contains(System.getProperty("sim.mutant", ""))) {
                Future<String> caught = pool.submit(() -> hunt(mutant));
                tests.add(DynamicTest.dynamicTest(mutant.name(), () -> {
                    String how = caught.get();
                    System.out.println(mutant.name() + ": " + (how.isEmpty() ? "NOT CAUGHT" : how));
                    assertTrue(!how.isEmpty(), "nothing failed with \"" + mutant.name() + "\"");
                }));
            }
        }
        pool.shutdown();
        return tests.stream();
    }

    /** How a mutant was caught, or an empty text. */
    static String hunt(Mutant mutant) throws IOException, ReflectiveOperationException {
        long start = System.nanoTime();
        Method run = mutant.load()
                .loadClass(MutantRun.class.getName())
                .getDeclaredMethod("run", String.class, long.class, double.class);
        run.setAccessible(true);
        Set<String> first = new LinkedHashSet<>();
        for (String hint : mutant.workloads()) {
            String[] parts = hint.split(":");
            first.add(parts[0]);
            if (parts.length > 1) {
                String found = once(run, parts[0], Long.parseLong(parts[1]), 0.5, start);
                if (!found.isEmpty()) {
                    return found;
                }
            }
        }
        Set<String> rest = new LinkedHashSet<>(Trace.names());
        rest.removeAll(first);
        for (long seed = 1; seed <= SEEDS_FIRST; seed++) {
            for (String workload : first) {
                String found = once(run, workload, seed, 0.5, start);
                if (!found.isEmpty()) {
                    return found;
                }
            }
        }
        for (long seed = 1; System.nanoTime() - start < BUDGET_NANOS; seed++) {
            for (String workload : rest) {
                if (System.nanoTime() - start > BUDGET_NANOS) {
                    break;
                }
                String found = once(run, workload, seed, 0.3, start);
                if (!found.isEmpty()) {
                    return found;
                }
            }
        }
        return "";
    }

    private static String once(Method run, String workload, long seed, double rate, long start)
            throws ReflectiveOperationException {
        try {
            String found = (String) run.invoke(null, workload, seed, rate);
            long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
            return found.isEmpty() ? "" : "caught after " + millis + " ms by " + found;
        } catch (InvocationTargetException e) {
            throw new IllegalStateException(e.getCause());
        }
    }
}
