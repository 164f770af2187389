package io.ltxfs.fusefs;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ltxfs.database.posix.Posix;
import java.nio.file.Files;
import java.nio.file.Path;

/** Whether this machine can mount for a test. */
public final class Mounting {
    private Mounting() {}

    /** Skips the test where nothing can be mounted; in CI it runs all the same, and fails. */
    public static void assumePossible() {
        if (!"true".equals(System.getenv("CI"))) {
            assumeTrue(
                    Posix.geteuid() == 0 && Files.exists(Path.of("/dev/fuse")),
                    "skipped: mounting needs root and /dev/fuse");
        }
    }
}
