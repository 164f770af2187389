package io.ltxfs.fusefs;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.database.Database;
import io.ltxfs.database.DatabaseSetOptions;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Real mounts, real programs. */
@Timeout(600)
class MountTest {
    private static final long SECONDS_MAX = 120;

    @TempDir
    Path directory;

    private Path mountPoint;
    private Mount mount;

    @BeforeEach
    void start() throws Exception {
        Mounting.assumePossible();
        mountPoint = Files.createDirectories(directory.resolve("mount"));
        Files.createDirectories(directory.resolve("data"));
        mount = mount();
    }

    private Mount mount() throws IOException {
        return Mount.start(MountSettings.alone(mountPoint, directory.resolve("data"), DatabaseSetOptions.defaults()));
    }

    @AfterEach
    void stop() throws Exception {
        if (mount != null) {
            mount.close();
        }
    }

    @Test
    void plainFilesBehaveAsOnALocalDisk() throws Exception {
        compare("plain-files.sh");
    }

    @Test
    void sqliteBehavesAsOnALocalDiskAndEveryDatabaseSurvivesARestart() throws Exception {
        compare("sqlite-files.sh");
        Map<String, String> before = dumps();
        assertTrue(before.size() > 30, "databases made by the script: " + before.size());
        mount.close();
        mount = mount();
        assertEquals(before, dumps());
    }

    /** The content of each database by its path, with its position. */
    private Map<String, String> dumps() throws Exception {
        Map<String, String> dumps = new TreeMap<>();
        for (Database database : mount.databases().all()) {
            String name = database.name();
            dumps.put(name, database.position() + "\n" + run("sqlite3", name, "pragma integrity_check", ".dump"));
        }
        return dumps;
    }

    @Test
    void readsOfAnOpenDatabaseAreTheKernels() throws Exception {
        for (String mode : List.of("wal", "delete")) {
            run("sqlite3", mode + ".db", "pragma journal_mode = " + mode, "create table t(x)");
            try (SqliteShell sqlite = new SqliteShell(mountPoint, mode + ".db")) {
                sqlite.ask("insert into t values (1)");
                assertEquals(List.of("1"), sqlite.ask("select count(*) from t"));
                // The node's own descriptor is opened in the background, and closes are told late.
                await("reads without a request, mode " + mode)
                        .atMost(Duration.ofSeconds(60))
                        .untilAsserted(() -> {
                            Map<String, Long> before = mount.requestCounts();
                            for (int i = 0; i < 50; i++) {
                                assertEquals(List.of("1"), sqlite.ask("select count(*) from t"));
                            }
                            assertEquals(before, mount.requestCounts());
                        });
            }
        }
    }

    @Test
    void aDiedWritersCommitIsSeenByLiveConnections() throws Exception {
        assertEquals(
                List.of("0000000000000003", "0000000000000004", "0000000000000005", "['bbbbbbbb', 'c'] ok"),
                run("python3", resource("died-writer.py").toString(), mountPoint.toString())
                        .lines()
                        .toList());
    }

    @Test
    void aSecondProcessIsRefusedTheDataDirectory() {
        IOException refused = assertThrows(
                IOException.class,
                () -> Mount.start(MountSettings.alone(
                        directory.resolve("other"), directory.resolve("data"), DatabaseSetOptions.defaults())));
        assertTrue(refused.getMessage().contains("another ltxfs"), refused.getMessage());
    }

    @Test
    void unmountSaysIfItIsBusyAndNamesWhatIsOpen() throws Exception {
        run("sqlite3", "app.db", "create table t(x)");
        try (SqliteShell sqlite = new SqliteShell(mountPoint, "app.db")) {
            assertEquals(List.of("0"), sqlite.ask("select count(*) from t"));
            assertFalse(mount.unmount(false));
            await().atMost(Duration.ofSeconds(60))
                    .untilAsserted(() -> assertEquals(List.of("app.db"), mount.openFiles(), "closes are told late"));
            assertEquals(List.of(), sqlite.ask("insert into t values (1)"));
        }
        assertTrue(mount.unmount(true));
        assertEquals(List.of(), List.of(mountPoint.toFile().list()));
    }

    private void compare(String script) throws Exception {
        Path local = Files.createDirectories(directory.resolve("local"));
        String path = resource(script).toString();
        List<String> expected =
                execute(local, "bash", path, local.toString()).lines().toList();
        List<String> seen = run("bash", path, mountPoint.toString()).lines().toList();
        assertEquals(expected.size(), seen.size(), () -> firstDifference(expected, seen));
        assertEquals(expected, seen);
    }

    private static String firstDifference(List<String> expected, List<String> seen) {
        for (int i = 0; i < Math.min(expected.size(), seen.size()); i++) {
            if (!expected.get(i).equals(seen.get(i))) {
                return "line " + i + ": " + expected.subList(Math.max(0, i - 3), i + 1) + " but "
                        + seen.subList(Math.max(0, i - 3), i + 1);
            }
        }
        return "one is longer";
    }

    private Path resource(String name) throws IOException {
        Path file = directory.resolve(name);
        try (InputStream in = MountTest.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IOException("no resource " + name);
            }
            Files.write(file, in.readAllBytes());
        }
        return file;
    }

    private String run(String... command) throws Exception {
        return execute(mountPoint, command);
    }

    private String execute(Path in, String... command) throws Exception {
        Path output = Files.createTempFile(directory, "output", ".txt");
        Process process = new ProcessBuilder(new ArrayList<>(List.of(command)))
                .directory(in.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        assertTrue(process.waitFor(SECONDS_MAX, TimeUnit.SECONDS), String.join(" ", command));
        return Files.readString(output);
    }
}
