package io.ltxfs.integrationtests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.objectstore.tools.RealServer;
import io.ltxfs.objectstore.tools.S3Server;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/**
 * Three nodes in namespaces, with their lease and archive in an S3 server (VersityGW), and links that are cut: between
 * nodes, in one direction, and to the store. Packets are dropped, so that nobody is told of it.
 */
@RealMount
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(900)
final class ClusterNetworkTest {
    private static final long SEED = Long.getLong("ltxfs.seed", 1);
    private static final int CUTS = Integer.getInteger("ltxfs.cluster.cuts", 3);
    private static final Map<String, String> RIGHT =
            Map.of("AWS_ACCESS_KEY_ID", S3Server.ACCESS_KEY, "AWS_SECRET_ACCESS_KEY", S3Server.SECRET_KEY);

    @SuppressWarnings("NullAway.Init")
    private Path directory;

    @SuppressWarnings("NullAway.Init")
    private TestNetwork network;

    @SuppressWarnings("NullAway.Init")
    private RealServer store;

    @SuppressWarnings("NullAway.Init")
    private ClusterUnderTest cluster;

    @BeforeAll
    void start() throws Exception {
        directory = Files.createTempDirectory("ltxfs-it-s3");
        network = TestNetwork.create(3);
        store = RealServer.versitygw(directory, network.here());
        cluster = ClusterUnderTest.withNetwork(
                        network,
                        store.url("cluster"),
                        RIGHT,
                        3,
                        "durability=\"replica:1\"",
                        "databases=[{match: \"local-*\", durability: local}]")
                .startOrClose();
    }

    @AfterAll
    void stop() {
        // Namespaces and servers must not be left behind, whatever of it fails.
        Programs.doAll(List.of(
                () -> {
                    if (cluster != null) {
                        cluster.close();
                    }
                },
                () -> {
                    if (store != null) {
                        store.close();
                    }
                },
                () -> {
                    if (network != null) {
                        network.close();
                    }
                },
                () -> Programs.deleteAll(directory)));
    }

    @BeforeEach
    void whole() {
        network.heal();
        cluster.nodes().values().stream().filter(node -> !node.isRunning()).forEach(NodeUnderTest::launch);
        cluster.awaitWhole();
    }

    private int number(NodeUnderTest node) {
        return Integer.parseInt(cluster.nameOf(node).substring(1));
    }

    private int storePort() {
        return URI.create(store.endpoint()).getPort();
    }

    @Test
    void aPrimaryCutOffFromEverythingIsReplaced() {
        try (AppendClients clients = AppendClients.start(cluster, "alone.db", "WAL", "FULL", SEED)) {
            clients.awaitMore(30);
            NodeUnderTest old = cluster.awaitPrimary();
            network.isolate(number(old));
            network.cutFromHere(number(old), storePort());
            awaitAnother(old);
            clients.awaitMore(30);
            network.heal();
            cluster.awaitWhole();
            clients.awaitMore(10);
            say("cut off from everything", clients.stopAndVerify());
        }
    }

    @Test
    void aPrimaryCutOffFromTheStoreIsReplaced() {
        try (AppendClients clients = AppendClients.start(cluster, "storeless.db", "WAL", "FULL", SEED)) {
            clients.awaitMore(30);
            NodeUnderTest old = cluster.awaitPrimary();
            network.cutFromHere(number(old), storePort());
            awaitAnother(old);
            clients.awaitMore(30);
            network.heal();
            cluster.awaitWhole();
            say("cut off from the store", clients.stopAndVerify());
        }
    }

    @Test
    void oneReplicaCutOffHoldsUpNothingAndCatchesUp() {
        try (AppendClients clients = AppendClients.start(cluster, "replica-alone.db", "WAL", "FULL", SEED)) {
            clients.awaitMore(30);
            network.isolate(number(cluster.replica()));
            clients.awaitMore(50);
            network.heal();
            cluster.awaitWhole();
            say("a replica cut off", clients.stopAndVerify());
        }
    }

    @Test
    void linksCutInOneDirectionLoseNothing() {
        Random random = new Random(SEED);
        try (AppendClients clients = AppendClients.start(cluster, "one-way.db", "WAL", "FULL", SEED)) {
            for (int round = 0; round < CUTS; round++) {
                clients.awaitMore(20);
                int primary = number(cluster.awaitPrimary());
                int other = 1 + (primary + random.nextInt(2)) % 3;
                if (random.nextBoolean()) {
                    network.cutOneWay(primary, other);
                } else {
                    network.cutOneWay(other, primary);
                }
                clients.awaitMore(20);
                network.heal();
                cluster.awaitWhole();
            }
            say("one-way cuts", clients.stopAndVerify());
        }
    }

    @Test
    void theStoreAwayForAWhileAndBackLosesNothing() {
        try (AppendClients clients = AppendClients.start(cluster, "no-store.db", "WAL", "FULL", SEED)) {
            clients.awaitMore(30);
            NodeUnderTest old = cluster.awaitPrimary();
            for (int node = 1; node <= 3; node++) {
                network.cutFromHere(node, storePort());
            }
            cluster.awaiting("the primary to give up", () -> old.status().get("role"), role -> !"primary".equals(role));
            network.heal();
            cluster.awaitWhole();
            clients.awaitMore(30);
            say("store away", clients.stopAndVerify());
        }
    }

    @Test
    void whatOnlyADeposedPrimaryHadIsKeptAside() throws IOException {
        String database = "local-divergent.db";
        NodeUnderTest old = cluster.awaitPrimary();
        old.sqlite(database, "PRAGMA journal_mode=WAL", "CREATE TABLE t(a)", "INSERT INTO t VALUES('all')")
                .orFail();
        cluster.assertSame(database);
        String before = old.sqlite(database, "SELECT a FROM t").orFail();
        while (!commitsCutOff(old, database)) {
            // A busy machine took so long to cut its links that the lease was over.
            network.heal();
            old = cluster.awaitWhole();
            cluster.assertSame(database);
            before = old.sqlite(database, "SELECT a FROM t").orFail();
        }
        String tail = old.position(database).toString();
        old.killAll();
        NodeUnderTest next = cluster.awaitPrimaryOtherThan(old);
        next.sqlite(database, "INSERT INTO t VALUES('after')").orFail();
        network.heal();
        old.launch();
        cluster.awaitWhole();
        cluster.assertSame(database);
        assertEquals(before + "\nafter", old.sqlite(database, "SELECT a FROM t").orFail());
        assertNotEquals(tail, old.position(database).toString());
        List<Path> kept = divergent(old, database);
        assertTrue(!kept.isEmpty(), old.log());
        for (Path file : kept) {
            NodeUnderTest.tool("ltx", "verify", file.toString()).orFail();
        }
        String dumped = kept.stream().map(Path::toString).reduce("", String::concat);
        String status = String.valueOf(old.status());
        assertTrue(status.contains("divergent"), () -> dumped + "\n" + status);
        assertTrue(old.log().contains("divergent"), old.log());
    }

    /** Cuts a primary off, and has it commit something while its lease is still good. @return whether it was */
    private boolean commitsCutOff(NodeUnderTest primary, String database) {
        try (Session session = Session.open(primary, database)) {
            session.run("SELECT count(*) FROM t");
            network.cutFromHere(number(primary), storePort()); // else the next primary learns it from the archive
            network.isolate(number(primary));
            boolean done =
                    session.execute("INSERT INTO t VALUES('only here')").error().isEmpty();
            if (done) {
                session.execute("INSERT INTO t VALUES('only here')");
            }
            return done;
        }
    }

    private static List<Path> divergent(NodeUnderTest node, String database) {
        Path place = node.data().resolve("divergent").resolve(database);
        if (!Files.isDirectory(place)) {
            return List.of();
        }
        try (Stream<Path> files = Files.walk(place)) {
            return files.filter(file -> file.toString().endsWith(".ltx")).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** One that was cut off may answer here for a while that it is primary: there may be two that say so. */
    private void awaitAnother(NodeUnderTest old) {
        cluster.awaiting(
                "a primary other than " + cluster.nameOf(old),
                Duration.ofSeconds(180),
                () -> cluster.nodes().values().stream()
                        .filter(node -> node != old)
                        .anyMatch(node -> node.statusWithin(Duration.ofSeconds(5))
                                .filter(status -> "primary".equals(status.get("role")))
                                .isPresent()),
                found -> found);
    }

    private static void say(String what, String happened) {
        System.out.println("ClusterNetworkTest: " + what + ": " + happened);
    }
}
