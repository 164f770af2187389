package io.ltxfs.objectstore.tools;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/**
 * The pinned programs of {@code integration-tests/tools.sh}: it finds them in the cache directory {@code LTXFS_TOOLS}
 * ({@code /var/tmp/ltxfs-tools} by default) or builds them there. Where that fails, the test is skipped with the reason;
 * with {@code CI=true} it fails.
 */
public enum Tools {
    /** Litestream as it is. */
    LITESTREAM("litestream"),
    /** The Litestream that codes pages as frames. */
    LITESTREAM_0_5_5("litestream-0.5.5"),
    /** The command of the LTX library. */
    LTX("ltx"),
    /** An S3 server over a directory. */
    VERSITYGW("versitygw"),
    /** An S3 server. */
    MINIO("minio");

    /** MinIO builds for five minutes on two cores, and others may build first. */
    private static final int BUILD_MINUTES = 30;

    private final String script;

    Tools(String script) {
        this.script = script;
    }

    /** The program, ready to run. */
    public Path path() throws IOException, InterruptedException {
        Path messages = Files.createTempFile("ltxfs-tools", ".log");
        Path output = Files.createTempFile("ltxfs-tools", ".out");
        try {
            Process process = new ProcessBuilder(
                            root().resolve("integration-tests/tools.sh").toString(), script)
                    .redirectError(messages.toFile())
                    .redirectOutput(output.toFile())
                    .start();
            if (!process.waitFor(BUILD_MINUTES, TimeUnit.MINUTES)) {
                process.destroyForcibly();
                return missing("it did not end within " + BUILD_MINUTES + " minutes");
            }
            return process.exitValue() == 0
                    ? Path.of(Files.readString(output).strip())
                    : missing(Files.readString(messages).strip());
        } finally {
            Files.deleteIfExists(messages);
            Files.deleteIfExists(output);
        }
    }

    private Path missing(String why) {
        String message = script + " is not there: " + why;
        if (inCi()) {
            throw new AssertionError(message);
        }
        Assumptions.abort(message);
        throw new AssertionError(message);
    }

    /** Whether nothing may be skipped. */
    public static boolean inCi() {
        return "true".equals(System.getenv("CI"));
    }

    /** The top of the source tree. */
    public static Path root() {
        Path directory = Path.of("").toAbsolutePath();
        while (!Files.exists(directory.resolve("integration-tests/tools.sh"))) {
            Path parent = directory.getParent();
            if (parent == null) {
                throw new AssertionError("run the tests inside the source tree");
            }
            directory = parent;
        }
        return directory;
    }
}
