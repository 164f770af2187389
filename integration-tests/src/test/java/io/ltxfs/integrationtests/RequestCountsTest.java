package io.ltxfs.integrationtests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.integrationtests.Programs.Output;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Reads are the kernel's: in a steady state a read transaction sends no request in WAL mode, and at most two in DELETE
 * mode. A program reads a thousand times; the node's own counters are compared before and after.
 */
@RealMount
final class RequestCountsTest {
    private static final int READS = 1000;

    /** What the test's looking costs: other requests that a busy machine may bring. */
    private static final int SLACK = 20;

    private static final int AGAIN = 5;

    @ParameterizedTest
    @CsvSource({"WAL,0", "DELETE,2"})
    @Timeout(300)
    void aReadTransactionSendsAtMost(String mode, int requestsPerRead) throws Exception {
        try (NodeUnderTest node = NodeUnderTest.started();
                Reader reader = new Reader(node, mode)) {
            reader.read(READS); // fills the kernel's caches
            assertTrue(node.requests().containsKey("write"), "no counters: " + node.requests());
            Map<String, Long> sent = sentBy(node, reader);
            // Others only add to them, as a machine that is short of memory does.
            for (int again = 0; again < AGAIN && total(sent) > (long) requestsPerRead * READS + SLACK; again++) {
                sent = sentBy(node, reader);
            }
            System.out.println("RequestCountsTest: " + READS + " reads, " + mode + ": " + sent);
            assertTrue(total(sent) <= (long) requestsPerRead * READS + SLACK, mode + ": " + sent);
        }
    }

    private static Map<String, Long> sentBy(NodeUnderTest node, Reader reader) throws Exception {
        Map<String, Long> before = node.requests();
        reader.read(READS);
        Map<String, Long> sent = new TreeMap<>(node.requests());
        before.forEach((type, count) -> sent.merge(type, -count, Long::sum));
        sent.values().removeIf(count -> count == 0);
        return sent;
    }

    private static long total(Map<String, Long> sent) {
        return sent.values().stream().mapToLong(Long::longValue).sum();
    }

    /** A commit of another process is seen by the next read, so the reads above were of the real thing. */
    @ParameterizedTest
    @CsvSource({"WAL", "DELETE"})
    @Timeout(300)
    void aReaderSeesEveryCommit(String mode) throws Exception {
        try (NodeUnderTest node = NodeUnderTest.started();
                Reader reader = new Reader(node, mode)) {
            for (int i = 1; i <= 20; i++) {
                Output output = node.sqlite("r.db", "INSERT INTO r VALUES(1000+" + i + ", 'new')");
                assertEquals(0, output.exitCode(), output.err());
                assertEquals(1000 + i, reader.read(1));
            }
        }
    }

    /** {@code reader.py}: it reads as often as it is told, each time in a transaction. */
    private static final class Reader implements AutoCloseable {
        private final Process process;
        private final java.io.BufferedReader out;
        private final java.io.Writer in;

        Reader(NodeUnderTest node, String mode) throws java.io.IOException {
            node.sqlite(
                            "r.db",
                            "PRAGMA journal_mode=" + mode,
                            "CREATE TABLE r(n INTEGER PRIMARY KEY, a TEXT)",
                            "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM c WHERE n<1000)"
                                    + " INSERT INTO r SELECT n, hex(randomblob(100)) FROM c")
                    .orFail();
            process = new ProcessBuilder(
                            "python3",
                            Programs.pythonProgram("reader.py").toString(),
                            node.mount().resolve("r.db").toString())
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            out = process.inputReader();
            in = process.outputWriter();
        }

        /** Reads; gives the number of rows it saw last. */
        long read(int times) throws java.io.IOException {
            in.write(times + "\n");
            in.flush();
            String line = out.readLine();
            if (line == null) {
                throw new AssertionError("the reader ended");
            }
            return Long.parseLong(line);
        }

        @Override
        public void close() {
            process.destroyForcibly();
            Programs.endsWithin(process.toHandle(), Duration.ofSeconds(60));
        }
    }
}
