package io.ltxfs.integrationtests;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.integrationtests.Programs.Output;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A user who is not root, with nothing configured: mounted by fusermount, below the home directory. */
@RealMount
@Timeout(900)
final class OrdinaryUserTest {
    private static final Pattern PID = Pattern.compile("\"pid\": *([0-9]+)");

    private OrdinaryUser user;

    @BeforeEach
    void prepare() throws IOException {
        user = new OrdinaryUser();
    }

    @AfterEach
    void cleanUp() {
        user.close();
    }

    @Test
    void theDefaultsAreBelowTheHomeDirectory() {
        Output run = user.ltxfs(
                "run",
                "--set",
                "http.listen=127.0.0.1:0",
                "--",
                "sh",
                "-c",
                "grep -F \"$HOME/ltxfs \" /proc/mounts;"
                        + " sqlite3 ~/ltxfs/app.db 'CREATE TABLE t(x); INSERT INTO t VALUES(42); SELECT x FROM t'");
        assertEquals(0, run.exitCode(), () -> run.out() + run.err());
        assertTrue(run.out().contains(user.mount() + " fuse.ltxfs"), run.out());
        assertFalse(run.out().contains("allow_other"), run.out());
        assertTrue(run.out().endsWith("42\n"), run.out());

        Path export = user.home().resolve("copy.db");
        user.ltxfs("export", "app.db", "--txid", "2", "-o", export.toString()).orFail();
        assertEquals(
                "42", user.runs("sqlite3", export.toString(), "SELECT x FROM t").orFail());
        assertEquals("", user.mounted());
    }

    @Test
    void itIsOnlyTheUsersAndSurvivesItsDaemonsDeath() throws Exception {
        Path log = user.scratch("node.log");
        Process node = user.startNode(log);
        try {
            user.awaitServing(log);
            String database = user.mount() + "/app.db";
            user.runs("sqlite3", database, "PRAGMA journal_mode=WAL; CREATE TABLE t(x); INSERT INTO t VALUES(1)")
                    .orFail();
            assertTrue(
                    Programs.run(OrdinaryUser.LIMIT, "ls", user.mount().toString())
                            .err()
                            .contains("Permission denied"),
                    "root got in");

            String first = pid();
            Programs.run(OrdinaryUser.LIMIT, "kill", "-9", first).orFail();
            await("another daemon")
                    .atMost(OrdinaryUser.LIMIT)
                    .until(this::pid, pid -> !pid.isEmpty() && !pid.equals(first));
            user.awaitServing(log);
            assertEquals("1", user.runs("sqlite3", database, "SELECT x FROM t").orFail());
            user.runs("sqlite3", database, "INSERT INTO t VALUES(2)").orFail();
        } finally {
            node.destroy();
            Programs.endsWithin(node.toHandle(), OrdinaryUser.LIMIT);
        }
        assertEquals(0, node.exitValue(), Files.readString(log));
        assertEquals("", user.mounted());
    }

    @Test
    void whatIsMissingIsNamed() {
        String fusermount = Programs.run(OrdinaryUser.LIMIT, "sh", "-c", "readlink -f \"$(command -v fusermount)\"")
                .orFail();
        Output missing = withEmpty(fusermount);
        assertEquals(125, missing.exitCode(), missing.err());
        assertTrue(missing.err().contains("fusermount") && missing.err().contains("fuse3"), missing.err());

        Output other = withEmpty("/etc/fuse.conf", "--set", "allow-other=true");
        assertEquals(125, other.exitCode(), other.err());
        assertTrue(other.err().contains("user_allow_other"), other.err());

        user.deviceMode("600");
        Output device = user.ltxfs("run", "--set", "http.listen=127.0.0.1:0", "--", "true");
        assertEquals(125, device.exitCode(), device.err());
        assertTrue(device.err().contains("chmod 666 /dev/fuse"), device.err());
    }

    /** Runs a node where a file of the machine is empty. */
    private Output withEmpty(String file, String... options) {
        String hide = "if [ -e " + file + " ]; then mount --bind /dev/null " + file + "; fi; exec \"$@\"";
        List<String> command = new ArrayList<>(List.of("unshare", "-m", "sh", "-c", hide, "sh"));
        List<String> run = new ArrayList<>(List.of("run", "--set", "http.listen=127.0.0.1:0"));
        run.addAll(List.of(options));
        run.addAll(List.of("--", "true"));
        command.addAll(user.words(run.toArray(String[]::new)));
        return Programs.run(OrdinaryUser.LIMIT, user.environment(), command);
    }

    /** The daemon's process; empty if no node answers. */
    private String pid() {
        Matcher pid = PID.matcher(user.ltxfs("status", "--json").out());
        return pid.find() ? pid.group(1) : "";
    }
}
