package io.ltxfs.integrationtests;

import static org.junit.jupiter.api.Assertions.assertEquals;
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
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/**
 * What containers are made of, without an engine: namespaces, capabilities, a device that is not permitted. An ordinary
 * user each time, and {@code /dev/fuse} as udev leaves it, in a mount namespace of the test's own.
 */
@RealMount
@Timeout(900)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class NamespacesTest {
    private static final Duration LIMIT = Duration.ofSeconds(120);
    private static final String APP =
            "grep -F \"$HOME/ltxfs \" /proc/mounts; sqlite3 ~/ltxfs/app.db 'CREATE TABLE t(x); INSERT INTO t VALUES(42);"
                    + " SELECT x FROM t'";

    private Path directory = Path.of("");
    private Path launcher = Path.of("");

    @BeforeAll
    void install() throws IOException {
        directory = Files.createTempDirectory("ltxfs-namespaces");
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
        launcher = InstalledRelease.into(directory);
        root("mknod", "-m", "666", directory.resolve("fuse").toString(), "c", "10", "229");
    }

    @BeforeEach
    void emptyHome() {
        Programs.deleteAll(home());
        root("install", "-d", "-o", "nobody", home().toString());
    }

    @AfterAll
    void cleanUp() {
        Programs.deleteAll(directory);
    }

    @Test
    void rootOfAUserNamespaceMountsWithoutFusermount() {
        Output run = Programs.run(
                LIMIT, Map.of("HOME", home().toString()), command("unshare --user --map-root-user --mount", "kernel"));
        assertEquals(0, run.exitCode(), () -> run.out() + run.err());
        assertTrue(run.out().contains(home() + "/ltxfs fuse.ltxfs"), run.out());
        assertTrue(run.out().endsWith("42\n"), run.out());
    }

    @Test
    void mountsOfAnotherUserNamespaceCannotBeChanged() {
        refuses("unshare --user --map-root-user", "another user namespace", "--mount");
    }

    @Test
    void setuidWithoutEffectIsNamed() {
        refuses("setpriv --no-new-privs", "no_new_privs", "without no-new-privileges");
        refuses("unshare --user --mount", "in this user namespace", "--map-root-user");
    }

    @Test
    void aCapabilityThatNobodyCanHaveIsNamed() {
        Output run = Programs.run(
                LIMIT,
                Map.of("HOME", home().toString()),
                command(device() + " && bounds='--bounding-set -sys_admin'", "", "auto"));
        assertRefused(run, "CAP_SYS_ADMIN", "--cap-add SYS_ADMIN");
    }

    @Test
    void aDeviceOnAMountWithoutDevicesIsNamed() {
        String nodev = "mount -t tmpfs -o nodev,mode=755 none /mnt && mknod -m 666 /mnt/fuse c 10 229"
                + " && mount --bind /mnt/fuse /dev/fuse";
        Output run = Programs.run(LIMIT, Map.of("HOME", home().toString()), command(nodev, "", "auto"));
        assertRefused(run, "nodev", "--device /dev/fuse");
    }

    @Test
    void whereTheNativeLibraryCannotBeUnpackedIsNamed() {
        Output run = Programs.run(
                LIMIT,
                Map.of("HOME", home().toString(), "LTXFS_JVM", "-Djava.io.tmpdir=/proc/none"),
                command("", "auto"));
        assertRefused(run, "/proc/none", "-Djava.io.tmpdir=DIR");
    }

    private void refuses(String how, String... words) {
        assertRefused(Programs.run(LIMIT, Map.of("HOME", home().toString()), command(how, "auto")), words);
    }

    private static void assertRefused(Output run, String... words) {
        assertEquals(125, run.exitCode(), () -> run.out() + run.err());
        for (String word : words) {
            assertTrue(run.err().contains(word), () -> "no '" + word + "' in: " + run.err());
        }
    }

    private List<String> command(String how, String transport) {
        return command(device(), how, transport);
    }

    private String device() {
        return "mount --bind " + directory.resolve("fuse") + " /dev/fuse";
    }

    /** @param how words before the launcher, which is started by an ordinary user */
    private List<String> command(String device, String how, String transport) {
        List<String> words = new ArrayList<>(List.of(
                "unshare",
                "--mount",
                "sh",
                "-c",
                device + " && exec setpriv $bounds --reuid=nobody --regid=nogroup --clear-groups " + how + " \"$@\"",
                "sh"));
        words.addAll(List.of(launcher.toString(), "run", "--archive", "none", "--set", "transport=" + transport));
        words.addAll(List.of("--mount", home() + "/ltxfs", "--data", home() + "/data"));
        words.addAll(List.of("--set", "http.listen=127.0.0.1:0", "--", "sh", "-c", APP));
        return words;
    }

    private Path home() {
        return directory.resolve("home");
    }

    private static void root(String... words) {
        Programs.run(LIMIT, words).orFail();
    }
}
