package io.ltxfs.objectstore.retry;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.objectstore.CountingStore;
import io.ltxfs.objectstore.ForwardingStore;
import io.ltxfs.objectstore.MemoryStore;
import io.ltxfs.objectstore.MonotonicClock;
import io.ltxfs.objectstore.ObjectBody;
import io.ltxfs.objectstore.ObjectContent;
import io.ltxfs.objectstore.Operation;
import io.ltxfs.objectstore.PutOptions;
import io.ltxfs.objectstore.StoreException;
import io.ltxfs.objectstore.StoreException.Kind;
import io.ltxfs.objectstore.fault.Fault;
import io.ltxfs.objectstore.fault.FaultScript;
import io.ltxfs.objectstore.fault.FaultyStore;
import io.ltxfs.objectstore.fault.VirtualClock;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

final class RetryingStoreTest {
    private static final RetryPolicy POLICY = new RetryPolicy(4, 100, 300, 10_000);

    private final MemoryStore memory = new MemoryStore();
    private final FaultScript script = new FaultScript();
    private final VirtualClock clock = new VirtualClock();
    private final CountingStore counting = new CountingStore(new FaultyStore(memory, script, clock));
    private final RetryingStore store = new RetryingStore(counting, POLICY, clock, new Random(1));

    private static ObjectBody body(String text) {
        return ObjectBody.of(text.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void triesAgainWithGrowingPausesUpToABound() {
        script.away();
        StoreException e = assertThrows(StoreException.class, () -> store.head("x"));
        assertEquals(Kind.UNAVAILABLE, e.kind());
        assertTrue(e.getMessage().contains("4 tries"), e.getMessage());
        assertEquals(4, counting.count(Operation.HEAD).calls());
        long millis = TimeUnit.NANOSECONDS.toMillis(clock.nanos());
        assertTrue(millis >= 50 + 100 + 150 && millis <= 100 + 200 + 300, millis + " ms");
    }

    @Test
    void stopsAtTheTotalTime() {
        RetryingStore hasty = new RetryingStore(counting, new RetryPolicy(1000, 100, 300, 1_000), clock, new Random(1));
        script.away();
        assertThrows(StoreException.class, () -> hasty.head("x"));
        assertTrue(clock.nanos() <= TimeUnit.MILLISECONDS.toNanos(1_000), clock.nanos() + " ns");
    }

    @Test
    void doesNotTryAgainWhatCannotPass() {
        assertThrows(StoreException.class, () -> store.head("x"));
        script.next(Operation.PUT, "x", new Fault.Refused(Kind.DENIED));
        assertThrows(StoreException.class, () -> store.put("x", body("1"), PutOptions.create()));
        assertEquals(1, counting.count(Operation.HEAD).calls());
        assertEquals(1, counting.count(Operation.PUT).calls());
        assertEquals(0, clock.nanos());
    }

    @Test
    void knowsItsOwnPutWhoseAnswerWasLost() throws StoreException {
        for (PutOptions options : new PutOptions[] {
            PutOptions.create().with(Map.of("n", "1")),
            PutOptions.ifMatch(memory.put("b", body("0"), PutOptions.create()))
        }) {
            String key = options.metadata().isEmpty() ? "b" : "a";
            script.next(Operation.PUT, key, new Fault.LostAnswer());
            String etag = store.put(key, body("mine"), options);
            assertEquals(memory.head(key).etag(), etag);
            assertEquals(options.metadata(), memory.head(key).metadata());
        }
        // Found by reading back, not by sending again.
        assertEquals(2, counting.count(Operation.PUT).calls());
    }

    @Test
    void sendsAgainWhatWasLost() throws StoreException {
        script.next(Operation.PUT, "a", new Fault.LostRequest());
        store.put("a", body("mine"), PutOptions.create());
        String etag = memory.put("b", body("0"), PutOptions.create());
        script.next(Operation.PUT, "b", new Fault.LostRequest());
        store.put("b", body("mine"), PutOptions.ifMatch(etag));
        assertEquals(memory.head("a").etag(), memory.head("b").etag());
    }

    @Test
    void tellsAnotherPutFromItsOwn() throws StoreException {
        memory.put("bytes", body("other"), PutOptions.create());
        memory.put("metadata", body("mine"), PutOptions.create().with(Map.of("by", "other")));
        for (String key : new String[] {"bytes", "metadata"}) {
            script.next(Operation.PUT, key, new Fault.LostRequest());
            StoreException e = assertThrows(
                    StoreException.class,
                    () -> store.put(key, body("mine"), PutOptions.create().with(Map.of("by", "me"))));
            assertEquals(Kind.PRECONDITION_FAILED, e.kind());
            assertTrue(e.outcomeUnknown());
        }
        StoreException e =
                assertThrows(StoreException.class, () -> store.put("bytes", body("mine"), PutOptions.create()));
        assertFalse(e.outcomeUnknown(), "the first try was answered");
    }

    @Test
    void knowsItsOwnPutThatCameLate() throws StoreException {
        // Lost, not there when looked for, and there when it is sent again.
        FaultyStore faulty = new FaultyStore(memory, script, clock);
        RetryingStore retrying = new RetryingStore(faulty, POLICY, clock, new Random(1));
        script.next(Operation.PUT, "x", new Fault.Late());
        script.next(Operation.PUT, "x", new Fault.SentTwice());
        retrying.put("x", body("mine"), PutOptions.create());
        assertEquals(0, faulty.land(), "the late one finds its key taken");
        assertEquals(4, memory.head("x").size());
    }

    @Test
    void saysThatTheOutcomeIsUnknown() {
        script.always(Operation.PUT, key -> true, new Fault.LostRequest());
        script.always(Operation.HEAD, key -> true, new Fault.Refused(Kind.UNAVAILABLE));
        StoreException e = assertThrows(StoreException.class, () -> store.put("x", body("mine"), PutOptions.create()));
        assertTrue(e.outcomeUnknown());
        script.clear();
        script.next(Operation.PUT, "x", new Fault.LostRequest());
        script.next(Operation.HEAD, "x", new Fault.Refused(Kind.DENIED));
        e = assertThrows(StoreException.class, () -> store.put("x", body("mine"), PutOptions.create()));
        assertEquals(Kind.DENIED, e.kind());
        assertTrue(e.outcomeUnknown(), "the failure that ended it is another one, the put is still unknown");
    }

    @Test
    void readsOnWhereAStreamBroke() throws IOException {
        byte[] bytes = new byte[1000];
        new Random(3).nextBytes(bytes);
        memory.put("x", ObjectBody.of(bytes), PutOptions.create());
        for (int after : new int[] {0, 1, 500, 999}) {
            script.next(Operation.GET, "x", new Fault.BrokenRead(after));
        }
        try (ObjectContent content = store.get("x")) {
            assertArrayEquals(bytes, content.readAll());
        }
        script.clear();
        script.next(Operation.GET, "x", new Fault.BrokenRead(3));
        try (ObjectContent content = store.get("x", -10, 5)) {
            assertArrayEquals(Arrays.copyOfRange(bytes, 990, 995), content.readAll());
        }
    }

    @Test
    void readsOnHoweverLongAConnectionTookToFail() throws IOException {
        memory.put("x", body("0123456789"), PutOptions.create());
        ForwardingStore hanging = new ForwardingStore(memory) {
            @Override
            public ObjectContent get(String key) throws StoreException {
                ObjectContent content = super.get(key);
                InputStream stream = new FilterInputStream(content.stream()) {
                    @Override
                    public int read(byte[] bytes, int offset, int length) throws IOException {
                        clock.sleep(60_000);
                        throw new SocketTimeoutException("Read timed out");
                    }
                };
                return new ObjectContent(content.info(), content.offset(), content.length(), stream);
            }
        };
        try (ObjectContent content = new RetryingStore(hanging, POLICY, clock, new Random(1)).get("x")) {
            assertEquals("0123456789", new String(content.readAll(), StandardCharsets.UTF_8));
        }
    }

    @Test
    void doesNotReadOnInAnotherVersion() throws IOException {
        memory.put("x", body("0123456789"), PutOptions.create());
        script.next(Operation.GET, "x", new Fault.BrokenRead(5));
        try (ObjectContent content = store.get("x")) {
            assertEquals(5, content.stream().readNBytes(5).length);
            for (String other : new String[] {"abcdefghij", "abc"}) {
                memory.put("x", body(other), PutOptions.replace());
                StoreException e = assertThrows(
                        StoreException.class, () -> content.stream().read());
                assertEquals(Kind.CONFLICT, e.kind());
            }
        }
    }

    @Test
    void endsWhenInterrupted() {
        script.away();
        RetryingStore waiting = new RetryingStore(counting, POLICY, MonotonicClock.system(), new Random(1));
        Thread.currentThread().interrupt();
        assertThrows(StoreException.class, () -> waiting.head("x"));
        assertTrue(Thread.interrupted());
        assertEquals(1, counting.count(Operation.HEAD).calls());
    }
}
