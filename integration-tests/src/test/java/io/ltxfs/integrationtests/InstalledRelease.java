package io.ltxfs.integrationtests;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/** ltxfs as a release lies on a disk, for users who cannot read the source tree. */
final class InstalledRelease {
    private static final Duration BUILD = Duration.ofMinutes(5);
    private static final Duration LIMIT = Duration.ofMinutes(1);

    private InstalledRelease() {}

    /** Puts it below a directory. @return the launcher */
    static Path into(Path directory) throws IOException {
        Programs.run(BUILD, NodeUnderTest.launcher(), "version").orFail();
        Path launcher = Files.createDirectories(directory.resolve("bin")).resolve("ltxfs");
        Path jar = Files.createDirectories(directory.resolve("lib")).resolve("ltxfs.jar");
        Programs.run(LIMIT, "cp", NodeUnderTest.launcher(), launcher.toString()).orFail();
        Files.copy(Repository.root().resolve(".ltxfs-build/ltxfs.jar"), jar);
        Programs.run(LIMIT, "chmod", "-R", "a+rX", directory.toString()).orFail();
        return launcher;
    }
}
