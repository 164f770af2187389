package io.ltxfs.integrationtests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A primary that stops and has nobody to hand its role to: what it says, and what it leaves at the mount's path. */
@RealMount
@Timeout(600)
final class ClusterStopTest {
    private static final String RELEASED = "gave the role to whoever comes first";

    private static void make(NodeUnderTest node, String mode) {
        node.sqlite("app.db", "PRAGMA journal_mode=" + mode, "CREATE TABLE t(a)", "INSERT INTO t VALUES(1)")
                .orFail();
    }

    private static void assertStoppedInOrder(NodeUnderTest node) throws IOException {
        assertEquals(0, node.stop(), node::log);
        assertFalse(node.log().contains(" ERROR "), node::log);
        assertTrue(node.log().contains(RELEASED), node::log);
        assertFalse(node.isMounted());
        try (Stream<Path> files = Files.list(node.mount())) {
            assertEquals(List.of(), files.toList());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"WAL", "DELETE"})
    void alone(String mode) throws IOException {
        try (ClusterUnderTest cluster = ClusterUnderTest.started(1)) {
            NodeUnderTest node = cluster.awaitPrimary();
            make(node, mode);
            assertStoppedInOrder(node);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"WAL", "DELETE"})
    void whileAnApplicationSitsInATransaction(String mode) throws IOException {
        try (ClusterUnderTest cluster = ClusterUnderTest.started(1, "stop-timeout=4s")) {
            NodeUnderTest node = cluster.awaitPrimary();
            make(node, mode);
            ArchiveUnderTest.awaitArchived(node, "app.db"); // little of the time is left for that
            try (Session app = Session.open(node, "app.db")) {
                app.run("BEGIN IMMEDIATE");
                app.run("INSERT INTO t VALUES(2)");
                assertStoppedInOrder(node);
            }
            assertTrue(node.log().contains("detached files that are still open"), node::log);
            node.start();
            assertEquals("1", node.sqlite("app.db", "SELECT count(*) FROM t").orFail());
        }
    }

    @Test
    void withAReplicaThatIsOutOfReach() throws IOException {
        try (ClusterUnderTest cluster = ClusterUnderTest.started(2)) {
            NodeUnderTest node = cluster.awaitWhole();
            make(node, "WAL");
            cluster.awaitSame("app.db");
            cluster.replica().killAll();
            node.sqlite("app.db", "INSERT INTO t VALUES(2)").orFail();
            assertStoppedInOrder(node);
        }
    }
}
