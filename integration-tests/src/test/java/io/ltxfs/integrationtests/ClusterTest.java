package io.ltxfs.integrationtests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What apps see on the nodes of a cluster that is well: reads anywhere, writes on the primary, positions and status. */
@RealMount
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(600)
final class ClusterTest {
    private static final String LOCKED = "database is locked";

    @SuppressWarnings("NullAway.Init")
    private ClusterUnderTest cluster;

    @SuppressWarnings("NullAway.Init")
    private NodeUnderTest primary;

    @SuppressWarnings("NullAway.Init")
    private NodeUnderTest replica;

    @BeforeAll
    void start() {
        cluster = ClusterUnderTest.started(3);
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

    @ParameterizedTest
    @ValueSource(strings = {"WAL", "DELETE", "TRUNCATE", "PERSIST", "MEMORY"})
    void whatThePrimaryCommitsIsReadOnEveryNode(String mode) {
        String database = "read-" + mode + ".db";
        primary.sqlite(database, "PRAGMA journal_mode=" + mode, "CREATE TABLE t(a)", "INSERT INTO t VALUES('first')")
                .orFail();
        cluster.assertSame(database);
        primary.sqlite(database, "PRAGMA journal_mode=" + mode, "INSERT INTO t VALUES('second')")
                .orFail();
        cluster.assertSame(database);
        for (NodeUnderTest node : cluster.nodes().values()) {
            assertEquals(
                    "first\nsecond", node.sqlite(database, "SELECT a FROM t").orFail());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"WAL", "DELETE"})
    void aWriteOnAReplicaFindsTheDatabaseLocked(String mode) {
        String database = "locked-" + mode + ".db";
        make(database, mode);
        try (Session session = Session.create(replica, database, 1)) {
            assertEquals(LOCKED, session.execute("BEGIN IMMEDIATE").error());
            assertEquals(LOCKED, session.execute("INSERT INTO t VALUES(2)").error());
            assertEquals(LOCKED, session.execute("CREATE TABLE u(a)").error());
            assertEquals(1, session.run("SELECT count(*) FROM t").value());
        }
        primary.sqlite(database, "INSERT INTO t VALUES(3)").orFail();
        cluster.assertSame(database);
    }

    @Test
    void aDatabaseCannotBeMadeOnAReplica() throws IOException {
        try (Session session = Session.create(replica, "orphan.db", 1)) {
            assertNotEquals("", session.execute("CREATE TABLE t(a)").error());
        }
        for (NodeUnderTest node : cluster.nodes().values()) {
            assertFalse(Files.exists(node.mount().resolve("orphan.db-pos")), "it became a database");
        }
        primary.sqlite("orphan.db", "PRAGMA page_size=1024", "CREATE TABLE t(a)", "INSERT INTO t VALUES(1)")
                .orFail();
        cluster.assertSame("orphan.db");
        assertEquals("1", replica.sqlite("orphan.db", "SELECT a FROM t").orFail());
    }

    @ParameterizedTest
    @ValueSource(strings = {"WAL", "DELETE"})
    void aConnectionThatIsOpenWritesAfterThePromotion(String mode) {
        String database = "open-" + mode + ".db";
        make(database, mode);
        try (Session onReplica = Session.open(replica, database);
                Session onPrimary = Session.create(primary, database, 1)) {
            assertEquals(1, onReplica.run("SELECT count(*) FROM t").value());
            onPrimary.run("INSERT INTO t VALUES(2)");
            cluster.promote(replica);
            onReplica.run("INSERT INTO t VALUES(3)");
            assertEquals(LOCKED, onPrimary.execute("INSERT INTO t VALUES(4)").error());
            cluster.assertSame(database);
            assertEquals(
                    "1 2 3",
                    onPrimary.run("SELECT group_concat(a, ' ') FROM t").value().toString());
            assertEquals(
                    "1 2 3",
                    onReplica.run("SELECT group_concat(a, ' ') FROM t").value().toString());
        }
    }

    @Test
    void whatAPositionSaysIsReadAfterWaitingForIt() {
        make("wait.db", "WAL");
        for (int i = 2; i <= 20; i++) {
            primary.sqlite("wait.db", "INSERT INTO t VALUES(" + i + ")").orFail();
            String txid = String.format("%016x", primary.position("wait.db").txid());
            for (NodeUnderTest node : cluster.nodes().values()) {
                assertEquals(200, node.get("/wait?db=wait.db&txid=" + txid).statusCode());
                assertEquals(
                        Integer.toString(i),
                        node.sqlite("wait.db", "SELECT max(a) FROM t").orFail());
            }
        }
    }

    @Test
    void theVirtualFilesSayWhoIsPrimary() throws IOException {
        Assertions.assertThrows(
                NoSuchFileException.class,
                () -> Files.readString(primary.mount().resolve(".primary")));
        assertEquals(
                cluster.address(primary),
                Files.readString(replica.mount().resolve(".primary")).strip());
        assertEquals(0, lag(primary));
        assertTrue(lag(replica) < Duration.ofMinutes(1).toMillis(), () -> "lag " + replica.log());
    }

    private static long lag(NodeUnderTest node) throws IOException {
        return Long.parseLong(Files.readString(node.mount().resolve(".lag")).strip());
    }

    @Test
    void theStatusShowsTheClusterOnEveryNode() {
        make("status.db", "WAL");
        cluster.awaitSame("status.db");
        Object epoch = primary.status().get("epoch");
        for (NodeUnderTest node : cluster.nodes().values()) {
            Map<?, ?> status = node.status();
            assertEquals(node == primary ? "primary" : "replica", status.get("role"));
            assertEquals(epoch, status.get("epoch"), "epoch");
            assertEquals(cluster.nameOf(primary), field(status, "primary", "node"));
            assertEquals(field(primary.status(), "primary", "advertise"), field(status, "primary", "advertise"));
        }
        long left = ((Number) field(primary.status(), "lease", "remainingMillis")).longValue();
        assertTrue(left > 0 && left <= ClusterUnderTest.TTL.toMillis(), "left of the lease: " + left);
        cluster.awaiting(
                "both replicas, at the database's position, in the primary's status",
                () -> replicasAt("status.db"),
                names -> names.size() == 2);
    }

    private List<String> replicasAt(String database) {
        Map<?, ?> entry = primary.status(database);
        return StreamSupport.stream(((Iterable<?>) Objects.requireNonNull(entry.get("replicas"))).spliterator(), false)
                .map(each -> (Map<?, ?>) each)
                .filter(each -> Objects.equals(each.get("txid"), entry.get("txid")))
                .filter(each -> each.get("lagMillis") instanceof Number)
                .map(each -> String.valueOf(each.get("node")))
                .filter(name -> !name.equals(cluster.nameOf(primary)))
                .distinct()
                .collect(Collectors.toList());
    }

    private static Object field(Map<?, ?> status, String first, String second) {
        return Objects.requireNonNull(
                ((Map<?, ?>) Objects.requireNonNull(status.get(first), first)).get(second), second);
    }

    @Test
    void ownerAndModeAreTheSameEverywhereAndAfterAPromotion() throws IOException {
        String[] asUser = {"setpriv", "--reuid=1000", "--regid=1000", "--clear-groups"};
        for (NodeUnderTest node : cluster.nodes().values()) {
            Files.createDirectories(node.mount().resolve("owned"));
            Programs.run(
                            Duration.ofSeconds(60),
                            "chown",
                            "1000:1000",
                            node.mount().resolve("owned").toString())
                    .orFail();
        }
        try (Session session = Session.create(primary, "owned/a.db", 5, asUser)) {
            session.run("PRAGMA journal_mode=WAL");
            session.run("CREATE TABLE t(a)");
            session.run("INSERT INTO t VALUES(1)");
        }
        Files.setPosixFilePermissions(
                primary.mount().resolve("owned/a.db"), PosixFilePermissions.fromString("rw-r-----"));
        primary.sqlite("owned/a.db", "INSERT INTO t VALUES(2)").orFail();
        cluster.assertSame("owned/a.db");
        for (NodeUnderTest node : cluster.nodes().values()) {
            Path file = node.mount().resolve("owned/a.db");
            assertEquals(1000, Files.getAttribute(file, "unix:uid"), cluster.nameOf(node));
            assertEquals(1000, Files.getAttribute(file, "unix:gid"), cluster.nameOf(node));
            cluster.awaiting(
                    "the mode on " + cluster.nameOf(node),
                    () -> PosixFilePermissions.toString(Files.getPosixFilePermissions(file)),
                    "rw-r-----"::equals);
        }
        cluster.promote(replica);
        try (Session session = Session.create(replica, "owned/a.db", 5, asUser)) {
            session.run("INSERT INTO t VALUES(3)");
        }
        cluster.assertSame("owned/a.db");
        try (Session session = Session.create(primary, "owned/a.db", 5, asUser)) {
            assertEquals(3, session.run("SELECT count(*) FROM t").value());
        }
    }

    @Test
    void aDroppedDatabaseGoesEverywhereAndComesBackWithAnotherPageSize() throws IOException {
        make("drop.db", "WAL");
        cluster.assertSame("drop.db");
        for (String name : List.of("drop.db", "drop.db-wal", "drop.db-shm")) {
            Files.deleteIfExists(primary.mount().resolve(name));
        }
        for (NodeUnderTest node : cluster.nodes().values()) {
            cluster.awaiting(
                    "drop.db to go on " + cluster.nameOf(node),
                    () -> Files.exists(node.mount().resolve("drop.db")),
                    there -> !there);
        }
        primary.sqlite("drop.db", "PRAGMA page_size=512", "CREATE TABLE t(a)", "INSERT INTO t VALUES('again')")
                .orFail();
        cluster.assertSame("drop.db");
        assertEquals("again", replica.sqlite("drop.db", "SELECT a FROM t").orFail());
    }

    private void make(String database, String mode) {
        primary.sqlite(database, "PRAGMA journal_mode=" + mode, "CREATE TABLE t(a)", "INSERT INTO t VALUES(1)")
                .orFail();
        cluster.awaitSame(database);
    }
}
