package io.ltxfs.integrationtests;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ltxfs.integrationtests.Programs.Output;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Files of SQLite's own suite on the mount, as {@code nobody}: as many tests as on plain disk, no error, and after each
 * file every database that it left has the checksum in X-pos that SQLite shows, and exports to the same bytes.
 */
@RealMount
@Timeout(3600)
final class SqliteSuiteTest {
    private static final Duration BUILD = Duration.ofMinutes(20);
    private static final Duration RUN = Duration.ofMinutes(30);
    private static final String SCRIPT =
            Repository.module().resolve("sqlite-suite.sh").toString();

    /** With the calls of fsync, which is how commits are decided outside of tests. */
    @Test
    void theSuiteRunsAsOnPlainDisk() throws IOException {
        build("--sync");
        try (NodeUnderTest node = NodeUnderTest.started("transport=kernel")) {
            run("sqlite-suite-expected.txt", node.mount(), node.data(), node::log, "--sync");
        }
    }

    /** As SQLite's authors run it: without fsync. */
    @Tag("long")
    @Test
    void theSuiteRunsWithoutFsyncAsOnPlainDisk() throws IOException {
        build();
        try (NodeUnderTest node = NodeUnderTest.started("transport=kernel")) {
            run("sqlite-suite-expected.txt", node.mount(), node.data(), node::log);
        }
    }

    /** Mounted by {@code nobody} too, through libfuse; files and permutations. */
    @Test
    void theSuiteRunsOnTheMountOfAnOrdinaryUser() throws IOException {
        build();
        try (OrdinaryUser user = new OrdinaryUser()) {
            Path log = user.scratch("node.log");
            Process node = user.startNode(log);
            try {
                user.awaitServing(log);
                run("sqlite-suite-expected-libfuse.txt", user.mount(), user.data(), () -> content(log));
            } finally {
                node.destroy();
                Programs.endsWithin(node.toHandle(), OrdinaryUser.LIMIT);
            }
            assertEquals(0, node.exitValue(), () -> content(log));
        }
    }

    private static void build(String... options) {
        List<String> build = new ArrayList<>(List.of(SCRIPT));
        build.addAll(List.of(options));
        build.add("--build-only");
        Output built = Programs.run(BUILD, Map.of(), build);
        assumeTrue(built.exitCode() == 0 || RealMount.Condition.inCi(), "the suite cannot be built: " + built.err());
        assertEquals(0, built.exitCode(), built.err());
    }

    private static void run(String resource, Path mount, Path data, Supplier<String> log, String... options)
            throws IOException {
        Map<String, String> expected = expected(resource);
        List<String> script = new ArrayList<>(List.of(SCRIPT));
        script.addAll(List.of(options));
        script.addAll(List.of("--check", data.toString(), mount.toString()));
        script.addAll(expected.keySet());
        Output output = Programs.run(RUN, Map.of(), script);
        System.out.println("SqliteSuiteTest: " + output.out().strip().replace("\n", ", "));
        assertEquals(0, output.exitCode(), () -> output.out() + output.err() + "\n" + log.get());
        Map<String, String> counted = output.out()
                .lines()
                .map(line -> line.split(" "))
                .filter(words -> expected.containsKey(words[0]))
                .collect(Collectors.toMap(
                        words -> words[0],
                        words -> "*".equals(expected.get(words[0])) ? "*" : words[1],
                        (a, b) -> b,
                        LinkedHashMap::new));
        assertEquals(expected, counted);
        assertTrue(output.out().matches("(?s).*databases compared [1-9].* wrong 0\\s*"), output.out());
    }

    private static String content(Path log) {
        try {
            return Files.readString(log);
        } catch (IOException e) {
            return e.toString();
        }
    }

    private static Map<String, String> expected(String resource) throws IOException {
        try (InputStream in = Objects.requireNonNull(SqliteSuiteTest.class.getResourceAsStream(resource))) {
            return new String(in.readAllBytes(), UTF_8)
                    .lines()
                    .filter(line -> !line.startsWith("#"))
                    .map(line -> line.split(" "))
                    .collect(Collectors.toMap(words -> words[0], words -> words[1], (a, b) -> b, LinkedHashMap::new));
        }
    }
}
