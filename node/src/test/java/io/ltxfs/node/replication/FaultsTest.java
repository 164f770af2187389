package io.ltxfs.node.replication;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of replication when the network does what networks do. */
@Timeout(600)
class FaultsTest {
    @TempDir
    Path root;

    private final List<AutoCloseable> open = new ArrayList<>();

    @AfterEach
    void close() throws Exception {
        for (int i = open.size() - 1; i >= 0; i--) {
            open.get(i).close();
        }
    }

    private <T extends AutoCloseable> T closing(T one) {
        open.add(one);
        return one;
    }

    private static void awaitSame(TestNode primary, TestNode replica) throws IOException {
        primary.flush();
        await().atMost(60, TimeUnit.SECONDS)
                .pollInterval(Duration.ofMillis(5))
                .untilAsserted(() ->
                        assertEquals(primary.positions(), replica.positions(), () -> replica.follower.failures + ""));
    }

    /** Small and large transactions, and databases that are taken anew, over a connection that is cut again and again. */
    @Test
    void connectionsThatAreCutAnywhereLoseAndRepeatNothing() throws Exception {
        long seed = Long.getLong("seed", System.nanoTime());
        Random random = new Random(seed);
        TestNode primary = closing(new TestNode("one", root)).primary();
        TestNode replica = closing(new TestNode("two", root));
        primary.commit("anew.db", random, 3000, 3000);
        for (int i = 0; i < 70; i++) {
            primary.commit("anew.db", random, 2, 3000);
        }
        replica.commit("anew.db", random, 5, 5);
        primary.flush();
        Random cuts = new Random(seed + 1);
        int[] mean = {60_000};
        Wire wire = closing(new Wire(primary.server.port(), () -> {
            mean[0] = mean[0] * 11 / 10; // The longest message gets through at last.
            return cuts.nextInt(2 * mean[0]);
        }));
        closing(replica.client.follow(wire.address(), replica.follower));
        for (int i = 0; i < 120; i++) {
            primary.commit("d" + random.nextInt(3) + ".db", random, 1 + random.nextInt(3), 30);
            if (i % 30 == 7) {
                primary.commit("large.db", random, 3000, 3000);
            }
            Thread.sleep(2);
        }
        awaitSame(primary, replica);
        for (String database : List.of("d0.db", "d1.db", "d2.db", "large.db", "anew.db")) {
            assertArrayEquals(primary.content(database), replica.content(database), () -> database + " seed " + seed);
        }
        assertTrue(wire.connections() > 3, () -> wire.connections() + " connections, seed " + seed);
    }

    /** A database that is larger than what one connection carries arrives nevertheless: what has come is kept. */
    @Test
    void aSnapshotGoesOnWhereItWasCut() throws Exception {
        Random random = new Random(3);
        TestNode primary = closing(new TestNode("one", root)).primary();
        TestNode replica = closing(new TestNode("two", root));
        primary.commit("a.db", random, 8000, 8000);
        for (int i = 0; i < 70; i++) {
            primary.commit("a.db", random, 1, 8000);
        }
        primary.flush();
        Wire wire = closing(new Wire(primary.server.port(), () -> 1_000_000));
        closing(replica.client.follow(wire.address(), replica.follower));
        awaitSame(primary, replica);
        assertArrayEquals(primary.content("a.db"), replica.content("a.db"));
        assertTrue(wire.connections() > 3, () -> wire.connections() + " connections");
        assertTrue(wire.bytes() < 20_000_000, () -> wire.bytes() + " bytes");
    }

    @Test
    void aReplicaThatStallsHoldsUpNobody() throws Exception {
        Random random = new Random(6);
        TestNode.Choice patient = new TestNode.Choice();
        patient.ttl = Duration.ofMinutes(10); // nobody is given up, however slow the machine is
        TestNode primary = closing(new TestNode("one", root, patient)).primary();
        TestNode stalled = closing(new TestNode("two", root, patient));
        TestNode other = closing(new TestNode("three", root, patient));
        primary.commit("a.db", random, 1, 100);
        Wire wire = closing(new Wire(primary.server.port(), () -> Long.MAX_VALUE));
        Following slow = closing(stalled.client.follow(wire.address(), stalled.follower));
        closing(other.client.follow(primary.address(), other.follower));
        await().atMost(Duration.ofSeconds(60)).until(slow::connected);
        awaitSame(primary, stalled);
        wire.freeze(true);
        for (int i = 0; i < 400; i++) {
            primary.commit("a.db", random, 100, 100); // 20 MB that do not compress
        }
        awaitSame(primary, other);
        long before = wire.bytes();
        assertTrue(before < 1_000_000, () -> before + " bytes went through");
        assertFalse(stalled.positions().equals(primary.positions()));
        wire.freeze(false);
        awaitSame(primary, stalled);
        assertEquals(List.of(), stalled.follower.failures);
    }

    @Test
    void aHalfOpenConnectionIsNoticedByBothSides() throws Exception {
        Random random = new Random(7);
        TestNode.Choice quick = new TestNode.Choice();
        quick.ttl = Duration.ofSeconds(2);
        TestNode primary = closing(new TestNode("one", root, quick)).primary();
        TestNode replica = closing(new TestNode("two", root, quick));
        primary.commit("a.db", random, 1, 4);
        Wire wire = closing(new Wire(primary.server.port(), () -> Long.MAX_VALUE));
        Following following = closing(replica.client.follow(wire.address(), replica.follower));
        await().atMost(Duration.ofSeconds(60)).until(following::connected);
        awaitSame(primary, replica);
        wire.freeze(true);
        // On a busy machine it may have been noticed for nothing before.
        int gone = primary.handler.gone.size();
        int failures = replica.follower.failures.size();
        await().atMost(60, TimeUnit.SECONDS).until(() -> primary.handler.gone.size() > gone);
        await().atMost(60, TimeUnit.SECONDS)
                .until(() -> replica.follower.failures.stream()
                        .skip(failures)
                        .anyMatch(failure -> failure.contains("nothing was heard")));
        await().atMost(60, TimeUnit.SECONDS).until(() -> !following.connected());
        wire.freeze(false);
        await().atMost(60, TimeUnit.SECONDS).until(following::connected);
    }

    /** What a connection has brought is not told once it has ended: the next one may begin from something else. */
    @Test
    void nothingIsToldOfAConnectionThatHasEnded() throws Exception {
        Random random = new Random(8);
        TestNode primary = closing(new TestNode("one", root)).primary();
        TestNode replica = closing(new TestNode("two", root));
        primary.commit("a.db", random, 1, 1);
        primary.commit("anew.db", random, 2, 2);
        replica.commit("anew.db", random, 1, 1); // of another history: it is taken anew, by a thread of its own
        primary.flush();
        CountDownLatch told = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        replica.follower.onDurable = positions -> {
            if (positions.containsKey("a.db") && told.getCount() > 0) {
                told.countDown();
                try {
                    goOn.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }
        };
        Following following = closing(replica.client.follow(primary.address(), replica.follower));
        told.await();
        await().until(() -> Thread.getAllStackTraces().entrySet().stream()
                .anyMatch(each -> each.getKey().getName().startsWith("replication-replace")
                        && each.getKey().getState() == Thread.State.BLOCKED));
        primary.primary = false; // nobody is taken in from now on
        primary.server.closeReplicas("the test says so");
        await().until(() -> !following.connected());
        goOn.countDown();
        await().until(() -> !replica.follower.ends.isEmpty());
        assertFalse(replica.follower.durable.containsKey("anew.db"), () -> "told of " + replica.follower.durable);
    }

    /** What is no exception ends a try, and not the last one. */
    @Test
    void whatDiesOnItsWayIsDoneAgain() throws Exception {
        Random random = new Random(9);
        TestNode primary = closing(new TestNode("one", root)).primary();
        TestNode replica = closing(new TestNode("two", root));
        primary.commit("anew.db", random, 2, 2);
        replica.commit("anew.db", random, 1, 1);
        replica.commit("absent.db", random, 1, 1);
        primary.flush();
        AtomicInteger deaths = new AtomicInteger(4);
        replica.follower.onReplacing = () -> {
            if (deaths.getAndDecrement() > 0) {
                throw new OutOfMemoryError("Cannot reserve direct buffer memory");
            }
        };
        closing(replica.client.follow(primary.address(), replica.follower));
        await().atMost(60, TimeUnit.SECONDS).untilAsserted(() -> {
            assertEquals(primary.positions().get("anew.db"), replica.positions().get("anew.db"));
            assertTrue(replica.follower.absent.contains("absent.db"));
        });
    }

    /** Whoever ends all streams does not wait for what is told of one that has ended already. */
    @Test
    void streamsAreClosedWhileTheEndOfOneIsTold() throws Exception {
        TestNode primary = closing(new TestNode("one", root)).primary();
        TestNode replica = closing(new TestNode("two", root));
        CountDownLatch told = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        primary.handler.onGone = () -> {
            told.countDown();
            try {
                goOn.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        };
        Following following = replica.client.follow(primary.address(), replica.follower);
        await().until(following::connected);
        following.close();
        told.await();
        Thread closer = new Thread(() -> primary.server.closeReplicas("not primary any more"));
        closer.setDaemon(true);
        closer.start();
        closer.join(20_000);
        boolean closed = !closer.isAlive();
        goOn.countDown();
        assertTrue(closed, "waits for one who may wait for it");
        assertEquals(1, primary.handler.gone.size());
    }
}
