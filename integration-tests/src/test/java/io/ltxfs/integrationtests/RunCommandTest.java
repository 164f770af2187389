package io.ltxfs.integrationtests;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.integrationtests.Programs.Output;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** {@code ltxfs run} from outside: exit codes, signals, what it refuses, what it cleans up; and import. */
@RealMount
@Timeout(600)
final class RunCommandTest {
    private static final Duration LIMIT = Duration.ofSeconds(120);

    @Test
    void theCommandsExitCodeIsTheNodes() {
        try (NodeUnderTest node = NodeUnderTest.create()) {
            assertEquals(7, end(node.launch("--", "sh", "-c", "exit 7")), node::log);
            assertEquals(128 + 9, end(node.launch("--", "sh", "-c", "kill -9 $$")), node::log);
            assertEquals(127, end(node.launch("--", "no-such-program")), node::log);
            assertEquals(126, end(node.launch("--", "/etc/passwd")), node::log);
            assertEquals(2, end(node.launch("--no-such-option", "--", "true")), node::log);
            assertEquals(2, end(node.launch("--set", "capture=quick")), node::log);
            assertFalse(node.isMounted());
        }
    }

    @Test
    void aSignalReachesTheCommandAndTheNodeStopsAfterIt() {
        try (NodeUnderTest node = NodeUnderTest.create()) {
            Path up = node.scratch().resolve("up");
            Process run =
                    node.launch("--", "sh", "-c", "trap 'exit 9' TERM; touch " + up + "; while :; do sleep 0.1; done");
            await().atMost(LIMIT).until(() -> Files.exists(up));
            run.destroy();
            assertEquals(9, end(run), node::log);
            assertFalse(node.isMounted());
        }
    }

    @Test
    void aSignalToTheDaemonItselfStopsTheNodeInOrder() {
        try (NodeUnderTest node = NodeUnderTest.started()) {
            node.daemon().destroy();
            assertEquals(0, end(node.guard()), node::log);
            assertFalse(node.isMounted());
        }
    }

    @Test
    void filesThatAreStillOpenAreDetachedAndNamed() throws Exception {
        try (NodeUnderTest node = NodeUnderTest.started("stop-timeout=4s")) {
            node.sqlite("app.db", "CREATE TABLE t(x)").orFail();
            ArchiveUnderTest.awaitArchived(node, "app.db"); // little of the time is left for that
            try (InputStream open = Files.newInputStream(node.mount().resolve("app.db"))) {
                assertTrue(open.read() >= 0);
                assertEquals(0, node.stop(), node::log);
            }
            assertTrue(node.log().contains("still open count=1 files=[app.db]"), node::log);
            assertFalse(node.isMounted());
        }
    }

    @Test
    void whatIsInTheWayIsRefusedAndADeadMountIsTakenAway() throws Exception {
        try (NodeUnderTest node = NodeUnderTest.started();
                NodeUnderTest other = NodeUnderTest.create()) {
            node.sqlite("app.db", "CREATE TABLE t(x); INSERT INTO t VALUES(1)").orFail();
            String port = "http.listen=127.0.0.1:0";
            String mount = node.mount().toString();
            String data = node.data().toString();
            Output sameMount = NodeUnderTest.tool(
                    "run",
                    "--set",
                    port,
                    "--mount",
                    mount,
                    "--data",
                    other.data().toString(),
                    "--",
                    "true");
            assertEquals(125, sameMount.exitCode(), sameMount.err());
            assertTrue(sameMount.err().contains("a living file system is mounted there"), sameMount.err());
            Output sameData = NodeUnderTest.tool(
                    "run", "--set", port, "--mount", other.mount().toString(), "--data", data);
            assertEquals(1, sameData.exitCode(), sameData.err());
            assertTrue(sameData.err().contains("another ltxfs uses it"), sameData.err());
            Files.createDirectories(other.mount());
            Path file = Files.writeString(other.mount().resolve("mine"), "x");
            assertEquals(1, end(other.launch()), other::log);
            assertTrue(other.log().contains("is not empty"), other::log);
            Files.delete(file);

            node.killAll();
            node.start();
            assertEquals("1", node.sqlite("app.db", "SELECT x FROM t").orFail());
        }
    }

    @Test
    void importPutsACheckedFileInAsOneTransaction() throws Exception {
        try (NodeUnderTest node = NodeUnderTest.started()) {
            Path file = node.scratch().resolve("source.db");
            Programs.run(LIMIT, "sqlite3", file.toString(), "CREATE TABLE i(x); INSERT INTO i VALUES(42)")
                    .orFail();
            node.command("import", file.toString(), "new/app.db").orFail();
            assertEquals("42", node.sqlite("new/app.db", "SELECT x FROM i").orFail());
            assertEquals(1, node.position("new/app.db").txid());
            Output again = node.command("import", file.toString(), "new/app.db");
            assertEquals(1, again.exitCode());
            assertTrue(again.err().contains("--force"), again.err());
            node.command("import", file.toString(), "new/app.db", "--force").orFail();
            Path text = Files.writeString(node.scratch().resolve("text"), "no database at all");
            assertEquals(3, node.command("import", text.toString(), "x.db").exitCode());
            assertFalse(Files.exists(node.mount().resolve("x.db")));
        }
    }

    private static int end(Process process) {
        Programs.endsWithin(process.toHandle(), LIMIT);
        return process.exitValue();
    }
}
