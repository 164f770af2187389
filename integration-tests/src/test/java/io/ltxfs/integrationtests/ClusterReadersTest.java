package io.ltxfs.integrationtests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Readers on a replica and what changes below them: neither holds up the other, and no state is seen that never was. */
@RealMount
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(600)
final class ClusterReadersTest {
    private static final int ROUNDS = Integer.getInteger("ltxfs.cluster.rounds", 1);

    @SuppressWarnings("NullAway.Init")
    private ClusterUnderTest cluster;

    @SuppressWarnings("NullAway.Init")
    private NodeUnderTest primary;

    @SuppressWarnings("NullAway.Init")
    private NodeUnderTest replica;

    @BeforeAll
    void start() {
        cluster = ClusterUnderTest.started(
                2, "databases=[{match: \"sync-*\", durability: \"replica:1\", durability-wait.then: fail}]");
    }

    @AfterAll
    void stop() {
        cluster.close();
    }

    @BeforeEach
    void whole() {
        primary = cluster.awaitWhole();
        replica = cluster.replica();
    }

    @Test
    @Timeout(900)
    void everyKindOfChangeReachesReadersOfAReplica() {
        String database = "kinds.db";
        primary.sqlite(database, pair("PRAGMA page_size=4096", "PRAGMA journal_mode=WAL"))
                .orFail();
        cluster.awaitSame(database);
        List<String> kinds = List.of(
                "PRAGMA journal_mode=DELETE",
                "PRAGMA journal_mode=WAL",
                "DELETE FROM one WHERE n % 3 = 0; DELETE FROM two WHERE n % 3 = 0",
                "VACUUM", // shrinks by more than 256 pages in WAL mode
                "PRAGMA journal_mode=TRUNCATE",
                "VACUUM",
                "PRAGMA page_size=1024; VACUUM",
                "PRAGMA journal_mode=PERSIST",
                "PRAGMA journal_mode=WAL",
                "PRAGMA wal_checkpoint(TRUNCATE)",
                "PRAGMA auto_vacuum=INCREMENTAL; VACUUM",
                "PRAGMA incremental_vacuum(50)",
                "PRAGMA journal_mode=DELETE; PRAGMA page_size=65536; VACUUM",
                "PRAGMA journal_mode=WAL",
                "PRAGMA journal_mode=MEMORY");
        int number = 0;
        try (SteadyReader first = new SteadyReader(replica.mount().resolve(database));
                SteadyReader second = new SteadyReader(replica.mount().resolve(database))) {
            for (int round = 0; round < ROUNDS; round++) {
                for (String kind : kinds) {
                    StringBuilder changes = new StringBuilder();
                    for (int i = 0; i < 30; i++) {
                        changes.append(SteadyReader.change(number++, i % 10 == 0 ? 60_000 : 300));
                    }
                    primary.sqlite(database, changes.toString()).orFail();
                    if (kind.startsWith("DELETE")) {
                        primary.sqlite(database, "BEGIN IMMEDIATE; " + kind + "; COMMIT;")
                                .orFail();
                    } else {
                        primary.sqlite(database, kind).orFail();
                    }
                    primary.sqlite(database, SteadyReader.change(number++, 100)).orFail();
                    cluster.assertSame(database);
                }
            }
            for (SteadyReader reader : List.of(first, second)) {
                SteadyReader.Found found = reader.stop();
                assertTrue(found.reads() > 0, found::toString);
                assertEquals(List.of(), found.wrong(), () -> found + "\n" + cluster.describe());
                // A handle that was open while the journal mode or the page size changed may have to be opened anew.
                assertTrue(found.errors().size() <= kinds.size() * ROUNDS, found::toString);
            }
        }
    }

    private static String[] pair(String... before) {
        List<String> all = new ArrayList<>(List.of(before));
        all.addAll(List.of(SteadyReader.PAIR));
        return all.toArray(String[]::new);
    }

    @Test
    void aLongReaderOfWalHoldsUpNothing() {
        make("sync-long.db", "WAL");
        make("other.db", "WAL");
        try (Session reader = Session.open(replica, "sync-long.db")) {
            reader.run("BEGIN");
            assertEquals(1, reader.run("SELECT count(*) FROM t").value());
            for (int i = 0; i < 10; i++) {
                String ten = "INSERT INTO t VALUES(randomblob(3000));".repeat(10);
                primary.sqlite("sync-long.db", ten).orFail();
                primary.sqlite("other.db", ten).orFail();
            }
            cluster.awaitSame("sync-long.db");
            cluster.awaitSame("other.db");
            assertEquals(
                    "101",
                    replica.sqlite("sync-long.db", "SELECT count(*) FROM t").orFail());
            assertEquals(1, reader.run("SELECT count(*) FROM t").value(), "its snapshot");
            reader.run("COMMIT");
            assertEquals(101, reader.run("SELECT count(*) FROM t").value());
        }
        cluster.assertSame("sync-long.db");
    }

    @Test
    void aLongReaderOfARollbackDatabaseHoldsUpNoAcknowledgementAndNoOtherDatabase() {
        make("sync-rollback.db", "DELETE");
        make("beside.db", "DELETE");
        try (Session reader = Session.open(replica, "sync-rollback.db")) {
            reader.run("BEGIN");
            assertEquals(1, reader.run("SELECT count(*) FROM t").value());
            for (int i = 0; i < 20; i++) {
                primary.sqlite("sync-rollback.db", "INSERT INTO t VALUES(" + i + ")")
                        .orFail(); // acknowledged by the replica, or it fails
                primary.sqlite("beside.db", "INSERT INTO t VALUES(" + i + ")").orFail();
            }
            cluster.awaitSame("beside.db");
            assertEquals(1, reader.run("SELECT count(*) FROM t").value(), "its snapshot");
            reader.run("COMMIT");
        }
        cluster.assertSame("sync-rollback.db");
        assertEquals(
                "21",
                replica.sqlite("sync-rollback.db", "SELECT count(*) FROM t").orFail());
    }

    @ParameterizedTest
    @ValueSource(strings = {"WAL", "DELETE"})
    void readersThatOverlapStarveNothing(String mode) {
        String database = "overlap-" + mode + ".db";
        primary.sqlite(database, pair("PRAGMA journal_mode=" + mode)).orFail();
        cluster.awaitSame(database);
        List<SteadyReader> readers = new ArrayList<>();
        try {
            for (int i = 0; i < 3; i++) {
                readers.add(new SteadyReader(replica.mount().resolve(database)));
            }
            for (int i = 0; i < 100; i++) {
                primary.sqlite(database, SteadyReader.change(i, 2000)).orFail();
            }
            cluster.awaitSame(database); // while they read
            for (SteadyReader reader : readers) {
                SteadyReader.Found found = reader.stop();
                assertEquals(List.of(), found.wrong(), () -> found + "\n" + cluster.describe());
                assertEquals(List.of(), found.errors(), () -> found + "\n" + cluster.describe());
            }
        } finally {
            readers.forEach(SteadyReader::close);
        }
        cluster.assertSame(database);
    }

    @Test
    void severalDatabasesOfOneTransactionArriveWhole() {
        make("attached-1.db", "DELETE");
        make("attached-2.db", "DELETE");
        for (int i = 0; i < 20; i++) {
            primary.sqlite(
                            "attached-1.db",
                            "ATTACH '" + primary.mount().resolve("attached-2.db")
                                    + "' AS other; BEGIN; INSERT INTO t VALUES(" + i + "); INSERT INTO other.t VALUES("
                                    + i + "); COMMIT;")
                    .orFail();
        }
        cluster.assertSame("attached-1.db");
        cluster.assertSame("attached-2.db");
        assertEquals(
                "21", replica.sqlite("attached-2.db", "SELECT count(*) FROM t").orFail());
    }

    private void make(String database, String mode) {
        primary.sqlite(database, "PRAGMA journal_mode=" + mode, "CREATE TABLE t(a)", "INSERT INTO t VALUES(1)")
                .orFail();
        cluster.awaitSame(database);
    }
}
