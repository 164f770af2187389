package io.ltxfs.integrationtests;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.integrationtests.NodeUnderTest.Pos;
import io.ltxfs.integrationtests.Programs.Output;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The mount as a file system: what people do to databases and to other files with ordinary programs. */
@RealMount
@Timeout(600)
final class FilesTest {
    private static final Duration ADOPTION = Duration.ofSeconds(60);
    private static @Nullable NodeUnderTest shared;

    @BeforeAll
    static void start() {
        shared = NodeUnderTest.started();
    }

    @AfterAll
    static void stop() {
        if (shared != null) {
            shared.close();
        }
    }

    private static NodeUnderTest node() {
        return Objects.requireNonNull(shared);
    }

    private static Path mounted(String name) {
        return node().mount().resolve(name);
    }

    /** A database on the plain disk. */
    private static Path plain(String name, int rows, int pageSize) {
        Path file = node().scratch().resolve(name);
        Programs.run(
                        Duration.ofSeconds(60),
                        "sqlite3",
                        file.toString(),
                        "PRAGMA page_size=" + pageSize,
                        "CREATE TABLE t(a)",
                        "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM c WHERE n<" + rows
                                + ") INSERT INTO t SELECT hex(randomblob(200)) FROM c")
                .orFail();
        return file;
    }

    private static String checksum(Path file) {
        Output output = NodeUnderTest.tool("ltx", "checksum", file.toString());
        return output.orFail().replaceAll("(?s).*?([0-9a-f]{16}).*", "$1");
    }

    private static void awaitChecksum(String name, String checksum) {
        await(name + " to have checksum " + checksum)
                .atMost(ADOPTION)
                .pollInterval(Duration.ofMillis(20))
                .ignoreExceptions()
                .until(() ->
                        String.format("%016x", node().position(name).checksum()).equals(checksum));
    }

    private static void program(String... command) {
        Programs.run(Duration.ofSeconds(60), command).orFail();
    }

    @Test
    void aDatabaseIsCopiedIntoTheMountAndOverAnother() throws IOException {
        Path first = plain("first.db", 500, 4096);
        program("cp", first.toString(), mounted("copied.db").toString());
        awaitChecksum("copied.db", checksum(first));
        assertEquals("500", node().sqlite("copied.db", "SELECT count(*) FROM t").orFail());
        assertEquals(
                "1000",
                node().sqlite("copied.db", "INSERT INTO t SELECT a FROM t", "SELECT count(*) FROM t")
                        .orFail());
        Pos before = node().position("copied.db");

        Path second = plain("second.db", 90, 1024);
        program("cp", second.toString(), mounted("copied.db").toString());
        awaitChecksum("copied.db", checksum(second));
        assertTrue(node().position("copied.db").txid() > before.txid());
        assertEquals("90", node().sqlite("copied.db", "SELECT count(*) FROM t").orFail());
        String txid = Long.toHexString(node().position("copied.db").txid());
        assertArrayEquals(Files.readAllBytes(second), node().export("copied.db", txid));
        assertEquals(
                before.checksum(),
                fileChecksum(node().export("copied.db", Long.toHexString(before.txid()))),
                "history");
    }

    private static long fileChecksum(byte[] image) throws IOException {
        Path file = node().scratch().resolve("image.db");
        Files.write(file, image);
        return Long.parseUnsignedLong(checksum(file), 16);
    }

    @Test
    void aDatabaseIsMovedAndRemoved() throws IOException {
        node().sqlite("old.db", "CREATE TABLE t(a)", "INSERT INTO t VALUES(1)").orFail();
        Pos old = node().position("old.db");
        Files.move(mounted("old.db"), mounted("new.db"));
        assertFalse(Files.exists(mounted("old.db")));
        assertEquals(old.checksum(), node().position("new.db").checksum());
        assertEquals(
                "1|2",
                node().sqlite("new.db", "INSERT INTO t VALUES(2)", "SELECT group_concat(a, '|') FROM t")
                        .orFail());
        assertEquals("new.db", node().status("new.db").get("name"));
        assertThrows(AssertionError.class, () -> node().status("old.db"));

        node().sqlite("target.db", "CREATE TABLE x(a)").orFail();
        Pos target = node().position("target.db");
        program("mv", "-f", mounted("new.db").toString(), mounted("target.db").toString());
        assertEquals(target.txid() + 1, node().position("target.db").txid());
        assertEquals(
                "1|2",
                node().sqlite("target.db", "SELECT group_concat(a, '|') FROM t").orFail());

        Files.delete(mounted("target.db"));
        assertThrows(AssertionError.class, () -> node().status("target.db"));
        node().sqlite("target.db", "CREATE TABLE again(a)").orFail();
        assertEquals("again", node().sqlite("target.db", ".tables").orFail());
        assertTrue(node().position("target.db").txid() > target.txid() + 1, "a dropped name's TXIDs go on");
    }

    @Test
    void directoriesPlainFilesAndLinksBehaveAsOnADisk() throws IOException {
        Path directory = Files.createDirectories(mounted("a/b/c"));
        Path file = directory.resolve("note.txt");
        Files.writeString(file, "text\n");
        Files.writeString(file, "more\n", java.nio.file.StandardOpenOption.APPEND);
        assertEquals("text\nmore\n", Files.readString(file));
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
        FileTime time = FileTime.fromMillis(1_000_000_000_000L);
        Files.setLastModifiedTime(file, time);
        assertEquals(time, Files.getLastModifiedTime(file));
        assertEquals("rw-r-----", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
        program("chown", "nobody:nogroup", file.toString());
        assertEquals("nobody", Files.getOwner(file).getName());
        Files.move(file, mounted("a/moved.txt"));
        program("truncate", "-s", "3", mounted("a/moved.txt").toString());
        assertEquals("tex", Files.readString(mounted("a/moved.txt")));

        node().sqlite("a/b/deep.db", "CREATE TABLE t(a)").orFail();
        assertEquals(1, node().position("a/b/deep.db").txid());
        Files.createSymbolicLink(mounted("a/link.db"), Path.of("b/deep.db"));
        node().sqlite("a/link.db", "INSERT INTO t VALUES(1)").orFail();
        assertEquals(2, node().position("a/b/deep.db").txid());
        FileSystemException refused = assertThrows(
                FileSystemException.class, () -> Files.createLink(mounted("a/hard.db"), mounted("a/b/deep.db")));
        assertTrue(String.valueOf(refused.getReason()).contains("not permitted"), () -> "" + refused);

        try (Stream<Path> entries = Files.list(mounted("a"))) {
            assertEquals(
                    List.of("b", "link.db", "moved.txt"),
                    entries.map(entry -> entry.getFileName().toString())
                            .sorted()
                            .toList());
        }
        assertThrows(java.nio.file.DirectoryNotEmptyException.class, () -> Files.delete(mounted("a/b")));
        Files.delete(directory);
        assertFalse(Files.exists(directory));
    }

    @Test
    void virtualFilesAreThereButNotListed() throws IOException {
        node().sqlite("virtual.db", "CREATE TABLE t(a)").orFail();
        assertTrue(Files.readString(mounted("virtual.db-pos")).matches("[0-9a-f]{16}/[0-9a-f]{16}\\s*"));
        assertFalse(Files.exists(mounted(".primary")), ".primary is absent on the primary");
        try (Stream<Path> entries = Files.list(node().mount())) {
            assertEquals(
                    List.of(),
                    entries.map(entry -> entry.getFileName().toString())
                            .filter(name -> name.endsWith("-pos") || name.startsWith("."))
                            .toList());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"WAL", "DELETE", "TRUNCATE"})
    void manyProcessesWriteAtOnce(String mode) throws IOException, InterruptedException {
        String name = "many-" + mode + ".db";
        node().sqlite(name, "PRAGMA journal_mode=" + mode, "CREATE TABLE c(n)", "INSERT INTO c VALUES(0)")
                .orFail();
        long before = node().position(name).txid();
        int processes = 6;
        int commits = 25;
        List<Process> running = new ArrayList<>();
        for (int i = 0; i < processes; i++) {
            running.add(new ProcessBuilder(
                            "python3",
                            Programs.pythonProgram("counter.py").toString(),
                            mounted(name).toString(),
                            mode,
                            Integer.toString(commits))
                    .inheritIO()
                    .start());
        }
        for (Process process : running) {
            Programs.endsWithin(process.toHandle(), Duration.ofSeconds(60));
            assertEquals(0, process.waitFor());
        }
        assertEquals(
                Integer.toString(processes * commits),
                node().sqlite(name, "SELECT n FROM c").orFail());
        assertEquals(before + (long) processes * commits, node().position(name).txid());
    }

    @Test
    void temporaryFilesBelongToNobody() {
        Output output = Programs.run(
                Duration.ofSeconds(60),
                Map.of("SQLITE_TMPDIR", node().mount().toString()),
                List.of(
                        "sqlite3",
                        mounted("sort.db").toString(),
                        "PRAGMA temp_store=FILE",
                        "PRAGMA cache_size=10",
                        "CREATE TABLE t(a)",
                        "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM c WHERE n<20000)"
                                + " INSERT INTO t SELECT hex(randomblob(50)) FROM c",
                        "CREATE TEMP TABLE s AS SELECT a FROM t ORDER BY a",
                        "SELECT count(*) FROM s"));
        assertEquals("20000", output.orFail().lines().reduce((a, b) -> b).orElse(""));
        assertEquals(2, node().position("sort.db").txid());
    }

    @Test
    void theCommandLineImportsLogsAndExports() throws IOException {
        Path file = plain("import.db", 50, 4096);
        node().command("import", file.toString(), "imported.db").orFail();
        assertEquals(
                "50", node().sqlite("imported.db", "SELECT count(*) FROM t").orFail());
        node().sqlite("imported.db", "DELETE FROM t").orFail();
        Pos now = node().position("imported.db");
        assertEquals(2, now.txid());

        Object log = NodeUnderTest.parseJson(
                node().command("log", "imported.db", "--json").orFail());
        assertTrue(
                log.toString().contains(String.format("%016x", now.checksum())),
                () -> "the log's last checksum: " + log);
        Path target = node().scratch().resolve("exported.db");
        node().command("export", "imported.db", "--txid", "1", "-o", target.toString())
                .orFail();
        assertTrue(
                log.toString().contains(checksum(target)),
                () -> "the log has the checksum of what is exported: " + log);
        assertEquals(
                "50",
                Programs.run(Duration.ofSeconds(60), "sqlite3", target.toString(), "SELECT count(*) FROM t")
                        .orFail());
        assertNotEquals(
                0,
                node().command("export", "imported.db", "-o", target.toString()).exitCode(),
                "nothing is overwritten without --force");
        assertEquals(
                4,
                node().command("export", "imported.db", "--txid", "77", "-o", target + "2")
                        .exitCode());
        assertEquals(4, node().command("export", "none.db", "-o", target + "2").exitCode());
    }

    /** Plain files, databases and their positions are the same after a restart. */
    @Test
    void everythingIsThereAfterARestart() throws IOException {
        try (NodeUnderTest node = NodeUnderTest.started()) {
            Files.createDirectories(node.mount().resolve("d"));
            Files.writeString(node.mount().resolve("d/plain.txt"), "kept");
            node.sqlite("d/x.db", "PRAGMA journal_mode=WAL", "CREATE TABLE t(a)", "INSERT INTO t VALUES(42)")
                    .orFail();
            program("chown", "nobody", node.mount().resolve("d/x.db").toString());
            Pos before = node.position("d/x.db");
            assertEquals(0, node.stop(), node::log);
            assertFalse(node.isMounted());
            node.start();
            assertEquals("kept", Files.readString(node.mount().resolve("d/plain.txt")));
            assertEquals(before, node.position("d/x.db"));
            assertEquals("42", node.sqlite("d/x.db", "SELECT a FROM t").orFail());
            assertEquals(
                    "nobody", Files.getOwner(node.mount().resolve("d/x.db")).getName());
        }
    }

    /** The page that SQLite never uses: databases past 1 GiB, and 256 MiB of heap for one transaction of that size. */
    @Tag("long")
    @Test
    @Timeout(1200)
    void aDatabaseGrowsPastTheLockPageInOneTransaction() {
        String name = "big.db";
        Programs.run(
                        Duration.ofMinutes(10),
                        "sqlite3",
                        mounted(name).toString(),
                        "PRAGMA page_size=4096",
                        "CREATE TABLE t(a)",
                        "BEGIN",
                        "INSERT INTO t VALUES(randomblob(600000000))",
                        "INSERT INTO t VALUES(randomblob(600000000))",
                        "COMMIT",
                        "INSERT INTO t VALUES('after')")
                .orFail();
        assertEquals(3, node().position(name).txid());
        Path target = node().scratch().resolve("big-export.db");
        Programs.run(
                        Duration.ofMinutes(5),
                        NodeUnderTest.launcher(),
                        "export",
                        name,
                        "-o",
                        target.toString(),
                        "--data",
                        node().data().toString())
                .orFail();
        assertEquals(
                checksum(target), String.format("%016x", node().position(name).checksum()));
        program("cmp", target.toString(), mounted(name).toString());
    }
}
