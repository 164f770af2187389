package io.ltxfs.integrationtests;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.archive.plan.RestoreTarget;
import io.ltxfs.integrationtests.ArchiveUnderTest.Restored;
import io.ltxfs.integrationtests.ArchiveUnderTest.Transaction;
import io.ltxfs.ltx.Txid;
import io.ltxfs.objectstore.tools.Tools;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The real Litestream reads a node's archive while it is written, takes it over, and is taken over. */
@RealMount
@Timeout(900)
final class LitestreamTest {
    private static final Duration LIMIT = Duration.ofSeconds(120);

    @Test
    void litestreamRestoresWhileWeAreWriting() throws Exception {
        reads(Tools.LITESTREAM);
    }

    @Test
    void anOlderLitestreamReadsFrames() throws Exception {
        reads(Tools.LITESTREAM_0_5_5, "archive.page-coding=frame");
    }

    private static void reads(Tools litestream, String... settings) throws Exception {
        Random random = new Random(Long.getLong("ltxfs.seed", 21));
        String[] all = new String[settings.length + 2];
        System.arraycopy(settings, 0, all, 0, settings.length);
        all[settings.length] = "archive.sync=100ms";
        all[settings.length + 1] = "archive.levels=[500ms, 2s]";
        try (NodeUnderTest node = NodeUnderTest.started(all);
                ArchiveUnderTest archive = ArchiveUnderTest.of(node)) {
            Writer writer = new Writer(node.mount().resolve("load.db"), "WAL", "FULL");
            try {
                writer.awaitCommits(20, LIMIT);
                ArchiveUnderTest.awaitSome(node, "load.db");
                for (int round = 0; round < 4; round++) {
                    writer.awaitCommits(writer.commits() + 20, LIMIT);
                    Path end = archive.litestreamRestore(litestream, "load.db", Map.of());
                    List<Transaction> transactions = ArchiveUnderTest.transactions(node, "load.db");
                    Map<String, Transaction> known = transactions.stream()
                            .collect(Collectors.toMap(Transaction::checksum, each -> each, (a, b) -> a));
                    String checksum = ArchiveUnderTest.checksum(end);
                    assertTrue(known.containsKey(checksum), () -> "a state that never was: " + checksum);
                    exactEnds(litestream, node, archive, random);
                    // Of what has reached the archive: Litestream refuses moments after its newest object.
                    long archived = Math.min(ArchiveUnderTest.archived(node, "load.db"), transactions.size());
                    Path moment = archive.litestreamRestore(
                            litestream,
                            "load.db",
                            Map.of(),
                            "-timestamp",
                            transactions.get((int) archived / 2).time().toString());
                    assertTrue(known.containsKey(ArchiveUnderTest.checksum(moment)), "a moment that never was");
                }
            } finally {
                writer.kill();
            }
            assertEquals(0, node.stop(), node::log);
        }
    }

    /** Litestream knows TXIDs at which objects end; one of those of level 0. */
    private static void exactEnds(Tools litestream, NodeUnderTest node, ArchiveUnderTest archive, Random random)
            throws Exception {
        try (var files = Files.list(node.data().resolve("archive/load.db/ltx/0"))) {
            List<String> names = files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".ltx"))
                    .sorted()
                    .toList();
            String txid = names.get(random.nextInt(names.size())).substring(17, 33);
            Path file = archive.litestreamRestore(litestream, "load.db", Map.of(), "-txid", txid);
            assertArrayEquals(node.export("load.db", txid), ArchiveUnderTest.read(file), txid);
        }
    }

    @Test
    void eachGoesOnAfterTheOther() throws Exception {
        Path place;
        Path local;
        try (NodeUnderTest node = NodeUnderTest.started();
                ArchiveUnderTest archive = ArchiveUnderTest.of(node)) {
            node.sqlite("app.db", "PRAGMA journal_mode=WAL", "CREATE TABLE t(x)", "INSERT INTO t VALUES(1)")
                    .orFail();
            ArchiveUnderTest.awaitArchived(node, "app.db");
            node.sqlite("app.db", "INSERT INTO t VALUES(2)", "INSERT INTO t VALUES(3)", "INSERT INTO t VALUES(4)")
                    .orFail();
            assertEquals(0, node.stop(), node::log);
            place = node.data().resolve("archive");
            local = archive.litestreamRestore(Tools.LITESTREAM, "app.db", Map.of());
            assertEquals("1\n2\n3\n4", ArchiveUnderTest.query(local, "SELECT x FROM t"));
            replicate(
                    node.scratch(), local, place.resolve("app.db"), "INSERT INTO t VALUES(5); INSERT INTO t VALUES(6)");
            Restored after = archive.restore("app.db", new RestoreTarget.End());
            assertEquals("1\n2\n3\n4\n5\n6", ArchiveUnderTest.query(after.file(), "SELECT x FROM t"));
            goesOn("archive.url=" + place, "app.db", "app.db", place);
        }
    }

    @Test
    void aNodeGoesOnWithWhatLitestreamWrote() throws Exception {
        Path scratch = Files.createTempDirectory("ltxfs-it-litestream");
        try {
            Path local = scratch.resolve("local.db");
            ArchiveUnderTest.query(local, "PRAGMA journal_mode=WAL; CREATE TABLE t(x); INSERT INTO t VALUES(0)");
            Path archive = scratch.resolve("theirs");
            replicate(
                    scratch,
                    local,
                    archive.resolve("old/place.db"),
                    "INSERT INTO t VALUES(1); INSERT INTO t VALUES(2)");
            goesOn("archive.url=" + archive, "renamed.db", "old/place.db", archive);
        } finally {
            Programs.deleteAll(scratch);
        }
    }

    /** A node with an empty data directory finds it all, writes, and Litestream reads that. */
    private static void goesOn(String url, String database, String place, Path directory) throws Exception {
        String rule = "databases=[{match: " + database + ", archive.path: \"" + place + "\"}]";
        try (NodeUnderTest node = NodeUnderTest.started(url, rule);
                ArchiveUnderTest archive = ArchiveUnderTest.at(directory.toString(), node.scratch())) {
            String before =
                    node.sqlite(database, "SELECT group_concat(x) FROM t").orFail();
            assertTrue(before.endsWith("2") || before.endsWith("6"), before);
            long txid = node.position(database).txid();
            node.sqlite(database, "INSERT INTO t VALUES(77)", "INSERT INTO t VALUES(78)")
                    .orFail();
            assertEquals(txid + 2, node.position(database).txid());
            ArchiveUnderTest.awaitArchived(node, database);
            assertEquals(0, node.stop(), node::log);
            Path file = archive.litestreamRestore(Tools.LITESTREAM, place, Map.of());
            assertEquals(before + ",77,78", ArchiveUnderTest.query(file, "SELECT group_concat(x) FROM t"));
            Restored ours = archive.restore(place, new RestoreTarget.AtTxid(txid + 1));
            assertEquals(before + ",77", ArchiveUnderTest.query(ours.file(), "SELECT group_concat(x) FROM t"));
            assertEquals(Txid.format(txid + 1), Txid.format(ours.result().txid()));
        }
    }

    /** Runs {@code litestream replicate} on a local database, writes, and ends it when all is in the archive. */
    private static void replicate(Path scratch, Path local, Path place, String sql) throws Exception {
        Path log = scratch.resolve("replicate.log");
        Process process = new ProcessBuilder(
                        Tools.LITESTREAM.path().toString(), "replicate", local.toString(), "file://" + place)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        try {
            Path level = place.resolve("ltx/0");
            String had = newest(level);
            await("litestream to begin; " + log)
                    .atMost(LIMIT)
                    .until(() -> !newest(level).equals(had) || !process.isAlive());
            String now = newest(level); // before it has anything to upload: it may be quick
            ArchiveUnderTest.query(local, "PRAGMA busy_timeout=60000; " + sql);
            await("litestream to upload")
                    .atMost(LIMIT)
                    .until(() -> !newest(level).equals(now) || !process.isAlive());
            assertTrue(process.isAlive(), () -> ArchiveUnderTest.text(log));
        } finally {
            process.destroy(); // it uploads what is left
            Programs.endsWithin(process.toHandle(), LIMIT);
        }
    }

    private static String newest(Path level) throws IOException {
        if (!Files.isDirectory(level)) {
            return "";
        }
        try (var files = Files.list(level)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".ltx"))
                    .max(String::compareTo)
                    .orElse("");
        }
    }
}
