package io.ltxfs.integrationtests;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ltxfs.integrationtests.Programs.Output;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Random SQL in every mode: each position and checksum is what SQLite shows, and every TXID exports to the bytes that a
 * reader saw then, also after a stop and after a {@code kill -9}. Another seed: {@code -Dltxfs.seed=N}.
 */
@RealMount
final class ModesOracleTest {
    private static final int SAMPLES = 4;

    @ParameterizedTest
    @ValueSource(longs = {1, 2})
    @Timeout(600)
    void positionsChecksumsAndHistoryAreWhatSqliteShowed(long seed) throws Exception {
        check(Long.getLong("ltxfs.seed", seed), 20);
    }

    @Tag("long")
    @ParameterizedTest
    @ValueSource(longs = {101, 102, 103, 104, 105, 106})
    @Timeout(1200)
    void theSameForLonger(long seed) throws Exception {
        check(Long.getLong("ltxfs.seed", seed), 300);
    }

    private static void check(long seed, int seconds) throws IOException {
        try (NodeUnderTest node = NodeUnderTest.started()) {
            Path manifest = node.scratch().resolve("manifest.json");
            Output output = Programs.python(
                    Duration.ofSeconds(2L * seconds + 300),
                    "modes_oracle.py",
                    "--mount",
                    node.mount().toString(),
                    "--seed",
                    Long.toString(seed),
                    "--seconds",
                    Integer.toString(seconds),
                    "--manifest",
                    manifest.toString());
            assertEquals(0, output.exitCode(), output.out() + output.err() + "\n" + node.log());
            System.out.println("ModesOracleTest: " + output.out().strip());

            Map<?, ?> databases = (Map<?, ?>) NodeUnderTest.parseJson(Files.readString(manifest));
            positionsHold(node, databases, seed);
            logsHold(node, databases);
            exportsHold(node, databases, seed);
            assertEquals(0, node.stop(), node::log);
            commandExports(node, databases, seed);
            node.start();
            positionsHold(node, databases, seed);
            node.killAll();
            node.start();
            positionsHold(node, databases, seed);
            exportsHold(node, databases, seed);
        }
    }

    private static void positionsHold(NodeUnderTest node, Map<?, ?> databases, long seed) {
        databases.forEach((name, value) -> {
            Map<?, ?> expected = (Map<?, ?>) Objects.requireNonNull(value);
            NodeUnderTest.Pos position = node.position((String) Objects.requireNonNull(name));
            assertEquals(
                    String.format(
                            "%016x/%s",
                            ((Number) Objects.requireNonNull(expected.get("txid"))).longValue(),
                            expected.get("checksum")),
                    position.toString(),
                    () -> name + ", seed " + seed + "\n" + node.log());
        });
    }

    /** Every TXID, by HTTP. */
    private static void exportsHold(NodeUnderTest node, Map<?, ?> databases, long seed) {
        databases.forEach((name, entry) -> states(entry)
                .forEach((txid, digest) -> assertEquals(
                        digest,
                        sha256(node.export((String) name, (String) txid)),
                        () -> name + " at TXID " + txid + ", seed " + seed + "\n" + node.log())));
    }

    /** The log holds every transaction, each going on from the one before, up to the position. */
    private static void logsHold(NodeUnderTest node, Map<?, ?> databases) {
        for (Object key : databases.keySet()) {
            String name = (String) Objects.requireNonNull(key);
            long txid = 0;
            Object checksum = "0000000000000000";
            for (Object element : node.history(name)) {
                Map<?, ?> entry = (Map<?, ?>) Objects.requireNonNull(element);
                txid++;
                assertEquals(String.format("%016x", txid), entry.get("txid"), name);
                assertEquals(checksum, entry.get("preApplyChecksum"), () -> name + ": " + entry);
                checksum = Objects.requireNonNull(entry.get("postApplyChecksum"));
            }
            assertEquals(node.position(name).toString(), String.format("%016x/%s", txid, checksum), name);
        }
    }

    /** A few, by the command line. */
    private static void commandExports(NodeUnderTest node, Map<?, ?> databases, long seed) throws IOException {
        Random random = new Random(seed);
        Object[] names = databases.keySet().toArray();
        for (int i = 0; i < SAMPLES; i++) {
            String name = (String) names[random.nextInt(names.length)];
            Map<?, ?> states = states(databases.get(name));
            String txid = (String) states.keySet().toArray()[random.nextInt(states.size())];
            Path target = node.scratch().resolve("export.db");
            Output output = node.command("export", name, "--txid", txid, "-o", target.toString());
            assertEquals(0, output.exitCode(), () -> name + " " + txid + ": " + output.err() + "\n" + node.log());
            assertEquals(
                    states.get(txid),
                    sha256(Files.readAllBytes(target)),
                    () -> name + " at TXID " + txid + ", seed " + seed);
            Files.delete(target);
        }
    }

    private static Map<?, ?> states(@Nullable Object entry) {
        return (Map<?, ?>) Objects.requireNonNull(((Map<?, ?>) Objects.requireNonNull(entry)).get("states"));
    }

    private static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }
}
