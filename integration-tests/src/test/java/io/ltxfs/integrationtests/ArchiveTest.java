package io.ltxfs.integrationtests;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.archive.plan.RestoreTarget;
import io.ltxfs.integrationtests.ArchiveUnderTest.Restored;
import io.ltxfs.integrationtests.ArchiveUnderTest.Transaction;
import io.ltxfs.integrationtests.Programs.Output;
import io.ltxfs.ltx.Txid;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The archive of a node that nothing happens to: it is on by default, and every transaction and moment comes back. */
@RealMount
@Timeout(600)
final class ArchiveTest {
    /** Names that a store, a URL or a path could stumble over. */
    private static final List<String> NAMES =
            List.of("app.db", "tenants/grün 100%.db", "a%20b c/ltx/0000.db", "日本語/ünï+?#&.db");

    @Test
    void everyTransactionAndMomentComesBackExactly() throws Exception {
        try (NodeUnderTest node = NodeUnderTest.started();
                ArchiveUnderTest archive = ArchiveUnderTest.of(node)) {
            for (String name : NAMES) {
                Files.createDirectories(node.mount().resolve(name).getParent());
                node.sqlite(
                                name,
                                "PRAGMA journal_mode=" + (name.equals("app.db") ? "WAL" : "DELETE"),
                                "CREATE TABLE t(x)")
                        .orFail();
                List<String> inserts = new ArrayList<>();
                for (int i = 0; i < 10; i++) {
                    inserts.add("INSERT INTO t VALUES(randomblob(" + 1000 * i + "))");
                }
                node.sqlite(name, inserts.toArray(String[]::new)).orFail();
            }
            Path app = node.mount().resolve("app.db");
            Files.setAttribute(app, "unix:mode", 0640);
            Files.setAttribute(app, "unix:uid", 65534);
            Files.setAttribute(app, "unix:gid", 65533);
            node.sqlite("app.db", "INSERT INTO t VALUES('the last one')").orFail();
            for (String name : NAMES) {
                ArchiveUnderTest.awaitArchived(node, name);
                List<Transaction> all = ArchiveUnderTest.transactions(node, name);
                for (Transaction transaction : all) {
                    archive.check(node, name, transaction.txid());
                }
                checkMoments(archive, name, all);
                archive.verify(name);
            }
            Path out = node.scratch().resolve("out.db");
            node.command("restore", "app.db", "-o", out.toString()).orFail();
            assertArrayEquals(
                    node.export("app.db", Txid.format(node.position("app.db").txid())), ArchiveUnderTest.read(out));
            assertEquals(65534, Files.getAttribute(out, "unix:uid"));
            assertEquals(65533, Files.getAttribute(out, "unix:gid"));
            assertEquals(0640, (Integer) Files.getAttribute(out, "unix:mode") & 07777);
            Output listed = node.command("archive", "list", "--json");
            Map<?, ?> document = (Map<?, ?>) NodeUnderTest.parseJson(listed.orFail());
            assertEquals(
                    NAMES.stream().sorted().toList(),
                    ((List<?>) document.get("databases"))
                            .stream()
                                    .map(each -> ((Map<?, ?>) each).get("name"))
                                    .toList());
            node.command("archive", "verify").orFail();
            assertEquals(0, node.stop(), node::log);
        }
    }

    /** The moment of a transaction gives that one, or the last of the same millisecond; just before gives the one before. */
    private static void checkMoments(ArchiveUnderTest archive, String name, List<Transaction> all) throws Exception {
        for (int i = 0; i < all.size(); i++) {
            int last = i;
            while (last + 1 < all.size()
                    && all.get(last + 1).time().equals(all.get(i).time())) {
                last++;
            }
            Restored at =
                    archive.restore(name, new RestoreTarget.AtTime(all.get(i).time()));
            assertEquals(all.get(last).txid(), at.result().txid(), () -> name + " " + all);
            assertEquals(
                    all.get(last).checksum(), String.format("%016x", at.result().checksum()));
            if (i > 0 && all.get(i - 1).time().isBefore(all.get(i).time())) {
                Restored before = archive.restore(
                        name, new RestoreTarget.AtTime(all.get(i).time().minusMillis(1)));
                assertEquals(all.get(i - 1).txid(), before.result().txid(), () -> name + " " + all);
            }
        }
    }

    @Test
    void anEmptyDataDirectoryIsFilledFromTheArchiveAndGoesOn() throws Exception {
        try (NodeUnderTest first = NodeUnderTest.started()) {
            first.sqlite("app.db", "CREATE TABLE t(x)", "INSERT INTO t VALUES(1)", "INSERT INTO t VALUES(2)")
                    .orFail();
            Files.createDirectories(first.mount().resolve("sub"));
            first.sqlite("sub/other.db", "PRAGMA journal_mode=WAL", "CREATE TABLE o(x)")
                    .orFail();
            first.sqlite("gone.db", "CREATE TABLE g(x)", "INSERT INTO g VALUES(1)")
                    .orFail();
            Files.delete(first.mount().resolve("gone.db"));
            long gone = ArchiveUnderTest.transactions(first, "gone.db").stream()
                    .mapToLong(Transaction::txid)
                    .max()
                    .orElseThrow();
            assertEquals(0, first.stop(), first::log);
            Path archive = first.scratch().resolve("copy");
            Programs.run(java.time.Duration.ofSeconds(60), "cp", "-r", first.data() + "/archive", archive.toString())
                    .orFail();
            try (NodeUnderTest second = NodeUnderTest.started("archive.url=" + archive);
                    ArchiveUnderTest copy = ArchiveUnderTest.at(archive.toString(), second.scratch())) {
                assertEquals("1\n2", second.sqlite("app.db", "SELECT x FROM t").orFail());
                assertEquals(
                        "wal",
                        second.sqlite("sub/other.db", "PRAGMA journal_mode").orFail());
                assertEquals(3, second.position("app.db").txid());
                assertFalse(Files.exists(second.mount().resolve("gone.db")));
                second.sqlite("app.db", "INSERT INTO t VALUES(3)").orFail();
                second.sqlite("gone.db", "CREATE TABLE again(x)").orFail();
                assertEquals(4, second.position("app.db").txid());
                assertEquals(gone + 1, second.position("gone.db").txid());
                ArchiveUnderTest.awaitArchived(second, "app.db");
                ArchiveUnderTest.awaitArchived(second, "gone.db");
                copy.check(second, "app.db", 4);
                copy.verify("app.db");
                copy.verify("gone.db");
                rewind(second);
                assertEquals(0, second.stop(), second::log);
            }
        }
    }

    /** To a transaction that only the archive has, and back by the log. */
    private static void rewind(NodeUnderTest node) {
        Output back = node.command("rewind", "app.db", "--txid", "2", "--json");
        Map<?, ?> said = (Map<?, ?>) NodeUnderTest.parseJson(back.orFail());
        assertEquals("archive", said.get("source"));
        assertEquals(Txid.format(5), said.get("txid"));
        assertEquals("1", node.sqlite("app.db", "SELECT x FROM t").orFail());
        assertEquals(5, node.position("app.db").txid());
        Output forth = node.command("rewind", "app.db", "--txid", "4");
        assertTrue(forth.orFail().contains("that is transaction " + Txid.format(6)), forth.out());
        assertEquals("1\n2\n3", node.sqlite("app.db", "SELECT x FROM t").orFail());
        Output missing = node.command("rewind", "app.db", "--txid", "77");
        assertEquals(4, missing.exitCode(), missing.err());
        assertTrue(missing.err().contains("neither the transaction log nor the archive"), missing.err());
        assertEquals(
                4,
                node.command("rewind", "app.db", "--timestamp", "2001-01-01T00:00:00Z")
                        .exitCode());
        assertEquals(
                2,
                node.command("rewind", "app.db", "--timestamp", "2026-01-01T00:00:00")
                        .exitCode());
        Output export = node.command("export", "app.db", "--txid", "1", "-o", node.scratch() + "/one.db");
        assertEquals(0, export.exitCode(), export.err());
    }

    @Test
    void aDamagedObjectIsNamedAndNothingIsStartedFromIt() throws Exception {
        try (NodeUnderTest first = NodeUnderTest.started()) {
            first.sqlite("app.db", "BEGIN; CREATE TABLE u AS SELECT randomblob(50000); CREATE TABLE t(x); COMMIT")
                    .orFail();
            ArchiveUnderTest.awaitArchived(first, "app.db");
            first.sqlite("app.db", "INSERT INTO t VALUES(1)", "INSERT INTO t VALUES(2)")
                    .orFail();
            assertEquals(0, first.stop(), first::log);
            Path archive = first.data().resolve("archive");
            String name = "0000000000000001-0000000000000001.ltx"; // all is built on it, and level 1 has it too
            for (int level = 0; level < 2; level++) {
                flip(archive.resolve("app.db/ltx/" + level).resolve(name));
            }
            Output verify = first.command("archive", "verify", "--archive", archive.toString());
            assertEquals(3, verify.exitCode(), verify.out() + verify.err());
            assertTrue(verify.out().contains("app.db/ltx/0/" + name), verify.out());
            assertTrue(verify.out().contains("app.db/ltx/1/" + name), verify.out());
            assertTrue(verify.out().contains("restorable  nothing"), verify.out());
            try (NodeUnderTest second = NodeUnderTest.create("archive.url=" + archive)) {
                Process run = second.launch();
                Programs.endsWithin(run.toHandle(), java.time.Duration.ofSeconds(60));
                assertEquals(1, run.exitValue(), second::log);
                assertTrue(second.log().contains("app.db: "), second::log);
                assertFalse(second.isMounted());
                flip(archive.resolve("app.db/ltx/0").resolve(name));
                flip(archive.resolve("app.db/ltx/1").resolve(name));
                second.start();
                assertEquals("1\n2", second.sqlite("app.db", "SELECT x FROM t").orFail());
            }
        }
    }

    private static void flip(Path file) throws java.io.IOException {
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length / 2] ^= 4;
        Files.write(file, bytes);
    }
}
