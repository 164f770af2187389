package io.ltxfs.node.replication;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.node.cluster.Standing.Place;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A primary and a replica over loopback. */
@Timeout(300)
class ReplicationTest {
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

    private void awaitSame(TestNode primary, TestNode replica) throws IOException {
        primary.flush();
        await().atMost(60, TimeUnit.SECONDS)
                .pollInterval(Duration.ofMillis(5))
                .untilAsserted(() ->
                        assertEquals(primary.positions(), replica.positions(), () -> replica.follower.failures + ""));
    }

    @Test
    void transactionsComeInTheOrderOfTheirDatabase() throws Exception {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        TestNode primary = closing(new TestNode("one", root)).primary();
        TestNode replica = closing(new TestNode("two", root));
        primary.commit("before.db", random, 3, 10);
        Following following = closing(replica.client.follow(primary.address(), replica.follower));
        for (int i = 0; i < 300; i++) {
            primary.commit("d" + random.nextInt(5) + ".db", random, 1 + random.nextInt(4), 40);
        }
        primary.drop("d0.db");
        primary.commit("d0.db", random, 2, 2);
        awaitSame(primary, replica);
        for (String database : TestNode.names(5)) {
            assertArrayEquals(primary.content(database), replica.content(database), () -> database + " seed " + seed);
        }
        assertTrue(following.connected());
        await().atMost(Duration.ofSeconds(60))
                .untilAsserted(() -> assertEquals(primary.positions(), primary.handler.acknowledged));
        await().atMost(Duration.ofSeconds(60)).untilAsserted(() -> assertEquals("etag-1", replica.follower.etag));
        following.applied("d1.db", new Place(7, 8));
        following.historyComplete(1, Map.of());
        await().atMost(Duration.ofSeconds(60))
                .untilAsserted(() -> assertEquals(new Place(7, 8), primary.handler.applied.get("d1.db")));
        await().atMost(Duration.ofSeconds(60)).untilAsserted(() -> assertTrue(primary.handler.complete));
        assertEquals(List.of(), replica.follower.failures);
        assertFalse(replica.follower.welcomes.isEmpty());
    }

    @Test
    void aLargeTransactionDoesNotHoldUpSmallOnes() throws Exception {
        Random random = new Random(4);
        TestNode primary = closing(new TestNode("one", root)).primary();
        TestNode replica = closing(new TestNode("two", root));
        primary.commit("small.db", random, 1, 4);
        closing(replica.client.follow(primary.address(), replica.follower));
        awaitSame(primary, replica);
        primary.commit("large.db", random, 40_000, 40_000);
        for (int i = 0; i < 20; i++) {
            primary.commit("small.db", random, 2, 4);
        }
        awaitSame(primary, replica);
        assertArrayEquals(primary.content("large.db"), replica.content("large.db"));
    }

    @Test
    void aDatabaseOfAnotherHistoryIsTakenAnew() throws Exception {
        Random random = new Random(5);
        TestNode primary = closing(new TestNode("one", root)).primary();
        TestNode replica = closing(new TestNode("two", root));
        for (int i = 0; i < 100; i++) {
            primary.commit("a.db", random, 3, 50);
        }
        primary.commit("dropped.db", random, 3, 50);
        primary.drop("dropped.db");
        for (int i = 0; i < 7; i++) {
            replica.commit("a.db", random, 3, 9);
        }
        replica.commit("dropped.db", random, 3, 50);
        replica.commit("own.db", random, 1, 1);
        primary.flush();
        closing(replica.client.follow(primary.address(), replica.follower));
        await().atMost(Duration.ofSeconds(60))
                .untilAsserted(() -> assertEquals(
                        primary.positions().get("a.db"),
                        replica.positions().get("a.db"),
                        () -> replica.follower.failures + ""));
        primary.commit("a.db", random, 3, 50);
        primary.flush();
        await().atMost(Duration.ofSeconds(60))
                .untilAsserted(() -> assertEquals(
                        primary.positions().get("a.db"),
                        replica.positions().get("a.db"),
                        () -> replica.follower.failures + ""));
        await().atMost(Duration.ofSeconds(60))
                .untilAsserted(() -> assertEquals(
                        primary.positions().get("dropped.db"),
                        replica.positions().get("dropped.db")));
        assertArrayEquals(primary.content("a.db"), replica.content("a.db"));
        assertTrue(replica.follower.divergent.contains("a.db@?"), replica.follower.divergent::toString);
        await().atMost(Duration.ofSeconds(60))
                .untilAsserted(() -> assertEquals(List.of("own.db"), replica.follower.absent));
        await().atMost(Duration.ofSeconds(60))
                .untilAsserted(
                        () -> assertEquals(primary.positions().get("a.db"), primary.handler.acknowledged.get("a.db")));
    }
}
