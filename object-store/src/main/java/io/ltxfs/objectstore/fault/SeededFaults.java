package io.ltxfs.objectstore.fault;

import io.ltxfs.objectstore.Operation;
import io.ltxfs.objectstore.StoreException.Kind;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/**
 * Faults by chance. With one seed the same calls in the same order have the same faults; two threads that race for the
 * next one have not.
 */
public final class SeededFaults implements FaultPlan {
    private static final int BROKEN_AFTER_BYTES_MAX = 100_000;
    private static final int SLOW_MILLIS_MAX = 2_000;
    private static final int PAGE_OBJECTS_MAX = 3;

    private final Random random;
    private final double probability;

    /**
     * Faults for a share of all calls.
     *
     * @param probability that a call has one, 0 to 1
     */
    public SeededFaults(long seed, double probability) {
        this.random = new Random(seed);
        this.probability = probability;
    }

    @Override
    public Optional<Fault> next(Operation operation, String key) {
        synchronized (random) {
            if (random.nextDouble() >= probability) {
                return Optional.empty();
            }
            List<Fault> faults = List.<Fault>of(
                            new Fault.Slow(random.nextInt(SLOW_MILLIS_MAX)),
                            new Fault.Refused(Kind.UNAVAILABLE),
                            new Fault.Conflict(),
                            new Fault.LostRequest(),
                            new Fault.LostAnswer(),
                            new Fault.HalfDeleted(),
                            new Fault.BrokenRead(random.nextInt(BROKEN_AFTER_BYTES_MAX)),
                            new Fault.BrokenRead(0),
                            new Fault.ShortPage(1 + random.nextInt(PAGE_OBJECTS_MAX)),
                            new Fault.TornList())
                    .stream()
                    .filter(fault -> fault.fits(operation))
                    .toList();
            return Optional.of(faults.get(random.nextInt(faults.size())));
        }
    }
}
