package io.ltxfs.integrationtests;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.integrationtests.Programs.Output;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A user who is not root, with nothing configured: mounted by fusermount, below the home directory. */
@RealMount
@Timeout(300)
final class OrdinaryUserTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final List<String> AS_NOBODY =
            List.of("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups");
    private static final Pattern PID = Pattern.compile("\"pid\": *([0-9]+)");
    private static final Path DEVICE = Path.of("/dev/fuse");

    private Path directory = Path.of("");
    private String deviceMode = "";

    @BeforeEach
    void prepare() throws IOException {
        directory = Files.createTempDirectory("ltxfs-user");
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
        root("install", "-d", "-o", "nobody", home().toString());
        InstalledRelease.into(directory);
        // What udev does where it runs.
        deviceMode = root("stat", "-c", "%a", DEVICE.toString());
        root("chmod", "666", DEVICE.toString());
    }

    @AfterEach
    void cleanUp() {
        root("chmod", deviceMode, DEVICE.toString());
        Programs.deleteAll(directory);
    }

    @Test
    void theDefaultsAreBelowTheHomeDirectory() {
        Output run = ltxfs(
                "run",
                "--set",
                "http.listen=127.0.0.1:0",
                "--",
                "sh",
                "-c",
                "grep -F \"$HOME/ltxfs \" /proc/mounts;"
                        + " sqlite3 ~/ltxfs/app.db 'CREATE TABLE t(x); INSERT INTO t VALUES(42); SELECT x FROM t'");
        assertEquals(0, run.exitCode(), () -> run.out() + run.err());
        assertTrue(run.out().contains(home() + "/ltxfs fuse.ltxfs"), run.out());
        assertFalse(run.out().contains("allow_other"), run.out());
        assertTrue(run.out().endsWith("42\n"), run.out());

        Path export = home().resolve("copy.db");
        ltxfs("export", "app.db", "--txid", "2", "-o", export.toString()).orFail();
        assertEquals("42", as("sqlite3", export.toString(), "SELECT x FROM t").orFail());
        assertEquals("", mounted());
    }

    @Test
    void itIsOnlyTheUsersAndSurvivesItsDaemonsDeath() throws Exception {
        List<String> command = new ArrayList<>(words("run", "--set", "http.listen=127.0.0.1:0"));
        Path log = directory.resolve("node.log");
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
        builder.environment().put("HOME", home().toString());
        Process node = builder.start();
        try {
            awaitServing(log);
            String database = home() + "/ltxfs/app.db";
            as("sqlite3", database, "PRAGMA journal_mode=WAL; CREATE TABLE t(x); INSERT INTO t VALUES(1)")
                    .orFail();
            assertTrue(Programs.run(LIMIT, "ls", home() + "/ltxfs").err().contains("Permission denied"), "root got in");

            String first = pid();
            root("kill", "-9", first);
            await("another daemon").atMost(LIMIT).until(this::pid, pid -> !pid.isEmpty() && !pid.equals(first));
            awaitServing(log);
            assertEquals("1", as("sqlite3", database, "SELECT x FROM t").orFail());
            as("sqlite3", database, "INSERT INTO t VALUES(2)").orFail();
        } finally {
            node.destroy();
            Programs.endsWithin(node.toHandle(), LIMIT);
        }
        assertEquals(0, node.exitValue(), Files.readString(log));
        assertEquals("", mounted());
    }

    @Test
    void whatIsMissingIsNamed() {
        String fusermount = root("sh", "-c", "readlink -f \"$(command -v fusermount)\"");
        List<String> command = new ArrayList<>(
                List.of("unshare", "-m", "sh", "-c", "mount --bind /dev/null " + fusermount + "; exec \"$@\"", "sh"));
        command.addAll(words("run", "--", "true"));
        Output missing = Programs.run(LIMIT, environment(), command);
        assertEquals(125, missing.exitCode(), missing.err());
        assertTrue(missing.err().contains("fusermount") && missing.err().contains("fuse3"), missing.err());

        Output other = ltxfs("run", "--set", "allow-other=true", "--", "true");
        assertEquals(125, other.exitCode(), other.err());
        assertTrue(other.err().contains("user_allow_other"), other.err());

        root("chmod", "600", DEVICE.toString());
        Output device = ltxfs("run", "--", "true");
        assertEquals(125, device.exitCode(), device.err());
        assertTrue(device.err().contains("chmod 666 /dev/fuse"), device.err());
    }

    private void awaitServing(Path log) {
        await("the node to serve; its log: " + log)
                .atMost(LIMIT)
                .until(() -> ltxfs("status", "--json").out().contains("\"role\"")
                        && !mounted().isEmpty()
                        && as("ls", home() + "/ltxfs").exitCode() == 0);
    }

    /** The daemon's process; empty if no node answers. */
    private String pid() {
        Matcher pid = PID.matcher(ltxfs("status", "--json").out());
        return pid.find() ? pid.group(1) : "";
    }

    /** Mounts below the home directory, as the kernel lists them. */
    private String mounted() {
        return root("sh", "-c", "grep -F " + home() + " /proc/mounts || true");
    }

    private Path home() {
        return directory.resolve("home");
    }

    private Map<String, String> environment() {
        return Map.of("HOME", home().toString());
    }

    private List<String> words(String... words) {
        List<String> command = new ArrayList<>(AS_NOBODY);
        command.add(directory.resolve("bin/ltxfs").toString());
        command.addAll(List.of(words));
        return command;
    }

    private Output ltxfs(String... words) {
        return Programs.run(LIMIT, environment(), words(words));
    }

    private Output as(String... words) {
        List<String> command = new ArrayList<>(AS_NOBODY);
        command.addAll(List.of(words));
        return Programs.run(LIMIT, environment(), command);
    }

    private static String root(String... words) {
        return Programs.run(LIMIT, words).orFail();
    }
}
