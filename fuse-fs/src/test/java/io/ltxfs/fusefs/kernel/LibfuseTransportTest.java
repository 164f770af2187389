package io.ltxfs.fusefs.kernel;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ltxfs.fusefs.transport.Transport;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;

/** Root's mounts: libfuse makes them without fusermount. An ordinary user's are tried with a whole node. */
final class LibfuseTransportTest extends TransportContract {
    @BeforeAll
    static void requireLibrary() throws Exception {
        try (Stream<Path> files =
                Files.find(Path.of("/usr/lib"), 3, (path, attributes) -> path.endsWith("libfuse.so.2"))) {
            boolean installed = Libfuse.helper() != null && files.findAny().isPresent();
            if (!"true".equals(System.getenv("CI"))) {
                assumeTrue(installed, "skipped: libfuse 2 and fusermount are not installed");
            }
        }
    }

    @Override
    Transport transport() {
        return new LibfuseTransport(true);
    }
}
