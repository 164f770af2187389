package io.ltxfs.integrationtests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ltxfs.integrationtests.Programs.Output;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Each driver creates, inserts and reads in WAL and in DELETE mode, and each of its transactions has a TXID. */
@RealMount
final class DriversTest {
    private static @Nullable NodeUnderTest node;

    @BeforeAll
    static void start() {
        node = NodeUnderTest.started();
    }

    @AfterAll
    static void stop() {
        if (node != null) {
            node.close();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"sqlite3", "python", "jdbc", "go", "ruby", "node"})
    @Timeout(900)
    void everyTransactionHasATxid(String driver) {
        List<String> program = program(driver);
        check(driver, program, "WAL", 7); // the change of mode, the table and five rows
        check(driver, program, "DELETE", 6);
    }

    private static void check(String driver, List<String> program, String mode, long txid) {
        NodeUnderTest running = java.util.Objects.requireNonNull(node);
        String name = driver + "-" + mode + ".db";
        List<String> command = new ArrayList<>(program);
        command.add(running.mount().resolve(name).toString());
        command.add(mode);
        Output output = Programs.run(Duration.ofSeconds(60), Map.of(), command);
        assertEquals(0, output.exitCode(), () -> output.err() + "\n" + running.log());
        assertTrue(output.out().strip().endsWith(" 15"), output.out());
        System.out.println(
                "DriversTest: " + driver + " " + mode + " " + output.out().strip());
        assertEquals(txid, running.position(name).txid(), () -> driver + " " + mode + "\n" + running.log());
    }

    private static List<String> program(String driver) {
        if (driver.equals("jdbc")) {
            return List.of(
                    Path.of(System.getProperty("java.home"), "bin/java").toString(),
                    "-cp",
                    System.getProperty("java.class.path"),
                    JdbcDriver.class.getName());
        }
        Path prepare = Repository.module().resolve("src/test/drivers/prepare.sh");
        Path cache = Repository.module().resolve("target/drivers");
        Output output = Programs.run(Duration.ofMinutes(4), prepare.toString(), driver, cache.toString());
        assumeTrue(output.exitCode() == 0 || RealMount.Condition.inCi(), output.err());
        return List.of(output.orFail().split(" "));
    }
}
