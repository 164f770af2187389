package io.ltxfs.integrationtests;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ltxfs.integrationtests.Programs.Output;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Files of SQLite's own suite on the mount, as {@code nobody}: as many tests as on plain disk, no error, and afterwards
 * each database that they left has the checksum in X-pos that SQLite shows, and exports to the same bytes.
 */
@RealMount
final class SqliteSuiteTest {
    private static final Duration BUILD = Duration.ofMinutes(5);
    private static final String SCRIPT =
            Repository.module().resolve("sqlite-suite.sh").toString();

    /** With the calls of fsync, which is how commits are decided outside of tests. */
    @Test
    @Timeout(700)
    void theSuiteRunsAsOnPlainDisk() throws IOException {
        run(expected(), true);
    }

    /** As SQLite's authors run it: without fsync. */
    @Tag("long")
    @Test
    @Timeout(700)
    void theSuiteRunsWithoutFsyncAsOnPlainDisk() throws IOException {
        run(expected(), false);
    }

    private static void run(Map<String, String> expected, boolean sync) {
        List<String> script = new ArrayList<>(List.of(SCRIPT));
        if (sync) {
            script.add("--sync");
        }
        List<String> build = new ArrayList<>(script);
        build.add("--build-only");
        Output built = Programs.run(BUILD, Map.of(), build);
        assumeTrue(built.exitCode() == 0 || RealMount.Condition.inCi(), "the suite cannot be built: " + built.err());
        assertEquals(0, built.exitCode(), built.err());

        try (NodeUnderTest node = NodeUnderTest.started()) {
            script.add(node.mount().toString());
            script.addAll(expected.keySet());
            Output output = Programs.run(Duration.ofMinutes(10), Map.of(), script);
            System.out.println("SqliteSuiteTest: " + output.out().strip().replace("\n", ", "));
            assertEquals(0, output.exitCode(), () -> output.out() + output.err() + "\n" + node.log());
            Map<String, String> counted = output.out()
                    .lines()
                    .map(line -> line.split(" "))
                    .collect(Collectors.toMap(
                            words -> words[0],
                            words -> "*".equals(expected.get(words[0])) ? "*" : words[1],
                            (a, b) -> b,
                            LinkedHashMap::new));
            assertEquals(expected, counted);
            databasesAreRight(node);
        }
    }

    private static void databasesAreRight(NodeUnderTest node) {
        Path export = Repository.module().resolve("src/test/python/export.sh");
        Output output = Programs.python(
                Duration.ofMinutes(5),
                "check_databases.py",
                "--mount",
                node.mount().toString(),
                "--export",
                export.toString(),
                NodeUnderTest.launcher(),
                node.data().toString());
        System.out.println("SqliteSuiteTest: " + output.out().strip().replaceAll("(?s).*\n", ""));
        assertEquals(0, output.exitCode(), () -> output.out() + output.err() + "\n" + node.log());
        assertTrue(output.out().contains("compared "), output.out());
    }

    private static Map<String, String> expected() throws IOException {
        try (InputStream in =
                Objects.requireNonNull(SqliteSuiteTest.class.getResourceAsStream("sqlite-suite-expected.txt"))) {
            return new String(in.readAllBytes(), UTF_8)
                    .lines()
                    .filter(line -> !line.startsWith("#"))
                    .map(line -> line.split(" "))
                    .collect(Collectors.toMap(words -> words[0], words -> words[1], (a, b) -> b, LinkedHashMap::new));
        }
    }
}
