package io.ltxfs.lease;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.lease.LeaseRecord.State;
import io.ltxfs.lease.Quorum.Voter;
import io.ltxfs.objectstore.ForwardingStore;
import io.ltxfs.objectstore.MemoryStore;
import io.ltxfs.objectstore.MonotonicClock;
import io.ltxfs.objectstore.ObjectBody;
import io.ltxfs.objectstore.ObjectContent;
import io.ltxfs.objectstore.ObjectStore;
import io.ltxfs.objectstore.PutOptions;
import io.ltxfs.objectstore.StoreException;
import io.ltxfs.objectstore.directory.DirectoryStore;
import io.ltxfs.objectstore.fault.FaultyStore;
import io.ltxfs.objectstore.fault.SeededFaults;
import io.ltxfs.objectstore.tools.InProcessServer;
import io.ltxfs.objectstore.tools.RealServer;
import io.ltxfs.objectstore.tools.S3Server;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Keepers with real threads and clocks, over every kind of store. */
class StoreLeaseTest {
    /** Short, so that terms end in a race too. */
    private static final Duration TTL_OF_RACE = Duration.ofMillis(900);
    /** Longer than a busy machine keeps a thread waiting: no term ends by accident. */
    private static final Duration TTL = Duration.ofSeconds(4);

    private static final int NODES = 4;
    private static final long RACE_NANOS = TimeUnit.MILLISECONDS.toNanos(2500);
    /** At most so long, where the store is slow. */
    private static final long RACE_NANOS_MAX = TimeUnit.SECONDS.toNanos(120);

    @TempDir
    Path directory;

    private static StoreLease start(ObjectStore store, String node) {
        return start(store, node, TTL);
    }

    private static StoreLease start(ObjectStore store, String node, Duration ttl) {
        return StoreLease.start(
                new LeaseObject(store),
                LeaseSettings.of(node + "-" + ThreadLocalRandom.current().nextLong(), node, node + ":1", ttl),
                System::nanoTime,
                0,
                () -> {});
    }

    private static ConditionFactory soon() {
        return await().atMost(Duration.ofSeconds(60)).pollInterval(Duration.ofMillis(5));
    }

    /** What is no exception does not leave a request without its answer: there would never be another one. */
    @Test
    void aRequestThatDiesIsAskedAgain() {
        AtomicInteger deaths = new AtomicInteger(3);
        ObjectStore store = new ForwardingStore(new MemoryStore()) {
            private void die() {
                if (deaths.getAndDecrement() > 0) {
                    throw new OutOfMemoryError("Cannot reserve direct buffer memory");
                }
            }

            @Override
            public ObjectContent get(String key) throws StoreException {
                die();
                return super.get(key);
            }

            @Override
            public String put(String key, ObjectBody body, PutOptions options) throws StoreException {
                die();
                return super.put(key, body, options);
            }
        };
        try (StoreLease lease = start(store, "a")) {
            lease.candidate(true, Duration.ZERO);
            soon().until(() -> lease.epochHeld() > 0);
        }
    }

    // ---- the race

    @Test
    void oneHolderOverADirectory() throws Exception {
        race(new DirectoryStore(directory), 1);
    }

    @Test
    void oneHolderOverAStoreWithFaults() throws Exception {
        MonotonicClock quick = new MonotonicClock() {
            @Override
            public long nanos() {
                return System.nanoTime();
            }

            @Override
            public void sleep(long millis) throws InterruptedException {
                Thread.sleep(millis / 20);
            }
        };
        long seed = Long.getLong("lease.seed", System.nanoTime());
        System.out.println("lease over faults: -Dlease.seed=" + seed);
        race(new FaultyStore(new MemoryStore(), new SeededFaults(seed, 0.15), quick), 1);
    }

    @Test
    void oneHolderOverS3Proxy() throws Exception {
        try (InProcessServer server = InProcessServer.start()) {
            race(server);
        }
    }

    @Test
    void oneHolderOverVersityGw() throws Exception {
        try (RealServer server = RealServer.versitygw(directory)) {
            race(server);
        }
    }

    @Test
    @Tag("long")
    void oneHolderOverMinio() throws Exception {
        try (RealServer server = RealServer.minio(directory)) {
            race(server);
        }
    }

    private void race(S3Server server) throws Exception {
        try (ObjectStore store = server.open("lease")) {
            LeaseStores.probe(store);
            race(store, 1);
        }
    }

    /** A time during which a node held an epoch without a break: it was asked at its beginning and at its end. */
    private record Held(long from, long to, int node, long epoch) {}

    /** Several take, give back and hand over the lease as fast as they can. */
    private void race(ObjectStore store, int epochsMin) throws Exception {
        List<Held> held = java.util.Collections.synchronizedList(new ArrayList<>());
        List<StoreLease> leases = new ArrayList<>();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < NODES; i++) {
            leases.add(start(store, "n" + i, TTL_OF_RACE));
        }
        long start = System.nanoTime();
        // It goes on until the lease has changed hands.
        BooleanSupplier isOver = () -> {
            long time = System.nanoTime() - start;
            boolean changed = leases.stream().anyMatch(lease -> lease.status().epochMax() > epochsMin + 1L);
            return time > (changed ? RACE_NANOS : RACE_NANOS_MAX);
        };
        for (int i = 0; i < NODES; i++) {
            int node = i;
            threads.add(new Thread(() -> play(leases, node, isOver, held)));
        }
        threads.forEach(Thread::start);
        for (Thread thread : threads) {
            thread.join();
        }
        leases.forEach(StoreLease::close);
        held.sort(java.util.Comparator.comparingLong(Held::from));
        Held before = new Held(Long.MIN_VALUE, Long.MIN_VALUE, -1, 0);
        for (Held one : held) {
            assertTrue(one.node == before.node || one.from >= before.to, one + " while " + before);
            assertTrue(one.epoch >= before.epoch, one + " after " + before);
            assertTrue(one.node == before.node || one.epoch > before.epoch, one + " after " + before);
            before = one.to > before.to ? one : before;
        }
        System.out.println(store.describe() + ": epochs " + before.epoch + ", renewals and acquisitions "
                + leases.stream()
                        .mapToLong(lease -> lease.counters().renewals())
                        .sum() + ", ambiguous "
                + leases.stream()
                        .mapToLong(lease -> lease.counters().ambiguous())
                        .sum());
        assertTrue(before.epoch > epochsMin, "epoch " + before.epoch);
    }

    private static void play(List<StoreLease> leases, int node, BooleanSupplier isOver, List<Held> held) {
        StoreLease lease = leases.get(node);
        StoreLease other = leases.get((node + 1) % NODES);
        Random random = new Random(node);
        while (!isOver.getAsBoolean()) {
            lease.candidate(true, Duration.ZERO);
            long epoch = lease.epochHeld();
            long from = System.nanoTime();
            try {
                Thread.sleep(random.nextInt(10));
            } catch (InterruptedException e) {
                return;
            }
            long to = System.nanoTime();
            if (epoch > 0 && lease.epochHeld() == epoch) {
                held.add(new Held(from, to, node, epoch));
                if (random.nextInt(20) == 0) {
                    if (random.nextBoolean()) {
                        lease.release();
                    } else {
                        lease.handOver(other.holder(), "n", "n:1", true);
                    }
                }
            }
        }
    }

    // ---- what a node sees

    @Test
    void aDeadHolderIsFollowedAfterItsTermAndKeepsTheQuorum() {
        MemoryStore store = new MemoryStore();
        StoreLease one = start(store, "one");
        try (StoreLease two = start(store, "two")) {
            one.candidate(true, Duration.ZERO);
            soon().until(() -> one.epochHeld() == 1);
            assertTrue(one.status().quorum().isEmpty());
            Quorum quorum = new Quorum(1, "one", "one:1", List.of(new Voter("two", "two:1")), 1, false);
            one.quorum(quorum);
            soon().until(() -> one.status().quorum().isPresent());
            assertEquals(List.of(), one.status().quorumsPossible());
            two.candidate(true, Duration.ZERO);
            soon().until(() -> two.status().seen().isPresent());
            assertEquals("one", two.status().seen().orElseThrow().record().node());
            assertEquals(-1, two.epochHeld());
            one.close();
            soon().until(() -> two.epochHeld() == 2);
            assertEquals(-1, one.epochHeld());
            assertEquals(quorum, two.status().quorum().orElseThrow());
            assertFalse(two.status().vouched());
        }
    }

    @Test
    void whatIsOfferedIsTakenAtOnceWithTheVoucher() {
        MemoryStore store = new MemoryStore();
        try (StoreLease one = start(store, "one");
                StoreLease two = start(store, "two")) {
            assertFalse(one.handOver(two.holder(), "two", "two:1", true));
            one.candidate(true, Duration.ZERO);
            two.candidate(true, TTL.multipliedBy(100));
            soon().until(() -> one.epochHeld() == 1);
            assertTrue(one.handOver(two.holder(), "two", "two:1", true));
            assertEquals(-1, one.epochHeld());
            assertFalse(one.handOver(two.holder(), "two", "two:1", true));
            soon().until(() -> one.status().epochMax() == 2);
            two.sighted("", 2);
            soon().until(() -> two.epochHeld() == 2);
            assertTrue(two.status().vouched());
        }
    }

    @Test
    void aLeaseThatWasGivenBackWaitsForTheDelay() {
        MemoryStore store = new MemoryStore();
        try (StoreLease one = start(store, "one");
                StoreLease two = start(store, "two");
                StoreLease three = start(store, "three")) {
            one.candidate(true, Duration.ZERO);
            soon().until(() -> one.epochHeld() == 1);
            two.candidate(true, TTL.multipliedBy(3));
            three.candidate(true, TTL);
            one.release();
            soon().until(() -> three.epochHeld() == 2);
            assertEquals(-1, two.epochHeld());
        }
    }

    @Test
    void confirmsOnlyWhoHoldsItWhenTheObjectIsReadAgain() throws Exception {
        MemoryStore store = new MemoryStore();
        try (StoreLease one = start(store, "one")) {
            one.candidate(true, Duration.ZERO);
            soon().until(() -> one.epochHeld() == 1);
            List<Boolean> told = java.util.Collections.synchronizedList(new ArrayList<>());
            one.confirm(1, told::add);
            soon().until(() -> told.size() == 1);
            one.confirm(7, told::add);
            soon().until(() -> told.size() == 2);
            assertEquals(List.of(true, false), told);
            // Somebody took it though its term has not ended: only the object says so.
            Lease.Seen seen = new LeaseObject(store).read();
            LeaseRecord record = seen.record();
            LeaseRecord taken = new LeaseRecord(
                    2, "other", "other", "", "other nonce", TTL.toMillis(), State.HELD, false, record.quorum());
            LeaseAnswer answer = new LeaseAnswer.Refused();
            while (!(answer instanceof LeaseAnswer.Stored)) {
                answer = new LeaseObject(store)
                        .ask(new LeaseRequest.Replace(
                                new LeaseObject(store).read().etag(), taken));
            }
            one.confirm(1, told::add);
            soon().until(() -> told.size() == 3);
            assertFalse(told.get(2));
            one.confirm(-1, told::add);
            soon().until(() -> told.size() == 4);
            assertFalse(told.get(3));
            assertEquals(-1, one.epochHeld());
        }
    }

    @Test
    void aDeletedObjectIsAnAlarmUntilItIsPutBack() throws Exception {
        MemoryStore store = new MemoryStore();
        try (StoreLease one = start(store, "one")) {
            one.candidate(true, Duration.ZERO);
            soon().until(() -> one.epochHeld() == 1);
            store.delete(LeaseObject.KEY);
            soon().until(() -> one.status().problem().isPresent());
            assertTrue(one.status().problem().orElseThrow().contains("lease break --epoch"));
            assertEquals(-1, one.epochHeld());
            LeaseRecord back = new LeaseRecord(
                    1, "x", "x", "", "put back", 100, State.RELEASED, false, java.util.Optional.empty());
            assertTrue(new LeaseObject(store).ask(new LeaseRequest.Create(back)) instanceof LeaseAnswer.Stored);
            soon().until(() -> one.epochHeld() == 2);
            assertEquals(java.util.Optional.empty(), one.status().problem());
        }
    }

    @Test
    void aStoreThatIgnoresConditionsIsRefusedWithWhatToDo() {
        ObjectStore careless = new ForwardingStore(new MemoryStore()) {
            @Override
            public String put(String key, ObjectBody body, PutOptions options) throws StoreException {
                return inner.put(key, body, PutOptions.replace());
            }
        };
        String message = assertThrows(UnfitStoreException.class, () -> LeaseStores.probe(careless))
                .getMessage();
        assertTrue(
                message.contains("two nodes could hold it at once") && message.contains("ignores If-Match"), message);
    }

    @Test
    void whileTheStoreIsAwayTheTermEndsAndTheReasonIsTold() {
        AtomicBoolean away = new AtomicBoolean();
        ObjectStore store = new ForwardingStore(new MemoryStore()) {
            @Override
            public String put(String key, ObjectBody body, PutOptions options) throws StoreException {
                check();
                return inner.put(key, body, options);
            }

            @Override
            public io.ltxfs.objectstore.ObjectContent get(String key) throws StoreException {
                check();
                return inner.get(key);
            }

            private void check() throws StoreException {
                if (away.get()) {
                    throw new StoreException(StoreException.Kind.UNAVAILABLE, true, "the store is away", null);
                }
            }
        };
        try (StoreLease one = start(store, "one")) {
            one.candidate(true, Duration.ZERO);
            soon().until(() -> one.epochHeld() == 1);
            away.set(true);
            soon().until(() -> one.epochHeld() == -1);
            assertTrue(one.status().problem().orElseThrow().contains("the store is away"));
            assertTrue(one.counters().ambiguous() > 0);
            away.set(false);
            soon().until(() -> one.epochHeld() == 2);
        }
    }
}
