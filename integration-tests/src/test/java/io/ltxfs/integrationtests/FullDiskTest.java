package io.ltxfs.integrationtests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.integrationtests.Programs.Output;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A data directory that fills up, at another point in each round: SQLite gets an error, nothing acknowledged is lost,
 * and when there is space again work goes on without a restart.
 */
@RealMount
final class FullDiskTest {
    private static final int ROUNDS = Integer.getInteger("ltxfs.full", 2);
    private static final List<String> ERRORS =
            List.of("database or disk is full", "disk I/O error", "unable to open database file");

    @ParameterizedTest
    @CsvSource({"DELETE,FULL", "WAL,FULL", "WAL,NORMAL", "PERSIST,FULL"})
    @Timeout(900)
    void aFullDiskLosesNothing(String journalMode, String synchronous) throws IOException {
        try (NodeUnderTest node = NodeUnderTest.create("log.max-bytes=4MiB")) {
            node.limitData(192 << 20);
            node.start();
            long rows = 0;
            for (int round = 1; round <= ROUNDS; round++) {
                rows = fillAndFree(node, journalMode, synchronous, round, rows);
            }
            assertEquals(0, node.stop(), node::log);
            node.start();
            verify(node, rows, "after a restart");
            assertEquals(0, node.stop(), node::log);
        }
    }

    private static long fillAndFree(
            NodeUnderTest node, String journalMode, String synchronous, int round, long rowsBefore) throws IOException {
        Path ballast = node.data().resolve("ballast");
        Writer writer = new Writer(node.mount().resolve("full.db"), journalMode, synchronous);
        try {
            writer.awaitCommits(round == 1 ? 20 : 1, Duration.ofSeconds(60));
            fill(ballast, writer, 4096L * (4 + 7L * round));
            writer.awaitEnd(Duration.ofSeconds(60));
        } finally {
            writer.kill();
        }
        assertTrue(ERRORS.stream().anyMatch(writer.error()::contains), () -> "the writer said: " + writer.error());
        long rows = Math.max(writer.acknowledged(), rowsBefore);
        Output read = node.sqlite("full.db", "SELECT count(*) FROM w");
        if (read.exitCode() == 0) { // a rollback may need space too, but what is shown has to be right
            long shown = Long.parseLong(read.out().strip());
            assertTrue(
                    shown == rows || shown == rows + 1, () -> "acknowledged " + rows + ", shown while full: " + shown);
        }
        Files.delete(ballast);
        return verify(node, rows, "round " + round);
    }

    /** Takes all space but a little, and what the trimming of the log gives back, until the writer has met the end. */
    private static void fill(Path ballast, Writer writer, long left) throws IOException {
        ByteBuffer zeros = ByteBuffer.allocateDirect(1 << 20);
        long deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
        long keep = left;
        try (FileChannel file = FileChannel.open(
                ballast, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND)) {
            while (writer.isAlive() && System.nanoTime() < deadline) {
                long space = Files.getFileStore(ballast).getUsableSpace() - keep;
                if (space <= 0) {
                    keep = 0;
                    Thread.onSpinWait();
                    continue;
                }
                zeros.clear().limit((int) Math.min(space, zeros.capacity()));
                try {
                    file.write(zeros);
                } catch (IOException e) {
                    keep = 0; // full: the writer took the rest
                }
            }
        }
    }

    private static long verify(NodeUnderTest node, long acknowledged, String when) {
        Output output = Programs.python(
                Duration.ofSeconds(120),
                "writer.py",
                "--verify",
                node.mount().resolve("full.db").toString(),
                Long.toString(acknowledged));
        assertEquals(0, output.exitCode(), () -> when + ": " + output.err() + "\n" + node.log());
        Map<?, ?> found = (Map<?, ?>) NodeUnderTest.parseJson(output.out());
        assertEquals(List.of(), found.get("problems"), () -> when + "\n" + node.log());
        assertEquals(
                found.get("checksum"),
                String.format("%016x", node.position("full.db").checksum()),
                () -> when + "\n" + node.log());
        return ((Number) java.util.Objects.requireNonNull(found.get("rows"))).longValue();
    }
}
