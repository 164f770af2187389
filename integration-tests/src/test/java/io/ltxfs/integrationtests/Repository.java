package io.ltxfs.integrationtests;

import java.nio.file.Files;
import java.nio.file.Path;

/** Where things lie in the source tree. */
final class Repository {
    private Repository() {}

    /** The directory of the launcher. */
    static Path root() {
        Path directory = Path.of("").toAbsolutePath();
        while (!Files.exists(directory.resolve("ltxfs")) || !Files.exists(directory.resolve("integration-tests"))) {
            Path parent = directory.getParent();
            if (parent == null) {
                throw new AssertionError("run the tests inside the source tree");
            }
            directory = parent;
        }
        return directory;
    }

    /** This module's directory. */
    static Path module() {
        return root().resolve("integration-tests");
    }
}
