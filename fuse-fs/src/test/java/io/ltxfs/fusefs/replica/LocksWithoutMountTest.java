package io.ltxfs.fusefs.replica;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.database.DatabaseSetOptions;
import io.ltxfs.fusefs.Mount;
import io.ltxfs.fusefs.MountSettings;
import io.ltxfs.fusefs.Mounting;
import io.ltxfs.fusefs.SqliteShell;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** SQLite's locks are the node's to take while the mount is on its way out, and when it has gone. */
@Timeout(600)
class LocksWithoutMountTest {
    private static final String NAME = "app.db";
    private static final Duration BOUND = Duration.ofSeconds(60);
    private static final long SOON_SECONDS = 60;

    @TempDir
    Path directory;

    private Path mountPoint;
    private Mount mount;

    @BeforeEach
    void start() throws Exception {
        Mounting.assumePossible();
        mountPoint = Files.createDirectories(directory.resolve("mount"));
        Path data = Files.createDirectories(directory.resolve("data"));
        mount = Mount.start(MountSettings.alone(mountPoint, data, DatabaseSetOptions.defaults()));
    }

    @AfterEach
    void stop() throws Exception {
        if (mount != null) {
            mount.close();
        }
    }

    private void make(Path in, String mode) throws IOException {
        try (SqliteShell shell = new SqliteShell(in, NAME)) {
            assertEquals(List.of(mode), shell.ask("pragma journal_mode = " + mode));
            assertEquals(List.of(), shell.ask("create table t(x)"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"wal", "delete"})
    void withoutAMountThereIsNothingToLockAndWhatIsAtItsPathIsLeftAlone(String mode) throws Exception {
        make(mountPoint, mode);
        assertTrue(mount.unmount(false));
        make(mountPoint, mode); // what lies there is another database by the same name
        mount.replica().follow(BOUND, false).get(SOON_SECONDS, TimeUnit.SECONDS);
        assertEquals(List.of(), mount.replica().waiting());
        try (Stream<Path> files = Files.list(mountPoint)) {
            assertEquals(List.of(mountPoint.resolve(NAME)), files.toList());
        }
        try (SqliteShell shell = new SqliteShell(mountPoint, NAME)) {
            assertEquals(List.of(), shell.ask("insert into t values (1)"));
        }
        mount.replica().lead().get(SOON_SECONDS, TimeUnit.SECONDS);
    }

    @ParameterizedTest
    @ValueSource(strings = {"wal", "delete"})
    void aMountThatWasTooBusyToGoKeepsWhatWasAskedOfIt(String mode) throws Exception {
        make(mountPoint, mode);
        CompletableFuture<Void> locks;
        try (SqliteShell app = new SqliteShell(mountPoint, NAME)) {
            app.ask("pragma busy_timeout = 60000"); // who waits for its lock tries SHARED now and then
            app.ask("begin immediate");
            locks = mount.replica().follow(BOUND, false);
            await().atMost(Duration.ofSeconds(60))
                    .until(() -> mount.replica().waiting().size() == 1);
            assertFalse(mount.unmount(false));
            assertThrows(TimeoutException.class, () -> locks.get(100, TimeUnit.MILLISECONDS));
            assertEquals(List.of(), app.ask("commit"));
            locks.get(SOON_SECONDS, TimeUnit.SECONDS);
            app.ask("pragma busy_timeout = 0");
            assertTrue(app.ask("begin immediate").toString().contains("database is locked"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"wal", "delete"})
    void aMountThatIsDetachedLetsGoOfWhatWasAskedOfIt(String mode) throws Exception {
        make(mountPoint, mode);
        try (SqliteShell app = new SqliteShell(mountPoint, NAME)) {
            app.ask("begin immediate");
            CompletableFuture<Void> locks = mount.replica().follow(BOUND, false);
            await().atMost(Duration.ofSeconds(60))
                    .until(() -> mount.replica().waiting().size() == 1);
            assertTrue(mount.unmount(true));
            locks.get(SOON_SECONDS, TimeUnit.SECONDS);
            assertEquals(List.of(), mount.replica().waiting());
        }
    }
}
