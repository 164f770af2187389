package io.ltxfs.integrationtests;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ltxfs.archive.plan.RestoreTarget;
import io.ltxfs.integrationtests.ArchiveUnderTest.Restored;
import io.ltxfs.integrationtests.ArchiveUnderTest.Transaction;
import io.ltxfs.integrationtests.Programs.Output;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The archive while it is being written, compacted and pruned, and when the node dies in the midst of that. */
@RealMount
@Timeout(900)
final class ArchiveUnderLoadTest {
    private static final Duration LIMIT = Duration.ofSeconds(120);
    private static final int KILLS = Integer.getInteger("ltxfs.kills", 6);

    /** Everything happens often. */
    private static final String[] QUICK = {
        "archive.sync=50ms", "archive.levels=[300ms, 1s, 3s]", "archive.snapshots.every=2s", "archive.history=1h"
    };

    @Test
    void whatIsRestoredWhileWritingIsExact() throws Exception {
        long seed = Long.getLong("ltxfs.seed", 11);
        Random random = new Random(seed);
        try (NodeUnderTest node = NodeUnderTest.started(QUICK);
                ArchiveUnderTest archive = ArchiveUnderTest.of(node)) {
            Writer writer = new Writer(node.mount().resolve("load.db"), "WAL", "NORMAL");
            try {
                writer.awaitCommits(20, LIMIT);
                ArchiveUnderTest.awaitSome(node, "load.db");
                for (int round = 0; round < 12; round++) {
                    writer.awaitCommits(writer.commits() + 20, LIMIT);
                    Restored end = archive.restore("load.db", new RestoreTarget.End());
                    List<Transaction> all = ArchiveUnderTest.transactions(node, "load.db");
                    long txid = end.result().txid();
                    Transaction expected = all.get(Math.toIntExact(txid - 1));
                    assertEquals(
                            expected.checksum(),
                            String.format("%016x", end.result().checksum()),
                            () -> "seed " + seed + " at the end, " + txid);
                    assertEquals(expected.checksum(), ArchiveUnderTest.checksum(end.file()));
                    Transaction last = all.get(random.nextInt(Math.toIntExact(txid)));
                    archive.check(node, "load.db", last.txid());
                    long wanted = all.stream()
                            .filter(each -> !each.time().isAfter(expected.time()))
                            .mapToLong(Transaction::txid)
                            .max()
                            .orElseThrow();
                    // What was committed in the same millisecond may still be on its way to the archive.
                    long found = await("the moment of " + wanted)
                            .atMost(LIMIT)
                            .until(() -> restoredAt(archive, expected.time()), at -> at >= wanted || at < txid);
                    assertEquals(wanted, found, () -> "seed " + seed + " at " + expected.time());
                }
            } finally {
                writer.kill();
            }
            assertEquals(0, node.stop(), node::log);
            archive.verify("load.db");
        }
    }

    private static long restoredAt(ArchiveUnderTest archive, Instant time) throws IOException {
        return archive.restore("load.db", new RestoreTarget.AtTime(time))
                .result()
                .txid();
    }

    @Test
    void killingTheNodeWhileItArchivesLosesNothing() throws Exception {
        Random random = new Random(Long.getLong("ltxfs.seed", 12));
        try (NodeUnderTest node = NodeUnderTest.started(QUICK);
                ArchiveUnderTest archive = ArchiveUnderTest.of(node)) {
            long acknowledged = 0;
            for (int round = 0; round < KILLS; round++) {
                Writer writer = new Writer(node.mount().resolve("load.db"), "DELETE", "FULL");
                try {
                    writer.awaitCommits(30, LIMIT);
                    Thread.sleep(random.nextInt(500)); // so that the kill meets every step of upload and compaction
                    if (round % 2 == 0) {
                        killDaemon(node, writer);
                    } else {
                        node.killAll();
                        writer.awaitEnd(LIMIT);
                        node.start();
                    }
                } finally {
                    writer.kill();
                }
                acknowledged = writer.acknowledged();
            }
            long txid = node.position("load.db").txid();
            assertEquals(0, node.stop(), node::log);
            Restored end = archive.restore("load.db", new RestoreTarget.End());
            assertEquals(txid, end.result().txid());
            Output output =
                    Programs.python(LIMIT, "writer.py", "--verify", end.file().toString(), Long.toString(acknowledged));
            assertEquals(0, output.exitCode(), output::err);
            Map<?, ?> found = (Map<?, ?>) NodeUnderTest.parseJson(output.out());
            assertEquals(List.of(), found.get("problems"));
            archive.verify("load.db");
        }
    }

    private static void killDaemon(NodeUnderTest node, Writer writer) {
        ProcessHandle daemon = node.daemon();
        daemon.destroyForcibly();
        Programs.endsWithin(daemon, Duration.ofSeconds(60));
        writer.awaitEnd(LIMIT);
        await("a new daemon; log:\n" + node.log())
                .atMost(LIMIT)
                .pollInterval(Duration.ofMillis(20))
                .ignoreExceptions()
                .until(() -> node.daemon().pid() != daemon.pid());
        node.awaitReady();
    }

    @Test
    void aStopUploadsWhatIsLeft() throws Exception {
        try (NodeUnderTest node = NodeUnderTest.started("archive.sync=10m");
                ArchiveUnderTest archive = ArchiveUnderTest.of(node)) {
            node.sqlite("app.db", "CREATE TABLE t(x)", "INSERT INTO t VALUES(1)")
                    .orFail();
            node.sqlite("app.db", "INSERT INTO t VALUES(2)", "INSERT INTO t VALUES(3)")
                    .orFail();
            List<Transaction> all = ArchiveUnderTest.transactions(node, "app.db");
            Transaction last = all.get(all.size() - 1);
            assertEquals(0, node.stop(), node::log);
            Restored end = archive.restore("app.db", new RestoreTarget.End());
            assertEquals(last.txid(), end.result().txid());
            assertEquals("1\n2\n3", ArchiveUnderTest.query(end.file(), "SELECT x FROM t"));
            Path again = archive.restore("app.db", new RestoreTarget.AtTxid(2)).file();
            assertEquals("1", ArchiveUnderTest.query(again, "SELECT x FROM t"));
        }
    }
}
