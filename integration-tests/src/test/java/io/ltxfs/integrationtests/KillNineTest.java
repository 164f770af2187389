package io.ltxfs.integrationtests;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.integrationtests.Programs.Output;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The death of processes loses nothing that was acknowledged: {@code kill -9} of the daemon alone (its guard starts it
 * again) and of daemon and guard together (nobody unmounts), each after 50 commits in each of four modes; of the app in
 * its transaction; and an ordinary stop under load.
 */
@RealMount
final class KillNineTest {
    private static final int ROUNDS = Integer.getInteger("ltxfs.kills", 20);
    private static final int COMMITS = 50;
    private static final Duration LIMIT = Duration.ofSeconds(120);

    private record Mode(String name, String journalMode, String synchronous) {}

    private static final List<Mode> MODES = List.of(
            new Mode("delete.db", "DELETE", "FULL"),
            new Mode("wal-full.db", "WAL", "FULL"),
            new Mode("wal-normal.db", "WAL", "NORMAL"),
            new Mode("truncate.db", "TRUNCATE", "NORMAL"));

    private final Map<String, Long> acknowledged = new HashMap<>();

    @Test
    @Timeout(1200)
    void killingTheNodeUnderLoadLosesNothing() {
        Random random = new Random(Long.getLong("ltxfs.seed", 7));
        MODES.forEach(mode -> acknowledged.put(mode.name(), 0L));
        try (NodeUnderTest node = NodeUnderTest.started("on-daemon-death=restart")) {
            for (int round = 1; round <= ROUNDS; round++) {
                List<Writer> writers = startWriters(node);
                try {
                    for (Writer writer : writers) {
                        writer.awaitCommits(COMMITS, LIMIT);
                    }
                    pause(random.nextInt(20)); // so that the kill meets every step of a commit
                    if (round % 2 == 0) {
                        killDaemon(node, writers);
                    } else {
                        killDaemonAndGuard(node, writers);
                    }
                } finally {
                    writers.forEach(Writer::kill);
                }
                writers.forEach(writer ->
                        acknowledged.put(writer.database().getFileName().toString(), writer.acknowledged()));
                verify(node, "round " + round);
            }
            assertEquals(0, node.stop(), node::log);
            System.out.println("KillNineTest: " + ROUNDS + " kills, rows " + acknowledged);
        }
    }

    @Test
    @Timeout(600)
    void stoppingUnderLoadLosesNothing() {
        MODES.forEach(mode -> acknowledged.put(mode.name(), 0L));
        try (NodeUnderTest node = NodeUnderTest.started("stop-timeout=5s")) {
            List<Writer> writers = startWriters(node);
            try {
                for (Writer writer : writers) {
                    writer.awaitCommits(COMMITS, LIMIT);
                }
                node.stop(); // its code is not 0 if files had to be detached
            } finally {
                writers.forEach(Writer::kill);
            }
            assertTrue(!node.isMounted(), "still mounted\n" + node.log());
            writers.forEach(
                    writer -> acknowledged.put(writer.database().getFileName().toString(), writer.acknowledged()));
            node.start();
            verify(node, "after SIGTERM");
        }
    }

    @Test
    @Timeout(600)
    void killingTheAppLosesNothing() {
        MODES.forEach(mode -> acknowledged.put(mode.name(), 0L));
        try (NodeUnderTest node = NodeUnderTest.started()) {
            Random random = new Random(Long.getLong("ltxfs.seed", 8));
            for (int round = 1; round <= 10; round++) {
                List<Writer> writers = startWriters(node);
                try {
                    for (Writer writer : writers) {
                        writer.awaitCommits(5, LIMIT);
                    }
                    pause(random.nextInt(20));
                } finally {
                    writers.forEach(Writer::kill);
                }
                writers.forEach(writer ->
                        acknowledged.put(writer.database().getFileName().toString(), writer.acknowledged()));
                verify(node, "app, round " + round);
            }
        }
    }

    private static List<Writer> startWriters(NodeUnderTest node) {
        List<Writer> writers = new ArrayList<>();
        for (Mode mode : MODES) {
            writers.add(new Writer(node.mount().resolve(mode.name()), mode.journalMode(), mode.synchronous()));
        }
        return writers;
    }

    /** The guard sees to the rest: nothing commits any more, and a new daemon serves. */
    private static void killDaemon(NodeUnderTest node, List<Writer> writers) {
        ProcessHandle daemon = node.daemon();
        daemon.destroyForcibly();
        Programs.endsWithin(daemon, Duration.ofSeconds(60));
        for (Writer writer : writers) {
            writer.awaitEnd(Duration.ofSeconds(60));
        }
        await("a new daemon; log:\n" + node.log())
                .atMost(LIMIT)
                .pollInterval(Duration.ofMillis(20))
                .ignoreExceptions()
                .until(() -> node.daemon().pid() != daemon.pid());
        node.awaitReady();
    }

    /** Nobody unmounts: the next start has to deal with what is left. */
    private static void killDaemonAndGuard(NodeUnderTest node, List<Writer> writers) {
        node.killAll();
        for (Writer writer : writers) {
            writer.awaitEnd(Duration.ofSeconds(60));
        }
        node.start();
    }

    private void verify(NodeUnderTest node, String when) {
        for (Mode mode : MODES) {
            Output output = Programs.python(
                    LIMIT,
                    "writer.py",
                    "--verify",
                    node.mount().resolve(mode.name()).toString(),
                    Long.toString(acknowledged.getOrDefault(mode.name(), 0L)));
            assertEquals(0, output.exitCode(), () -> when + ", " + mode + ": " + output.err() + "\n" + node.log());
            Map<?, ?> found = (Map<?, ?>) NodeUnderTest.parseJson(output.out());
            assertEquals(List.of(), found.get("problems"), () -> when + ", " + mode + "\n" + node.log());
            assertEquals(
                    found.get("checksum"),
                    String.format("%016x", node.position(mode.name()).checksum()),
                    () -> when + ", " + mode + ": X-pos\n" + node.log());
            long rows = ((Number) Objects.requireNonNull(found.get("rows"))).longValue();
            // The table is a transaction too, and so is the change to WAL mode.
            long others = mode.journalMode().equals("WAL") ? 2 : 1;
            assertEquals(
                    rows + others,
                    node.position(mode.name()).txid(),
                    () -> when + ", " + mode + ": a TXID for each transaction\n" + node.log());
            acknowledged.put(mode.name(), rows);
        }
    }

    private static void pause(int millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            throw new AssertionError("interrupted", e);
        }
    }
}
