package io.ltxfs.integrationtests;

import static org.awaitility.Awaitility.await;

import io.ltxfs.integrationtests.Programs.Output;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A user who is not root, {@code nobody}, with a home directory of his own and ltxfs as a release lies on a disk. The
 * FUSE device is open to all meanwhile, as udev leaves it where that runs.
 */
final class OrdinaryUser implements AutoCloseable {
    static final Duration LIMIT = Duration.ofSeconds(120);
    private static final List<String> AS_NOBODY =
            List.of("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups");
    private static final Path DEVICE = Path.of("/dev/fuse");

    private final Path directory;
    private final String deviceMode;

    OrdinaryUser() throws IOException {
        directory = Files.createTempDirectory("ltxfs-user");
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
        root("install", "-d", "-o", "nobody", home().toString());
        InstalledRelease.into(directory);
        deviceMode = root("stat", "-c", "%a", DEVICE.toString());
        deviceMode("666");
    }

    @Override
    public void close() {
        deviceMode(deviceMode);
        Programs.deleteAll(directory);
    }

    /** Who may open the FUSE device. */
    void deviceMode(String mode) {
        root("chmod", mode, DEVICE.toString());
    }

    Path home() {
        return directory.resolve("home");
    }

    /** Where he mounts if he says nothing else. */
    Path mount() {
        return home().resolve("ltxfs");
    }

    /** Where his node keeps its data if he says nothing else. */
    Path data() {
        return home().resolve(".local/share/ltxfs");
    }

    /** A file of the test's own. */
    Path scratch(String name) {
        return directory.resolve(name);
    }

    Map<String, String> environment() {
        return Map.of("HOME", home().toString());
    }

    /** The words of his {@code ltxfs}. */
    List<String> words(String... words) {
        List<String> command = new ArrayList<>(AS_NOBODY);
        command.add(directory.resolve("bin/ltxfs").toString());
        command.addAll(List.of(words));
        return command;
    }

    /** Runs his {@code ltxfs}. */
    Output ltxfs(String... words) {
        return Programs.run(LIMIT, environment(), words(words));
    }

    /** Runs a program as he does. */
    Output runs(String... words) {
        List<String> command = new ArrayList<>(AS_NOBODY);
        command.addAll(List.of(words));
        return Programs.run(LIMIT, environment(), command);
    }

    /** Starts his node with its defaults; {@link #awaitServing} waits for it. */
    Process startNode(Path log) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(words("run", "--set", "http.listen=127.0.0.1:0"))
                .redirectErrorStream(true)
                .redirectOutput(log.toFile());
        builder.environment().put("HOME", home().toString());
        return builder.start();
    }

    void awaitServing(Path log) {
        await("the node to serve; its log: " + log)
                .atMost(LIMIT)
                .until(() -> ltxfs("status", "--json").out().contains("\"role\"")
                        && !mounted().isEmpty()
                        && runs("ls", mount().toString()).exitCode() == 0);
    }

    /** Mounts below his home directory, as the kernel lists them. */
    String mounted() {
        return root("sh", "-c", "grep -F " + home() + " /proc/mounts || true");
    }

    private static String root(String... words) {
        return Programs.run(LIMIT, words).orFail();
    }
}
