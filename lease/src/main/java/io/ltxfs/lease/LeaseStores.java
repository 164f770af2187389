package io.ltxfs.lease;

import io.ltxfs.objectstore.ObjectStore;
import io.ltxfs.objectstore.ObjectStores;
import io.ltxfs.objectstore.StoreException;
import io.ltxfs.objectstore.probe.ProbeResult;
import io.ltxfs.objectstore.probe.StoreProbe;
import java.security.SecureRandom;
import java.time.Duration;

/** Stores for the lease: opened so that nothing is asked twice, and looked at before a node takes part. */
public final class LeaseStores {
    /** A request, the read that tells what became of it, and a second request fit in what a renewal leaves of a TTL. */
    private static final int TIMEOUTS_PER_TTL = 4;

    private static final Duration TIMEOUT_MIN = Duration.ofMillis(250);
    private static final int RACES = 3;

    private LeaseStores() {}

    /**
     * Opens the store that {@code lease.url} names. Makes no request, and no directory: one that is missing may lie on a
     * disk that is not mounted, and another node's lease would be in it.
     *
     * @throws IllegalArgumentException if the URL is wrong, naming the part and what is allowed
     */
    public static ObjectStore open(String url, Duration ttl) {
        Duration timeout = ttl.dividedBy(TIMEOUTS_PER_TTL);
        return ObjectStores.openImpatient(url, timeout.compareTo(TIMEOUT_MIN) < 0 ? TIMEOUT_MIN : timeout);
    }

    /**
     * Finds out whether a store really honours conditional writes (rule 16). A node takes no part before it does.
     *
     * @throws UnfitStoreException if it does not
     * @throws StoreException if it cannot be asked now
     */
    public static void probe(String url) throws StoreException, UnfitStoreException {
        try (ObjectStore store = ObjectStores.open(url)) {
            probe(store);
        }
    }

    static void probe(ObjectStore store) throws StoreException, UnfitStoreException {
        ProbeResult result = new StoreProbe(store, new SecureRandom(), RACES).run();
        if (!(result.honoursCreate() && result.honoursMatch() && result.readsItsWrites())) {
            throw new UnfitStoreException("lease " + store.describe() + ": two nodes could hold it at once: "
                    + String.join("; ", result.problems()));
        }
    }
}
