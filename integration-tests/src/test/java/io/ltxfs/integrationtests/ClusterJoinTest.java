package io.ltxfs.integrationtests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Nodes that are new, or were away for long, and commands that wait for their turn. */
@RealMount
@Timeout(600)
final class ClusterJoinTest {
    /** More than this is committed while a node is away. */
    private static final String SMALL_LOG = "log.max-bytes=1MiB";

    @ParameterizedTest
    @ValueSource(strings = {"archive", "none"})
    void aNewNodeAndOneThatWasAwayForLongCatchUp(String archive) {
        String[] settings = archive.equals("none")
                ? new String[] {SMALL_LOG, "archive.url=none"}
                : new String[] {SMALL_LOG, "archive.sync=200ms"};
        try (ClusterUnderTest cluster = ClusterUnderTest.started(2, settings)) {
            NodeUnderTest primary = cluster.awaitPrimary();
            NodeUnderTest away = cluster.replica();
            for (String database : new String[] {"big.db", "quiet.db", "rollback.db"}) {
                String mode = database.startsWith("rollback") ? "DELETE" : "WAL";
                primary.sqlite(database, "PRAGMA journal_mode=" + mode, "CREATE TABLE t(a)", "INSERT INTO t VALUES(1)")
                        .orFail();
                cluster.assertSame(database);
            }
            assertEquals(0, away.stop(), away::log);
            for (int i = 0; i < 40; i++) {
                for (String database : new String[] {"big.db", "rollback.db"}) {
                    primary.sqlite(database, "INSERT INTO t VALUES(randomblob(200000));".repeat(2))
                            .orFail();
                }
            }
            primary.sqlite("late.db", "CREATE TABLE t(a)").orFail();
            away.launch();
            cluster.add();
            cluster.node("n3").launch();
            cluster.awaitWhole();
            for (String database : new String[] {"big.db", "quiet.db", "rollback.db", "late.db"}) {
                cluster.assertSame(database);
            }
            primary.sqlite("big.db", "INSERT INTO t VALUES(2)").orFail();
            cluster.assertSame("big.db");
            NodeUnderTest joined = cluster.node("n3");
            cluster.promote(joined);
            joined.sqlite("big.db", "INSERT INTO t VALUES(3)").orFail();
            cluster.assertSame("big.db");
        }
    }

    @Test
    void anEmptyNodeNeverBecomesPrimaryOfAnOldCluster() {
        try (ClusterUnderTest cluster = ClusterUnderTest.started(1, "archive.url=none")) {
            NodeUnderTest full = cluster.awaitPrimary();
            full.sqlite("a.db", "CREATE TABLE t(a)", "INSERT INTO t VALUES(1)").orFail();
            String before = full.position("a.db").toString();
            assertEquals(0, full.stop(), full::log); // the lease is released
            NodeUnderTest empty = cluster.add();
            empty.launch();
            cluster.awaiting(
                    "the empty node to answer",
                    () -> empty.statusWithin(Duration.ofSeconds(5)),
                    found -> found.isPresent());
            long end = System.nanoTime() + ClusterUnderTest.TTL.multipliedBy(4).toNanos();
            while (System.nanoTime() < end) {
                assertNotEquals("primary", empty.status().get("role"), empty::log);
            }
            cluster.awaiting(
                    "it to say what it waits for",
                    () -> String.valueOf(empty.status().get("warnings"))
                            + empty.status().get("waiting"),
                    said -> !said.equals("[][]"));
            full.launch();
            cluster.awaitWhole();
            assertEquals("n1", cluster.nameOf(cluster.awaitPrimary()));
            assertEquals(before, cluster.awaitSame("a.db").toString());
            assertEquals("1", empty.sqlite("a.db", "SELECT a FROM t").orFail());
        }
    }

    @Test
    void commandsStartWhenTheNodeCanServeThem() throws IOException {
        try (ClusterUnderTest cluster = ClusterUnderTest.started(1)) {
            NodeUnderTest primary = cluster.awaitPrimary();
            primary.sqlite("a.db", "CREATE TABLE t(a)", "INSERT INTO t VALUES('there')")
                    .orFail();
            NodeUnderTest reader = cluster.add();
            Process app = reader.launch(
                    "--", "sqlite3", reader.mount().resolve("a.db").toString(), "SELECT 'read ' || a FROM t");
            Programs.endsWithin(app.toHandle(), Duration.ofSeconds(60));
            assertEquals(0, app.exitValue(), reader::log);
            assertTrue(reader.log().contains("read there"), reader::log);

            NodeUnderTest migrating = cluster.add();
            var marker = cluster.scratch().resolve("started");
            Process migration = migrating.launch(
                    "--primary-only",
                    "--",
                    "sh",
                    "-c",
                    "touch " + marker + "; exec sqlite3 " + migrating.mount().resolve("a.db")
                            + " 'CREATE TABLE migrated(a)'");
            cluster.awaiting(
                    "the replica to follow",
                    () -> migrating.statusWithin(Duration.ofSeconds(5)),
                    status ->
                            status.isPresent() && "replica".equals(status.get().get("role")));
            assertFalse(Files.exists(marker), "started on a replica");
            cluster.awaiting(
                    "the promotion",
                    () -> migrating.command("promote"),
                    said -> said.exitCode() == 0 || !migration.isAlive());
            Programs.endsWithin(migration.toHandle(), Duration.ofSeconds(60));
            assertEquals(0, migration.exitValue(), migrating::log);
            cluster.awaitPrimary(primary);
            assertEquals(
                    "1",
                    primary.sqlite("a.db", "SELECT count(*) FROM sqlite_schema WHERE name = 'migrated'")
                            .orFail());
        }
    }
}
