package io.ltxfs.integrationtests;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.integrationtests.NodeUnderTest.Pos;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Files beside a database that come before it or stay after it, on a real mount, with the real SQLite. */
@RealMount
@Timeout(600)
final class SideFilesOnAMountTest {
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

    private static Path scratch(String name) {
        return node().scratch().resolve(name);
    }

    private static void program(String... command) {
        Programs.run(Duration.ofSeconds(60), command).orFail();
    }

    private static void copy(String from, String to) {
        program("cp", scratch(from).toString(), mounted(to).toString());
    }

    private static void awaitTransaction(String name) {
        await(name + " to be captured")
                .atMost(Duration.ofSeconds(60))
                .pollInterval(Duration.ofMillis(20))
                .ignoreExceptions()
                .until(() -> node().position(name).txid() > 0);
    }

    private static String sum(String name) {
        return node().sqlite(name, "SELECT count(*), sum(length(a)), max(a) FROM t", "PRAGMA integrity_check")
                .orFail();
    }

    /** A database on the plain disk, with a WAL that holds commits. */
    private static void backupInWalMode(String name) {
        Path file = scratch("made-" + name);
        program(
                "sqlite3",
                file.toString(),
                "PRAGMA journal_mode=WAL",
                "PRAGMA wal_autocheckpoint=0",
                "CREATE TABLE t(a)",
                "PRAGMA wal_checkpoint(TRUNCATE)",
                "INSERT INTO t VALUES('one')",
                "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM c WHERE n<2000) INSERT INTO t"
                        + " SELECT hex(randomblob(200)) FROM c",
                ".system cp " + file + " " + scratch(name),
                ".system cp " + file + "-wal " + scratch(name + "-wal"));
    }

    /** As a crash in the middle of a transaction leaves it. */
    private static void backupWithHotJournal(String name) {
        Path file = scratch("made-" + name);
        program(
                "sqlite3",
                file.toString(),
                "CREATE TABLE t(a)",
                "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM c WHERE n<2000) INSERT INTO t"
                        + " SELECT hex(randomblob(200)) FROM c",
                "PRAGMA cache_size=5",
                "BEGIN",
                "UPDATE t SET a=a||'x'",
                ".system cp " + file + " " + scratch(name),
                ".system cp " + file + "-journal " + scratch(name + "-journal"));
    }

    @Test
    void aWalIsCapturedWhicheverComesFirst() throws IOException {
        backupInWalMode("w");
        copy("w", "after.db");
        awaitTransaction("after.db");
        copy("w-wal", "after.db-wal");
        copy("w-wal", "before.db-wal");
        copy("w", "before.db");
        awaitTransaction("before.db");
        program("mv", mounted("before.db-wal").toString(), mounted("tmp").toString());
        program("mv", mounted("tmp").toString(), mounted("before.db-wal").toString());
        for (String name : new String[] {"after.db", "before.db"}) {
            Path position = mounted(name + "-pos");
            String inside = node().sqlite(
                            name,
                            "SELECT count(*) FROM t",
                            ".system cat " + position,
                            "INSERT INTO t VALUES('two')",
                            ".system cat " + position)
                    .orFail();
            String[] lines = inside.split("\n");
            // What the shell's commands say comes first: sqlite3 keeps its own until the end.
            assertEquals("2001", lines[2], name);
            assertEquals(txid(lines[0]) + 1, txid(lines[1]), name + " is captured while it is open: " + inside);
        }
        assertEquals(sum("after.db"), sum("before.db"));
        Pos after = node().position("after.db");
        assertEquals(after, node().position("before.db"));
        assertFalse(Files.exists(mounted("before.db-wal")), "the last connection takes it along");
    }

    private static long txid(String position) {
        return Long.parseUnsignedLong(position.substring(0, 16), 16);
    }

    @Test
    void aHotJournalIsRolledBackWhicheverComesFirst() throws IOException {
        backupWithHotJournal("j");
        assertTrue(Files.size(scratch("j-journal")) > 10_000, "it is hot");
        copy("j", "later.db");
        awaitTransaction("later.db");
        copy("j-journal", "later.db-journal");
        copy("j-journal", "earlier.db-journal");
        copy("j", "earlier.db");
        awaitTransaction("earlier.db");
        for (String name : new String[] {"later.db", "earlier.db"}) {
            assertEquals(
                    "2000|800000|ok",
                    node().sqlite(name, "SELECT count(*), sum(length(a)) FROM t")
                                    .orFail() + "|"
                            + node().sqlite(name, "PRAGMA integrity_check").orFail(),
                    name);
            assertFalse(Files.exists(mounted(name + "-journal")));
        }
        assertEquals(node().position("later.db"), node().position("earlier.db"));
    }

    @Test
    void whatOutlivesADatabaseIsThereUntilSqliteRemovesIt() throws IOException {
        for (int i = 0; i < 5; i++) {
            backupLeft();
            assertEquals(
                    "3",
                    node().sqlite(
                                    "app.db",
                                    "PRAGMA journal_mode=WAL",
                                    "CREATE TABLE t(a)",
                                    "INSERT INTO t VALUES(3)",
                                    "SELECT a FROM t")
                            .orFail()
                            .replace("wal\n", ""));
        }
        backupLeft();
        assertTrue(Files.size(mounted("app.db-wal")) > 1000);
        program("cp", mounted("app.db-wal").toString(), scratch("saved").toString());
        program("mv", mounted("app.db-wal").toString(), mounted("kept").toString());
        assertEquals(-1, Files.mismatch(scratch("saved"), mounted("kept")));
        Files.delete(mounted("kept"));
    }

    /** Removes the database of an application that is killed. */
    private static void backupLeft() throws IOException {
        Files.deleteIfExists(mounted("app.db"));
        node().sqlite(
                        "app.db",
                        "PRAGMA journal_mode=WAL",
                        "CREATE TABLE t(a)",
                        "INSERT INTO t VALUES(1)",
                        ".system rm " + mounted("app.db"),
                        ".system kill -9 $PPID");
        assertTrue(Files.exists(mounted("app.db-wal")));
        assertTrue(Files.exists(mounted("app.db-shm")));
    }
}
