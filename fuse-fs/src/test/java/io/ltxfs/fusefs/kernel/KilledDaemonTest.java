package io.ltxfs.fusefs.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.fusefs.Mounting;
import io.ltxfs.fusefs.transport.MountOptions;
import io.ltxfs.fusefs.transport.MountedFileSystem;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Kills a process, not this one, that serves a mount and has a dirty file of it open (capture-modes, the first trap). */
@Timeout(600)
final class KilledDaemonTest {
    private static final int KILLS = 3;

    @TempDir
    Path directory;

    @ParameterizedTest
    @CsvSource({"strict", "fast"})
    void aKilledDaemonEndsAndLeavesAMountThatCanBeReplaced(String mode) throws Exception {
        Mounting.assumePossible();
        Path backing = Files.createDirectory(directory.resolve("backing"));
        Path mountPoint = Files.createDirectory(directory.resolve("mount"));
        for (int i = 0; i < KILLS; i++) {
            Process daemon = start(backing, mountPoint, mode, "own");
            boolean ended = killWhileDirty(daemon, mountPoint.resolve("db-shm"), 60);
            assertTrue(ended, "the killed daemon hangs");
            assertThrows(IOException.class, () -> Files.createFile(mountPoint.resolve("other")));
            Files.delete(backing.resolve("db-shm"));
        }
        MountedFileSystem next =
                new KernelTransport().mount(new PassthroughFileSystem(backing), MountOptions.strict(mountPoint));
        Files.createFile(mountPoint.resolve("works"));
        assertTrue(next.unmount(false));
        assertTrue(next.awaitEnd(Duration.ofSeconds(60)));
        assertFalse(MountTable.read().at(mountPoint.toRealPath()).isPresent());
    }

    /** Without it the test above would prove nothing: the same file open in the process's own table. */
    @ParameterizedTest
    @CsvSource({"strict", "fast"})
    void theTrapIsThere(String mode) throws Exception {
        Mounting.assumePossible();
        Path backing = Files.createDirectory(directory.resolve("backing"));
        Path mountPoint = Files.createDirectory(directory.resolve("mount"));
        Process daemon = start(backing, mountPoint, mode, "plain");
        boolean ended = killWhileDirty(daemon, mountPoint.resolve("db-shm"), 2);
        io.ltxfs.database.posix.Posix.umount(mountPoint.toString(), MountPoint.MNT_DETACH);
        assertFalse(ended, "the daemon ended without help");
    }

    /**
     * Stores to a mapping, as SQLite does to its wal-index, and kills the daemon before that is written back. This
     * process may map the file, it is not the daemon.
     */
    private static boolean killWhileDirty(Process daemon, Path file, int seconds) throws Exception {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            MappedByteBuffer map = channel.map(FileChannel.MapMode.READ_WRITE, 0, 65536);
            for (int i = 0; i < 65536; i += 512) {
                map.putInt(i, i);
            }
            daemon.destroyForcibly();
            boolean ended = daemon.waitFor(seconds, TimeUnit.SECONDS);
            if (!ended) {
                // Before the file is closed: closing it would hang as the daemon does.
                Path mountPoint = file.getParent();
                Connections.abort(MountTable.read().at(mountPoint).orElseThrow().minor(), mountPoint);
                assertTrue(daemon.waitFor(60, TimeUnit.SECONDS), "the daemon hangs after the abort");
            }
            return ended;
        }
    }

    private static Process start(Path backing, Path mountPoint, String mode, String thread) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx64m",
                "-cp",
                System.getProperty("java.class.path"),
                OwnFileDaemon.class.getName(),
                backing.toString(),
                mountPoint.toString(),
                mode,
                thread));
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        BufferedReader out = process.inputReader();
        assertEquals("ready", out.readLine());
        return process;
    }
}
