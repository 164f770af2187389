package io.ltxfs.objectstore.probe;

import io.ltxfs.objectstore.ObjectBody;
import io.ltxfs.objectstore.ObjectContent;
import io.ltxfs.objectstore.ObjectInfo;
import io.ltxfs.objectstore.ObjectStore;
import io.ltxfs.objectstore.PutOptions;
import io.ltxfs.objectstore.StoreException;
import io.ltxfs.objectstore.StoreException.Kind;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Tries conditional writes on objects of its own. Some servers ignore the conditions without a word, and some look at
 * them and write in two steps, which only a race shows; with either, two writers of one archive can overwrite each
 * other's history.
 *
 * <p>Give it the store itself, not one that tries again. For one thread; one probe is for one run.
 */
public final class StoreProbe {
    /** What the names of the probe's objects begin with. */
    public static final String PREFIX = ".ltxfs-probe-";

    private static final int TRIES_MAX = 3;
    private static final Set<Kind> UNSUPPORTED = Set.of(Kind.PROTOCOL, Kind.PRECONDITION_FAILED);

    private final ObjectStore store;
    private final RandomGenerator random;
    private final int races;
    private final Set<String> keys = new TreeSet<>();
    private final List<String> problems = new ArrayList<>();
    private boolean honoursCreate = true;
    private boolean honoursMatch = true;
    private boolean readsItsWrites = true;

    /**
     * A probe.
     *
     * @param random for names and contents that nobody else has
     * @param races how often writers race for each condition; 0 leaves that out
     */
    public StoreProbe(ObjectStore store, RandomGenerator random, int races) {
        this.store = store;
        this.random = random;
        this.races = races;
    }

    /**
     * Finds out. Takes about 20 requests, and 10 more for each race.
     *
     * @throws StoreException if the store cannot be reached, does not exist, knows no such credentials, or the like
     */
    public ProbeResult run() throws StoreException {
        for (int tries = 1; ; tries++) {
            try {
                return probe();
            } catch (StoreException e) {
                deleteAll();
                if (!e.mayPass() || tries == TRIES_MAX) {
                    throw e;
                }
            }
        }
    }

    private ProbeResult probe() throws StoreException {
        problems.clear();
        honoursCreate = true;
        honoursMatch = true;
        readsItsWrites = true;
        String key = newKey();
        try {
            probeCreate(key);
        } catch (StoreException e) {
            if (e.kind() != Kind.DENIED) {
                throw e;
            }
            problems.add(store.describe() + ": is read-only: " + e.getMessage());
            return new ProbeResult(false, false, false, false, false, problems);
        }
        probeMatch(key);
        for (int race = 0; race < races; race++) {
            if (honoursCreate && !new WriteRace(store, this::newKey, this::body).letsOneCreate()) {
                honoursCreate = false;
                problems.add(store.describe() + ": lets two writers create the same object (no If-None-Match under a"
                        + " lock); use a store that honours it, or let only one node ever write");
            }
            if (honoursMatch && !new WriteRace(store, this::newKey, this::body).letsOneReplace()) {
                honoursMatch = false;
                problems.add(store.describe() + ": lets two writers replace the same version (no If-Match under a"
                        + " lock); use a store that honours it, or let only one node ever write");
            }
        }
        boolean deletes = deleteAll();
        return new ProbeResult(true, honoursCreate, honoursMatch, readsItsWrites, deletes, problems);
    }

    private void probeCreate(String key) throws StoreException {
        ObjectBody first = body();
        Outcome created = tryPut(key, first, PutOptions.create());
        if (created.refusal != null) {
            honoursCreate = false;
            problems.add(store.describe() + ": cannot create an object on the condition that there is none: "
                    + created.refusal.getMessage());
            store.put(key, first, PutOptions.replace());
        }
        probeReading(key, first);
        if (honoursCreate && (tryPut(key, body(), PutOptions.create()).refusal == null || !holds(key, first))) {
            honoursCreate = false;
            problems.add(store.describe() + ": replaces an object though the condition is that there is none (it"
                    + " ignores If-None-Match); use a store that honours it, or let only one node ever write");
        }
    }

    private void probeReading(String key, ObjectBody body) throws StoreException {
        boolean listed =
                store.list(key, "").objects().stream().map(ObjectInfo::key).anyMatch(key::equals);
        if (!listed || !holds(key, body)) {
            readsItsWrites = false;
            problems.add(store.describe() + ": does not show an object at once after it was put; use a store that is"
                    + " consistent, without a cache in between");
        }
    }

    private void probeMatch(String key) throws StoreException {
        String old = store.head(key).etag();
        ObjectBody second = body();
        Outcome replaced = tryPut(key, second, PutOptions.ifMatch(old));
        if (replaced.refusal != null) {
            honoursMatch = false;
            problems.add(store.describe() + ": cannot replace an object on the condition of its ETag: "
                    + replaced.refusal.getMessage());
            return;
        }
        boolean ignores = tryPut(key, body(), PutOptions.ifMatch(old)).refusal == null || !holds(key, second);
        boolean makes = tryPut(newKey(), body(), PutOptions.ifMatch(old)).refusal == null;
        if (ignores || makes) {
            honoursMatch = false;
            problems.add(store.describe() + ": replaces an object though its ETag is another one (it ignores If-Match);"
                    + " use a store that honours it, or let only one node ever write");
        }
    }

    /** Whether a put was done; a refusal says why not. */
    private record Outcome(@Nullable StoreException refusal) {}

    private Outcome tryPut(String key, ObjectBody body, PutOptions options) throws StoreException {
        try {
            store.put(key, body, options);
            return new Outcome(null);
        } catch (StoreException e) {
            if (UNSUPPORTED.contains(e.kind())) {
                return new Outcome(e);
            }
            throw e;
        }
    }

    private boolean holds(String key, ObjectBody body) throws StoreException {
        try (ObjectContent content = store.get(key)) {
            return Arrays.equals(content.readAll(), body.open().readAllBytes());
        } catch (StoreException e) {
            if (e.kind() == Kind.NOT_FOUND) {
                return false;
            }
            throw e;
        } catch (IOException e) {
            throw new StoreException(
                    Kind.UNAVAILABLE, store.describe(key) + ": cannot be read: " + e.getMessage() + "; try again", e);
        }
    }

    /** Removes what the probe has put; says whether the store lets it. */
    private boolean deleteAll() {
        try {
            store.deleteAll(keys);
            keys.clear();
            return true;
        } catch (StoreException e) {
            problems.add(store.describe() + ": does not delete: " + e.getMessage() + "; allow it, or retention cannot"
                    + " work. Left there: " + String.join(", ", keys));
            return false;
        }
    }

    private String newKey() {
        String key = PREFIX + Long.toHexString(random.nextLong());
        keys.add(key);
        return key;
    }

    private ObjectBody body() {
        String text = "ltxfs tries conditional writes; this can be deleted. " + Long.toHexString(random.nextLong());
        return ObjectBody.of(text.getBytes(StandardCharsets.US_ASCII));
    }
}
