package io.ltxfs.integrationtests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.integrationtests.Programs.Output;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** An app that is not root: {@code --user}, a data directory that only root can enter, and files of their own users. */
@RealMount
final class PermissionTest {

    @Test
    @Timeout(600)
    void theAppRunsAsAnotherUserAndItsExitCodeIsTheNodes() throws IOException {
        try (NodeUnderTest node = NodeUnderTest.create()) {
            Files.createDirectory(node.mount());
            program("chmod", "755", node.mount().toString());
            node.start(); // once without an app, so that there is a directory that the user may write to
            Files.createDirectory(node.mount().resolve("app"));
            program("chown", "nobody", node.mount().resolve("app").toString());
            assertEquals(0, node.stop(), node::log);

            Process run = node.launch(
                    "--user",
                    "nobody",
                    "--",
                    "sh",
                    "-c",
                    "id -un; ls " + node.data() + "; sqlite3 " + node.mount()
                            + "/app/a.db 'PRAGMA journal_mode=WAL; CREATE TABLE t(a); INSERT INTO t VALUES(1)'; exit 7");
            Programs.endsWithin(run.toHandle(), Duration.ofSeconds(60));
            assertEquals(7, exitCode(run), node::log);
            assertTrue(node.log().contains("nobody"), node::log);
            assertTrue(node.log().contains("Permission denied"), () -> "data is root's alone\n" + node.log());

            node.start();
            assertEquals("1", node.sqlite("app/a.db", "SELECT a FROM t").orFail());
            assertEquals(
                    "nobody", Files.getOwner(node.mount().resolve("app/a.db")).getName());
            assertEquals(3, node.position("app/a.db").txid());
            assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(node.data())));
        }
    }

    @Test
    @Timeout(300)
    void aUserWithoutPermissionCannotWrite() throws IOException {
        try (NodeUnderTest node = NodeUnderTest.started()) {
            node.sqlite("root.db", "CREATE TABLE t(a)", "INSERT INTO t VALUES(1)")
                    .orFail();
            Output output = Programs.run(
                    Duration.ofSeconds(60),
                    "setpriv",
                    "--reuid=nobody",
                    "--regid=nogroup",
                    "--clear-groups",
                    "sqlite3",
                    node.mount().resolve("root.db").toString(),
                    "SELECT a FROM t",
                    "INSERT INTO t VALUES(2)");
            assertNotEquals(0, output.exitCode());
            assertEquals("1", output.out().strip(), output.err());
            assertTrue(output.err().contains("readonly"), output.err());
            assertEquals(2, node.position("root.db").txid());
        }
    }

    private static void program(String... command) {
        Programs.run(Duration.ofSeconds(60), command).orFail();
    }

    private static int exitCode(Process process) {
        try {
            return process.waitFor();
        } catch (InterruptedException e) {
            throw new AssertionError("interrupted", e);
        }
    }
}
