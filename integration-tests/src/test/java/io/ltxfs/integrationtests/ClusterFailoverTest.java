package io.ltxfs.integrationtests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/**
 * The primary dies, hangs, is stopped or gives its role away while eight clients append under {@code replica:1}: the
 * cluster goes on by itself, and what was acknowledged is there. Each test goes on with the cluster as the one before
 * left it.
 */
@RealMount
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(900)
final class ClusterFailoverTest {
    private static final long SEED = Long.getLong("ltxfs.seed", 1);
    private static final int STOPS = Integer.getInteger("ltxfs.cluster.rounds", 1);

    private @org.jspecify.annotations.Nullable ClusterUnderTest shared;

    @SuppressWarnings("NullAway.Init")
    private ClusterUnderTest cluster;

    @BeforeEach
    void whole() {
        if (shared == null) {
            shared = ClusterUnderTest.started(
                    3, "durability=\"replica:1\"", "databases=[{match: \"local-*\", durability: local}]");
        }
        cluster = shared;
        cluster.nodes().values().stream().filter(node -> !node.isRunning()).forEach(NodeUnderTest::launch);
        cluster.awaitWhole();
    }

    @AfterEach
    void report(org.junit.jupiter.api.TestInfo info, org.junit.jupiter.api.TestReporter reporter) {
        reporter.publishEntry("test", info.getDisplayName());
    }

    @org.junit.jupiter.api.AfterAll
    void stop() {
        if (shared != null) {
            shared.close();
        }
    }

    @Test
    void killNineOfThePrimaryLosesNothing() {
        try (AppendClients clients = AppendClients.start(cluster, "kill.db", "WAL", "FULL", SEED)) {
            clients.awaitMore(50);
            NodeUnderTest old = cluster.awaitPrimary();
            Object epoch = old.status().get("epoch");
            old.killAll();
            NodeUnderTest next = cluster.awaitPrimaryOtherThan(old);
            assertNotEquals(epoch, next.status().get("epoch"));
            clients.awaitMore(50);
            old.launch();
            cluster.awaitWhole();
            clients.awaitMore(20);
            say("kill -9", clients.stopAndVerify());
        }
    }

    @Test
    void killNineOfTheDaemonAloneLosesNothing() {
        try (AppendClients clients = AppendClients.start(cluster, "guard.db", "WAL", "NORMAL", SEED)) {
            clients.awaitMore(50);
            NodeUnderTest old = cluster.awaitPrimary();
            old.daemon().destroyForcibly(); // its guard starts it again
            clients.awaitMore(50);
            say("kill -9 of the daemon", clients.stopAndVerify());
        }
    }

    @Test
    void aPauseBeyondTheLeaseLosesNothing() {
        try (AppendClients clients = AppendClients.start(cluster, "pause.db", "WAL", "FULL", SEED)) {
            clients.awaitMore(50);
            NodeUnderTest old = cluster.awaitPrimary();
            try (Session zombie = Session.open(old, "pause.db")) {
                zombie.run("SELECT count(*) FROM appends");
                cluster.pause(old);
                zombie.send("INSERT INTO appends(client, number) VALUES(99, 1)"); // waits for the kernel's reply
                cluster.awaitPrimaryOtherThan(old);
                clients.awaitMore(50);
                cluster.resume(old);
                String error = zombie.answer().error();
                assertTrue(error.contains("I/O error") || error.contains("locked"), error);
            }
            cluster.awaitWhole();
            clients.awaitMore(20);
            clients.stop();
            cluster.assertSame("pause.db");
            assertEquals(
                    "0",
                    cluster.awaitPrimary()
                            .sqlite("pause.db", "SELECT count(*) FROM appends WHERE client = 99")
                            .orFail());
            say("SIGSTOP", clients.stopAndVerify());
        }
    }

    @Test
    void rolesThatAreHandedOverUnderLoadCauseNoError() {
        try (AppendClients clients = AppendClients.start(cluster, "hand-over.db", "WAL", "FULL", SEED)) {
            clients.awaitMore(30);
            for (int i = 0; i < STOPS; i++) {
                NodeUnderTest next = cluster.replica();
                cluster.promote(next);
                clients.awaitMore(30);
                NodeUnderTest third = cluster.replica();
                cluster.handOff(next, cluster.nameOf(third));
                cluster.awaitPrimary(third);
                clients.awaitMore(30);
                cluster.handOff(third);
                cluster.awaitPrimaryOtherThan(third);
                clients.awaitMore(30);
            }
            say("hand-over", clients.stopAndVerify());
            assertOnlyLocked(clients.appends());
        }
    }

    @Test
    void handingOverARollbackDatabaseUnderLoadCausesNoError() {
        try (AppendClients clients = AppendClients.start(cluster, "hand-over-delete.db", "DELETE", "FULL", SEED)) {
            clients.awaitMore(30);
            for (int i = 0; i < STOPS; i++) {
                NodeUnderTest next = cluster.replica();
                cluster.promote(next);
                clients.awaitMore(30);
            }
            say("hand-over, DELETE", clients.stopAndVerify());
            assertOnlyLocked(clients.appends());
        }
    }

    @Test
    void anOrderlyStopHandsOverAndLosesNothing() {
        try (AppendClients clients = AppendClients.start(cluster, "local-stop.db", "WAL", "NORMAL", SEED)) {
            for (int i = 0; i < STOPS; i++) {
                clients.awaitMore(50);
                NodeUnderTest old = cluster.awaitPrimary();
                old.stop();
                cluster.awaitPrimaryOtherThan(old);
                clients.awaitMore(50);
                old.launch();
                cluster.awaitWhole();
            }
            say("SIGTERM", clients.stopAndVerify());
        }
    }

    @Test
    void allKilledAtOnceComeBackInAnyOrder() {
        Random random = new Random(SEED);
        for (int round = 0; round < STOPS; round++) {
            String database = "all-" + round + ".db";
            try (AppendClients clients = AppendClients.start(cluster, database, "WAL", "FULL", SEED)) {
                clients.awaitMore(50);
                cluster.killAll();
                List<NodeUnderTest> order = new ArrayList<>(cluster.nodes().values());
                Collections.shuffle(order, random);
                order.forEach(NodeUnderTest::launch);
                cluster.awaitWhole();
                clients.awaitMore(20);
                say("all killed", clients.stopAndVerify());
            }
        }
    }

    @Test
    void nodesThatAreStoppedAndStartedOneAfterTheOtherLoseNothing() {
        try (AppendClients clients = AppendClients.start(cluster, "rolling.db", "WAL", "FULL", SEED)) {
            for (NodeUnderTest node : cluster.nodes().values()) {
                clients.awaitMore(20);
                node.stop();
                clients.awaitMore(20);
                node.launch();
                cluster.awaitWhole();
            }
            say("rolling restart", clients.stopAndVerify());
        }
    }

    /** Nothing that a busy timeout would not cover. */
    private void assertOnlyLocked(List<Append> appends) {
        Set<String> errors = new TreeSet<>();
        for (Append append : appends) {
            if (append.outcome() != Append.Outcome.OK && !append.error().equals("database is locked")) {
                errors.add(append.outcome() + ": " + append.error());
            }
        }
        assertEquals(Set.of(), errors, cluster::describe);
    }

    private static void say(String what, String happened) {
        System.out.println("ClusterFailoverTest: " + what + ": " + happened);
    }
}
