package io.ltxfs.objectstore.fault;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.objectstore.ListPage;
import io.ltxfs.objectstore.MemoryStore;
import io.ltxfs.objectstore.ObjectBody;
import io.ltxfs.objectstore.ObjectContent;
import io.ltxfs.objectstore.Operation;
import io.ltxfs.objectstore.PutOptions;
import io.ltxfs.objectstore.StoreException;
import io.ltxfs.objectstore.StoreException.Kind;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class FaultyStoreTest {
    private final MemoryStore inner = new MemoryStore();
    private final FaultScript script = new FaultScript();
    private final VirtualClock clock = new VirtualClock();
    private final FaultyStore store = new FaultyStore(inner, script, clock);

    private void put(String key) throws StoreException {
        store.put(key, ObjectBody.of(new byte[100]), PutOptions.create());
    }

    private boolean isThere(String key) throws StoreException {
        return !inner.list(key, "").objects().isEmpty();
    }

    @Test
    void failsTheOnePutThatIsNamed() throws StoreException {
        script.nth(Operation.PUT, key -> key.startsWith("a"), 2, new Fault.LostAnswer());
        put("a1");
        put("b");
        StoreException e = assertThrows(StoreException.class, () -> put("a2"));
        assertTrue(e.outcomeUnknown());
        assertTrue(isThere("a2"));
        put("a3");
    }

    @Test
    void losesRequestsAndAnswersToPutsAndDeletes() throws StoreException {
        script.next(Operation.PUT, "x", new Fault.LostRequest());
        assertTrue(assertThrows(StoreException.class, () -> put("x")).outcomeUnknown());
        assertFalse(isThere("x"));
        put("x");
        script.next(Operation.DELETE, "x", new Fault.LostRequest());
        assertTrue(assertThrows(StoreException.class, () -> store.delete("x")).outcomeUnknown());
        assertTrue(isThere("x"));
        script.next(Operation.DELETE, "x", new Fault.LostAnswer());
        assertTrue(assertThrows(StoreException.class, () -> store.delete("x")).outcomeUnknown());
        assertFalse(isThere("x"));
    }

    @Test
    void refuses() throws StoreException {
        script.next(Operation.PUT, "x", new Fault.Refused(Kind.CREDENTIALS));
        StoreException e = assertThrows(StoreException.class, () -> put("x"));
        assertEquals(Kind.CREDENTIALS, e.kind());
        assertFalse(e.outcomeUnknown());
        script.next(Operation.PUT, "x", new Fault.Conflict());
        assertEquals(
                Kind.CONFLICT,
                assertThrows(StoreException.class, () -> put("x")).kind());
        assertFalse(isThere("x"));
        script.next(Operation.PUT, "x", new Fault.SentTwice());
        assertEquals(
                Kind.PRECONDITION_FAILED,
                assertThrows(StoreException.class, () -> put("x")).kind());
        assertTrue(isThere("x"));
        script.away();
        assertThrows(StoreException.class, () -> store.head("x"));
        assertThrows(StoreException.class, () -> store.list("", ""));
        assertThrows(StoreException.class, () -> store.children(""));
        script.clear();
        store.head("x");
    }

    @Test
    void landsRequestsLaterOnTheirConditions() throws IOException {
        script.always(Operation.PUT, key -> true, new Fault.Late());
        assertTrue(assertThrows(StoreException.class, () -> put("x")).outcomeUnknown());
        assertTrue(assertThrows(StoreException.class, () -> put("y")).outcomeUnknown());
        script.clear();
        store.put("y", ObjectBody.of(new byte[3]), PutOptions.create());
        assertFalse(isThere("x"));
        assertEquals(1, store.land());
        assertTrue(isThere("x"));
        assertEquals(3, store.head("y").size());
        assertEquals(0, store.land());
    }

    @Test
    void breaksReads() throws IOException {
        put("x");
        for (int after : new int[] {0, 1, 99}) {
            script.next(Operation.GET, "x", new Fault.BrokenRead(after));
            try (ObjectContent content = store.get("x")) {
                assertEquals(after, content.stream().readNBytes(after).length);
                assertThrows(IOException.class, () -> content.stream().read());
            }
        }
        script.next(Operation.GET, "x", new Fault.BrokenRead(100));
        try (ObjectContent content = store.get("x")) {
            assertArrayEquals(new byte[100], content.readAll());
        }
    }

    @Test
    void cutsAndTearsLists() throws StoreException {
        for (String key : List.of("a", "b", "c")) {
            put(key);
        }
        script.next(Operation.LIST, "", new Fault.ShortPage(2));
        ListPage page = store.list("", "");
        assertEquals(2, page.objects().size());
        assertTrue(page.more());
        script.always(Operation.LIST, prefix -> true, new Fault.TornList());
        store.list("", "");
        assertThrows(StoreException.class, () -> store.list("", "b"));
    }

    @Test
    void deletesHalf() throws StoreException {
        for (String key : List.of("a", "b", "c", "d")) {
            put(key);
        }
        script.next(Operation.DELETE, "a", new Fault.HalfDeleted());
        assertThrows(StoreException.class, () -> store.deleteAll(List.of("a", "b", "c", "d")));
        assertEquals(2, inner.list("", "").objects().size());
    }

    @Test
    void isSlowByItsClock() throws StoreException {
        script.next(Operation.PUT, "x", new Fault.Slow(5_000));
        put("x");
        assertEquals(5_000_000_000L, clock.nanos());
    }

    @Test
    void repeatsItselfBySeed() {
        assertEquals(faults(7), faults(7));
        assertFalse(faults(7).equals(faults(8)));
    }

    private static List<Optional<Fault>> faults(long seed) {
        SeededFaults faults = new SeededFaults(seed, 0.5);
        List<Optional<Fault>> all = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            Operation operation = Operation.values()[i % Operation.values().length];
            Optional<Fault> fault = faults.next(operation, "key");
            assertTrue(fault.isEmpty() || fault.get().fits(operation));
            all.add(fault);
        }
        return all;
    }
}
