package io.ltxfs.integrationtests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What {@code durability} and {@code durability-wait} promise. */
@RealMount
final class ClusterDurabilityTest {
    private static final int KILLS = Integer.getInteger("ltxfs.cluster.kills", 3);
    private static final int PAUSES = Integer.getInteger("ltxfs.cluster.pauses", 2);
    private static final int HANDOVERS = Integer.getInteger("ltxfs.cluster.handovers", 3);
    private static final long SEED = Long.getLong("ltxfs.seed", 1);

    /** The role moves by kills, pauses and hand-overs in random order; each is the primary's. */
    @ParameterizedTest
    @CsvSource({"WAL,FULL"})
    @Timeout(3600)
    void nothingAcknowledgedIsMissingAfterManyRoleChanges(String mode, String synchronous) {
        Random random = new Random(SEED);
        int kills = KILLS;
        int pauses = PAUSES;
        int handovers = HANDOVERS;
        try (ClusterUnderTest cluster = ClusterUnderTest.started(3, "durability=\"replica:1\"");
                AppendClients clients = AppendClients.start(cluster, "many.db", mode, synchronous, SEED)) {
            clients.awaitMore(20);
            while (kills + pauses + handovers > 0) {
                int what = random.nextInt(kills + pauses + handovers);
                NodeUnderTest old = cluster.awaitPrimary();
                if (what < kills) {
                    kills--;
                    old.killAll();
                    cluster.awaitPrimaryOtherThan(old);
                    clients.awaitMore(random.nextInt(20));
                    old.launch();
                } else if (what < kills + pauses) {
                    pauses--;
                    cluster.pause(old);
                    cluster.awaitPrimaryOtherThan(old);
                    // No append is waited for here: all clients may be in system calls of the mount that is paused.
                    cluster.resume(old);
                } else {
                    handovers--;
                    NodeUnderTest next = cluster.replica();
                    cluster.promote(next);
                }
                cluster.awaitWhole();
                clients.awaitMore(5 + random.nextInt(20));
            }
            System.out.println("ClusterDurabilityTest: seed " + SEED + ", " + KILLS + " kills, " + PAUSES + " pauses, "
                    + HANDOVERS + " hand-overs: " + clients.stopAndVerify());
        }
    }

    @Test
    @Timeout(600)
    void aCommitThatNobodyElseHasWaitsAsConfigured() {
        try (ClusterUnderTest cluster = ClusterUnderTest.started(
                2,
                "durability=\"replica:1\"",
                "durability-wait.max=5s",
                "databases=[{match: wait.db, durability-wait.then: wait},"
                        + " {match: degrade.db, durability-wait.then: degrade},"
                        + " {match: fail.db, durability-wait.then: fail},"
                        + " {match: local.db, durability: local}]")) {
            NodeUnderTest primary = cluster.awaitPrimary();
            NodeUnderTest replica = cluster.replica();
            for (String database : new String[] {"wait.db", "degrade.db", "fail.db", "local.db"}) {
                primary.sqlite(database, "PRAGMA journal_mode=WAL", "CREATE TABLE t(a)", "INSERT INTO t VALUES(1)")
                        .orFail();
                cluster.awaitSame(database);
            }
            replica.killAll();
            try (Session waiting = Session.open(primary, "wait.db");
                    Session degrading = Session.open(primary, "degrade.db");
                    Session failing = Session.open(primary, "fail.db");
                    Session local = Session.open(primary, "local.db")) {
                waiting.send("INSERT INTO t VALUES(2)");
                local.run("INSERT INTO t VALUES(2)");
                String failed = failing.execute("INSERT INTO t VALUES(2)").error();
                assertTrue(failed.contains("I/O error"), failed);
                degrading.run("INSERT INTO t VALUES(2)");
                cluster.awaiting(
                        "status to say what waits and what is degraded",
                        () -> String.valueOf(primary.status().get("warnings")),
                        warnings -> warnings.contains("wait.db") && warnings.contains("degrade.db"));
                assertFalse(waiting.isAnswered(), "acknowledged though nobody else has it");
                replica.launch();
                assertEquals("", waiting.answer().error());
            }
            cluster.awaitWhole();
            for (String database : new String[] {"wait.db", "degrade.db", "fail.db", "local.db"}) {
                cluster.assertSame(database);
                assertEquals(
                        "2", replica.sqlite(database, "SELECT count(*) FROM t").orFail(), database);
            }
            cluster.awaiting(
                    "the alarm's end",
                    () -> String.valueOf(primary.status().get("warnings")),
                    warnings -> !warnings.contains("degrade.db"));
        }
    }

    @Test
    @Timeout(600)
    void archiveMeansThatTheArchiveHasIt() {
        try (ClusterUnderTest cluster =
                ClusterUnderTest.started(2, "durability=archive", "archive.sync=100ms", "durability-wait.max=20s")) {
            NodeUnderTest primary = cluster.awaitPrimary();
            primary.sqlite("a.db", "PRAGMA journal_mode=WAL", "CREATE TABLE t(a)")
                    .orFail();
            for (int i = 1; i <= 5; i++) {
                primary.sqlite("a.db", "INSERT INTO t VALUES(" + i + ")").orFail();
            }
            cluster.killAll();
            var restored = cluster.scratch().resolve("restored.db");
            NodeUnderTest.tool(
                            "restore",
                            "a.db",
                            "-o",
                            restored.toString(),
                            "--archive",
                            cluster.scratch().resolve("archive").toString())
                    .orFail();
            assertEquals(
                    "5",
                    Programs.run(Duration.ofSeconds(60), "sqlite3", restored.toString(), "SELECT count(*) FROM t")
                            .orFail());
        }
    }
}
