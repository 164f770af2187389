package io.ltxfs.node.cluster.sim;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Every mutant must be caught, and by the rule that it breaks: first its own seed is run, then seeds from 1 on.
 * {@code -Dcluster.sim.mutant} (part of a name) runs some of them only, {@code -Dcluster.sim.mutant.seconds} is how long
 * one is hunted for.
 */
class ClusterMutantsTest {
    private static final int THREADS = Math.min(4, Runtime.getRuntime().availableProcessors());
    private static final long BUDGET_NANOS =
            TimeUnit.SECONDS.toNanos(Integer.getInteger("cluster.sim.mutant.seconds", 40));

    /** A failure, and where. */
    private record Caught(long seed, String failure, long runs) {}

    @TestFactory
    Stream<DynamicTest> catchesEveryMutant() {
        ExecutorService pool = Executors.newFixedThreadPool(THREADS);
        List<DynamicTest> tests = new ArrayList<>();
        for (Mutant mutant : Mutants.all()) {
            if (mutant.name().contains(System.getProperty("cluster.sim.mutant", ""))) {
                Future<Caught> hunt = pool.submit(() -> hunt(mutant));
                tests.add(DynamicTest.dynamicTest(mutant.name(), () -> judge(mutant, hunt.get())));
            }
        }
        pool.shutdown();
        return tests.stream();
    }

    private static void judge(Mutant mutant, Caught caught) {
        String first = caught.failure().lines().findFirst().orElse("");
        System.out.println(mutant.name() + ": "
                + (first.isEmpty() ? "NOT CAUGHT" : "caught at seed " + caught.seed() + ": " + first) + " ("
                + caught.runs()
                + " runs)");
        assertFalse(first.isEmpty(), "nothing failed with \"" + mutant.name() + "\" in " + caught.runs() + " runs");
        assertTrue(
                Arrays.stream(mutant.rule().split("\\|")).anyMatch(first::startsWith),
                "\"" + mutant.name() + "\" is to be caught by \"" + mutant.rule() + "\", not by: " + first);
    }

    private static Caught hunt(Mutant mutant) throws Exception {
        long start = System.nanoTime();
        Method run =
                mutant.load().loadClass(MutantRun.class.getName()).getDeclaredMethod("run", long.class, String.class);
        run.setAccessible(true);
        String failure = once(run, mutant.seed(), mutant.profile());
        long runs = 1;
        long seed = mutant.seed();
        for (seed = failure.isEmpty() ? 0 : seed; failure.isEmpty() && System.nanoTime() - start < BUDGET_NANOS; ) {
            failure = once(run, ++seed, mutant.profile());
            runs++;
        }
        return new Caught(seed, failure, runs);
    }

    private static String once(Method run, long seed, String profile) throws ReflectiveOperationException {
        try {
            return (String) run.invoke(null, seed, profile);
        } catch (InvocationTargetException e) {
            return "an exception: " + e.getCause();
        }
    }
}
