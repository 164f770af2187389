package io.ltxfs.objectstore.probe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.objectstore.ForwardingStore;
import io.ltxfs.objectstore.ListPage;
import io.ltxfs.objectstore.MemoryStore;
import io.ltxfs.objectstore.ObjectBody;
import io.ltxfs.objectstore.ObjectStore;
import io.ltxfs.objectstore.Operation;
import io.ltxfs.objectstore.PutOptions;
import io.ltxfs.objectstore.PutOptions.Condition;
import io.ltxfs.objectstore.StoreException;
import io.ltxfs.objectstore.StoreException.Kind;
import io.ltxfs.objectstore.directory.DirectoryStore;
import io.ltxfs.objectstore.fault.Fault;
import io.ltxfs.objectstore.fault.FaultScript;
import io.ltxfs.objectstore.fault.FaultyStore;
import io.ltxfs.objectstore.fault.VirtualClock;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class StoreProbeTest {
    private final MemoryStore memory = new MemoryStore();
    private final FaultScript script = new FaultScript();

    private static ProbeResult probe(ObjectStore store) throws StoreException {
        return new StoreProbe(store, new Random(1), 2).run();
    }

    private void assertClean() {
        assertEquals(List.of(), memory.list("", "").objects());
    }

    @Test
    void findsNothingWrongWithWhatIsRight(@TempDir Path directory) throws StoreException {
        ProbeResult result = probe(memory);
        assertTrue(result.isFit(), result.message());
        assertEquals("conditional writes are honoured", result.message());
        assertClean();
        try (DirectoryStore store = new DirectoryStore(directory.resolve("made"))) {
            assertTrue(probe(store).isFit());
            assertEquals(List.of(), store.list("", "").objects());
        }
    }

    @Test
    void findsConditionsThatAreIgnored() throws StoreException {
        ProbeResult create = probe(new Changed(memory) {
            @Override
            PutOptions change(PutOptions options) {
                return options.condition() instanceof Condition.Absent ? PutOptions.replace() : options;
            }
        });
        assertTrue(create.writable() && create.honoursMatch() && !create.honoursCreate() && !create.isFit());
        ProbeResult match = probe(new Changed(memory) {
            @Override
            PutOptions change(PutOptions options) {
                return options.condition() instanceof Condition.Matches ? PutOptions.replace() : options;
            }
        });
        assertTrue(match.writable() && match.honoursCreate() && !match.honoursMatch() && !match.isFit());
        assertTrue(match.message().contains("If-Match"), match.message());
        assertClean();
    }

    @Test
    void findsConditionsThatAreCheckedInAStepOfTheirOwn() throws StoreException {
        ProbeResult result = probe(new LookThenPut(memory));
        assertTrue(result.writable());
        assertFalse(result.honoursCreate());
        assertFalse(result.honoursMatch());
        assertClean();
    }

    @Test
    void findsConditionsThatAreNotKnown() throws StoreException {
        ProbeResult result = probe(new Changed(memory) {
            @Override
            PutOptions change(PutOptions options) throws StoreException {
                if (!(options.condition() instanceof Condition.Always)) {
                    throw new StoreException(Kind.PROTOCOL, "501 not implemented");
                }
                return options;
            }
        });
        assertTrue(result.writable() && !result.honoursCreate() && !result.honoursMatch());
        assertTrue(result.message().contains("501"), result.message());
        assertClean();
    }

    @Test
    void findsCachesInBetween() throws StoreException {
        ProbeResult result = probe(new ForwardingStore(memory) {
            @Override
            public ListPage list(String prefix, String startAfter) {
                return new ListPage(List.of(), false);
            }
        });
        assertTrue(result.writable() && !result.readsItsWrites());
        assertClean();
    }

    @Test
    void saysReadOnly() throws StoreException {
        FaultyStore store = new FaultyStore(memory, script, new VirtualClock());
        script.always(Operation.PUT, key -> true, new Fault.Refused(Kind.DENIED));
        ProbeResult result = probe(store);
        assertFalse(result.writable());
        assertTrue(result.message().contains("read-only"), result.message());
    }

    @Test
    void saysThatNothingCanBeDeleted() throws StoreException {
        FaultyStore store = new FaultyStore(memory, script, new VirtualClock());
        script.always(Operation.DELETE, key -> true, new Fault.Refused(Kind.DENIED));
        ProbeResult result = probe(store);
        assertTrue(result.writable() && result.honoursCreate() && result.honoursMatch() && !result.deletes());
        assertTrue(result.message().contains(StoreProbe.PREFIX), result.message());
    }

    @Test
    void failsWhereThereIsNoStore() throws StoreException {
        FaultyStore store = new FaultyStore(memory, script, new VirtualClock());
        for (Kind kind : new Kind[] {Kind.NO_STORE, Kind.CREDENTIALS, Kind.CLOCK_SKEW}) {
            script.clear();
            script.always(Operation.PUT, key -> true, new Fault.Refused(kind));
            assertEquals(
                    kind, assertThrows(StoreException.class, () -> probe(store)).kind());
        }
        script.clear();
        script.away();
        assertEquals(
                Kind.UNAVAILABLE,
                assertThrows(StoreException.class, () -> probe(store)).kind());
    }

    @Test
    void standsFaultsThatPass() throws StoreException {
        for (int n = 1; n <= 5; n++) {
            FaultyStore store = new FaultyStore(memory, script, new VirtualClock());
            script.nth(Operation.PUT, key -> true, n, n % 2 == 0 ? new Fault.LostAnswer() : new Fault.LostRequest());
            assertTrue(probe(store).isFit());
            assertClean();
        }
    }

    /** Changes the conditions of puts. */
    private abstract static class Changed extends ForwardingStore {
        Changed(ObjectStore inner) {
            super(inner);
        }

        abstract PutOptions change(PutOptions options) throws StoreException;

        @Override
        public String put(String key, ObjectBody body, PutOptions options) throws StoreException {
            return inner.put(key, body, change(options));
        }
    }

    /** Looks whether a condition holds, and when another of the race has looked too, puts. */
    private static final class LookThenPut extends ForwardingStore {
        /** By key: each race has its own. */
        private final Map<String, CountDownLatch> looked = new ConcurrentHashMap<>();

        LookThenPut(ObjectStore inner) {
            super(inner);
        }

        @Override
        public String put(String key, ObjectBody body, PutOptions options) throws StoreException {
            String etag;
            try {
                etag = inner.head(key).etag();
            } catch (StoreException e) {
                etag = "";
            }
            boolean holds = options.condition() instanceof Condition.Absent
                    ? etag.isEmpty()
                    : !(options.condition() instanceof Condition.Matches matches) || etag.equals(matches.etag());
            if (!holds) {
                throw new StoreException(Kind.PRECONDITION_FAILED, "412");
            }
            if (Thread.currentThread().getName().startsWith("ltxfs-probe")) {
                try {
                    CountDownLatch others = looked.computeIfAbsent(key, any -> new CountDownLatch(2));
                    others.countDown();
                    assertTrue(others.await(60, TimeUnit.SECONDS), "nobody else looked");
                } catch (InterruptedException e) {
                    throw new StoreException(Kind.UNAVAILABLE, "interrupted", e);
                }
            }
            return inner.put(key, body, PutOptions.replace());
        }
    }
}
