package io.ltxfs.objectstore;

import io.ltxfs.objectstore.fault.FaultyStore;
import io.ltxfs.objectstore.fault.SeededFaults;
import io.ltxfs.objectstore.fault.VirtualClock;
import io.ltxfs.objectstore.retry.RetryPolicy;
import io.ltxfs.objectstore.retry.RetryingStore;
import java.util.Random;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.extension.TestWatcher;

/** A store where every third call fails somehow is, with retries, a store. */
final class RetriesOverFaultsTest extends ObjectStoreContract {
    private final long seed = Long.getLong("seed", System.nanoTime());

    @Override
    protected int raceRounds() {
        return 100;
    }

    @Override
    protected ObjectStore openStore() {
        VirtualClock clock = new VirtualClock();
        ObjectStore faulty = new FaultyStore(new MemoryStore(), new SeededFaults(seed, 0.33), clock);
        RetryPolicy policy = new RetryPolicy(60, 200, 5_000, Integer.MAX_VALUE);
        return new RetryingStore(faulty, policy, clock, new Random(seed));
    }

    @RegisterExtension
    final TestWatcher seedOfFailures = new TestWatcher() {
        @Override
        public void testFailed(ExtensionContext test, Throwable cause) {
            System.out.println(test.getDisplayName() + " failed with -Dseed=" + seed);
        }
    };

    /** A version that is gone cannot be read on after a break. */
    @Override
    void readsOneVersionToItsEnd() {}

    /** See {@link #readsOneVersionToItsEnd}. */
    @Override
    boolean isReplaced(StoreException e) {
        return e.kind() == StoreException.Kind.CONFLICT;
    }
}
