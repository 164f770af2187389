package io.ltxfs.integrationtests;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.integrationtests.Programs.Output;
import io.ltxfs.ltx.Txid;
import io.ltxfs.objectstore.tools.RealServer;
import io.ltxfs.objectstore.tools.S3Server;
import io.ltxfs.objectstore.tools.Tools;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Archives in a real S3 server, and stores that cannot be used: what a person is told. */
@RealMount
@Timeout(900)
final class ArchiveStoresTest {
    private static final Duration LIMIT = Duration.ofSeconds(120);
    private static final Map<String, String> RIGHT =
            Map.of("AWS_ACCESS_KEY_ID", S3Server.ACCESS_KEY, "AWS_SECRET_ACCESS_KEY", S3Server.SECRET_KEY);

    @Test
    void s3() throws Exception {
        Path directory = Files.createTempDirectory("ltxfs-it-s3");
        try (RealServer server = RealServer.versitygw(directory)) {
            String url = server.url("some/prefix");
            String setting = "archive.url=\"" + url + "\"";
            try (NodeUnderTest node = NodeUnderTest.create(setting)) {
                node.environment(RIGHT);
                node.start();
                node.sqlite("a b/grün.db", "SELECT 1"); // the directory is missing
                Files.createDirectories(node.mount().resolve("a b"));
                node.sqlite("a b/grün.db", "CREATE TABLE t(x)", "INSERT INTO t VALUES(1)", "INSERT INTO t VALUES(2)")
                        .orFail();
                node.sqlite("app.db", "CREATE TABLE t(x)", "INSERT INTO t VALUES(1)")
                        .orFail();
                ArchiveUnderTest.awaitArchived(node, "a b/grün.db");
                ArchiveUnderTest.awaitArchived(node, "app.db");
                Path out = node.scratch().resolve("out.db");
                node.command("restore", "a b/grün.db", "-o", out.toString()).orFail();
                assertArrayEquals(node.export("a b/grün.db", Txid.format(3)), ArchiveUnderTest.read(out));
                node.command("archive", "verify").orFail();
                assertTrue(node.command("doctor").out().contains("conditional writes are honoured"));
                try (ArchiveUnderTest archive = ArchiveUnderTest.over(url, node.scratch())) {
                    Path theirs = archive.litestreamRestore(Tools.LITESTREAM, "app.db", RIGHT);
                    assertArrayEquals(node.export("app.db", Txid.format(2)), ArchiveUnderTest.read(theirs));
                }
                serverGoesAway(node, server);
            }
            wrongCredentials();
        } finally {
            Programs.deleteAll(directory);
        }
    }

    /** Commits go on; status says how far the archive is behind, and the stop says what has not reached it. */
    private static void serverGoesAway(NodeUnderTest node, RealServer server) {
        server.close();
        node.sqlite("app.db", "INSERT INTO t VALUES(2)").orFail();
        await("a warning").atMost(LIMIT).untilAsserted(() -> {
            Output status = node.command("status");
            assertTrue(status.orFail().lines().findFirst().orElse("").startsWith("! "), status.out());
            assertTrue(status.out().contains("1 behind"), status.out());
        });
        assertTrue(node.get("/metrics").body().contains("ltxfs_archive_pending_transactions{database=\"app.db\"} 1.0"));
        node.guard().destroy();
        node.guard().destroy(); // at once: nobody waits for a server that is away
        Programs.endsWithin(node.guard().toHandle(), LIMIT);
        assertEquals(1, node.guard().exitValue(), node::log);
        assertTrue(node.log().contains("not all has reached it: app.db is 1 transaction"), node::log);
    }

    /** The archive may hold the databases that an empty data directory is to have: nothing is begun. */
    private static void wrongCredentials() throws Exception {
        Path directory = Files.createTempDirectory("ltxfs-it-s3");
        try (RealServer server = RealServer.versitygw(directory);
                NodeUnderTest node = NodeUnderTest.create("archive.url=\"" + server.url("p") + "\"")) {
            node.environment(Map.of("AWS_ACCESS_KEY_ID", "nobody", "AWS_SECRET_ACCESS_KEY", "wrong"));
            Process run = node.launch();
            Programs.endsWithin(run.toHandle(), LIMIT);
            assertEquals(1, run.exitValue(), node::log);
            assertTrue(node.log().contains("its databases may be in the archive"), node::log);
            assertFalse(node.isMounted());
            node.environment(RIGHT);
            node.start();
            node.sqlite("app.db", "CREATE TABLE t(x)").orFail();
            ArchiveUnderTest.awaitArchived(node, "app.db");
            assertEquals(0, node.stop(), node::log);
        } finally {
            Programs.deleteAll(directory);
        }
    }

    @Test
    void aStoreThatCannotBeUsedIsAWarning() throws Exception {
        Path full = Files.createTempDirectory("ltxfs-it-readonly");
        try (NodeUnderTest node = NodeUnderTest.create("archive.url=" + full, "stop-timeout=1s")) {
            Programs.run(LIMIT, "mount", "-t", "tmpfs", "-o", "ro", "ltxfs-test", full.toString())
                    .orFail();
            node.start();
            node.sqlite("app.db", "CREATE TABLE t(x)").orFail();
            await("a warning").atMost(LIMIT).untilAsserted(() -> {
                List<?> warnings = (List<?>) node.status().get("warnings");
                assertTrue(String.valueOf(warnings).contains(full.toString()), () -> String.valueOf(warnings));
            });
            Output doctor = node.command("doctor");
            assertEquals(1, doctor.exitCode(), doctor.out());
            assertTrue(doctor.out().contains("fail  archive"), doctor.out());
            assertEquals(1, node.stop(), node::log);
        } finally {
            Programs.run(LIMIT, "umount", full.toString());
            Files.delete(full);
        }
        try (NodeUnderTest node = NodeUnderTest.create("archive.url=s3://b/p?region=")) {
            Process run = node.launch();
            Programs.endsWithin(run.toHandle(), LIMIT);
            assertEquals(2, run.exitValue(), node::log);
        }
    }
}
