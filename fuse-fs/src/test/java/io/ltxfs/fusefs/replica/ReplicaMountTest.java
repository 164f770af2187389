package io.ltxfs.fusefs.replica;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.fusefs.Mounting;
import io.ltxfs.fusefs.SqliteShell;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A replica's mount with real SQLite processes on it. */
@Timeout(600)
class ReplicaMountTest {
    /** Long enough to take the locks of those databases that nobody sits on. */
    private static final Duration SHORT = Duration.ofSeconds(2);

    @TempDir
    Path directory;

    private TwoMounts mounts;

    @BeforeEach
    void start() throws Exception {
        Mounting.assumePossible();
        mounts = new TwoMounts(directory);
    }

    @AfterEach
    void stop() throws Exception {
        if (mounts != null) {
            mounts.close();
        }
    }

    @Test
    void transactionsAppearInBothJournalModes() throws Exception {
        for (String mode : List.of("wal", "delete")) {
            String name = "d/" + mode + ".db";
            Files.createDirectories(mounts.primaryAt.resolve("d"));
            try (SqliteShell primary = mounts.onPrimary(name)) {
                primary.ask("pragma journal_mode = " + mode);
                primary.ask("create table t(x)");
                mounts.caughtUp();
                try (SqliteShell replica = mounts.onReplica(name)) {
                    // What is applied can be read a moment before EXCLUSIVE is given back.
                    replica.ask("pragma busy_timeout = 60000");
                    for (int i = 1; i <= 20; i++) {
                        primary.ask("insert into t values (" + i + ")");
                        mounts.caughtUp();
                        assertEquals(List.of("" + i), replica.ask("select count(*) from t"), mode);
                    }
                    replica.ask("pragma busy_timeout = 0");
                    assertEquals(
                            List.of("database is locked"),
                            replica.ask("insert into t values (0)").stream()
                                    .map(line -> line.replaceAll(".*(database is locked).*", "$1"))
                                    .toList());
                }
            }
            mounts.assertSame(name);
        }
    }

    private static boolean isLocked(List<String> answer) {
        return answer.size() == 1 && answer.get(0).contains("database is locked");
    }

    @Test
    void promotionLetsTheSameConnectionWriteAndDemotionTakesItBack() throws Exception {
        for (String mode : List.of("wal", "delete", "persist")) {
            String name = mode + ".db";
            try (SqliteShell primary = mounts.onPrimary(name)) {
                primary.ask("pragma journal_mode = " + mode);
                primary.ask("create table t(x)");
                primary.ask("insert into t values (1)");
            }
            mounts.caughtUp();
        }
        mounts.stopCarrying();
        for (String mode : List.of("wal", "delete", "persist")) {
            try (SqliteShell replica = mounts.onReplica(mode + ".db")) {
                replica.ask("pragma journal_mode = " + mode);
                assertTrue(isLocked(replica.ask("insert into t values (2)")), mode);
                mounts.replica.replica().lead().get(60, TimeUnit.SECONDS);
                mounts.isReplica = false;
                assertEquals(List.of(), replica.ask("insert into t values (2)"), mode);
                mounts.isReplica = true;
                mounts.replica.replica().follow(Duration.ofSeconds(5), false).get(60, TimeUnit.SECONDS);
                assertTrue(isLocked(replica.ask("insert into t values (3)")), mode);
                assertEquals(List.of("2"), replica.ask("select count(*) from t"), mode);
            }
        }
    }

    @Test
    void anApplicationThatSitsInATransactionIsNamedAndAtTheBoundLosesItsFile() throws Exception {
        for (String mode : List.of("wal", "delete")) {
            try (SqliteShell primary = mounts.onPrimary(mode + ".db")) {
                primary.ask("pragma journal_mode = " + mode);
                primary.ask("create table t(x)");
            }
            mounts.caughtUp();
        }
        for (String mode : List.of("wal", "delete")) {
            mounts.replica.replica().lead().get(60, TimeUnit.SECONDS);
            mounts.isReplica = false;
            try (SqliteShell held = mounts.onReplica(mode + ".db")) {
                held.ask("begin immediate");
                held.ask("insert into t values ('never')");
                mounts.isReplica = true;
                ExecutionException late = assertThrows(
                        ExecutionException.class,
                        () -> mounts.replica.replica().follow(SHORT, false).get(60, TimeUnit.SECONDS));
                assertTrue(late.getCause() instanceof TimeoutException, late.toString());
                List<ReplicaMount.Waiting> waiting = mounts.replica.replica().waiting();
                assertEquals(1, waiting.size(), waiting.toString());
                assertEquals(mode + ".db", waiting.get(0).database());
                assertEquals(held.pid(), waiting.get(0).pid());
                mounts.replica.replica().follow(SHORT, true).get(60, TimeUnit.SECONDS);
                assertEquals(List.of(), mounts.replica.replica().waiting());
                try (SqliteShell primary = mounts.onPrimary(mode + ".db");
                        SqliteShell other = mounts.onReplica(mode + ".db")) {
                    primary.ask("insert into t values ('new')");
                    mounts.caughtUp();
                    assertEquals(List.of("new"), other.ask("select x from t"), mode);
                    List<String> commit = held.ask("commit");
                    assertEquals(1, commit.size(), commit.toString());
                    assertEquals(List.of("new"), other.ask("select x from t"), mode);
                    assertEquals(List.of("ok"), other.ask("pragma integrity_check"), mode);
                }
            }
            mounts.assertSame(mode + ".db");
        }
    }

    @Test
    void aCommitThatWaitsBehindAnotherNodesRoleIsGivenUp() throws Exception {
        try (SqliteShell primary = mounts.onPrimary("app.db")) {
            primary.ask("create table t(x)");
            mounts.caughtUp();
            mounts.replica.replica().lead().get(60, TimeUnit.SECONDS);
            mounts.isReplica = false;
            try (SqliteShell open = mounts.onReplica("app.db")) {
                open.ask("begin immediate");
                open.ask("insert into t values ('never')");
                mounts.isReplica = true;
                CompletableFuture<Void> held = mounts.replica.replica().follow(Duration.ofSeconds(20), false);
                String answer = open.ask("commit").get(0);
                assertTrue(answer.contains("disk I/O error"), answer);
                held.get(60, TimeUnit.SECONDS);
                assertTrue(isLocked(open.ask("insert into t values ('never')")));
                assertEquals(List.of("0"), open.ask("select count(*) from t"));
            }
        }
    }

    @Test
    void aDeadWritersJournalIsTakenBack() throws Exception {
        try (SqliteShell primary = mounts.onPrimary("app.db")) {
            primary.ask("create table t(x)");
            primary.ask("insert into t select randomblob(3000) from generate_series(1, 100)");
            mounts.caughtUp();
            mounts.replica.replica().lead().get(60, TimeUnit.SECONDS);
            mounts.isReplica = false;
            SqliteShell dying = mounts.onReplica("app.db");
            dying.ask("pragma cache_size = 5");
            dying.ask("begin immediate");
            dying.ask("update t set x = 'never'");
            dying.kill();
            mounts.isReplica = true;
            mounts.replica.replica().follow(Duration.ofSeconds(5), false).get(60, TimeUnit.SECONDS);
            try (SqliteShell reader = mounts.onReplica("app.db")) {
                assertEquals(List.of("0|100"), reader.ask("select sum(x = 'never'), count(*) from t"));
            }
            primary.ask("insert into t values (1)");
            mounts.caughtUp();
            mounts.assertSame("app.db");
        }
    }

    @Test
    void aReaderHoldsUpNoOtherDatabaseAndAWalNotEvenItsOwn() throws Exception {
        for (String mode : List.of("wal", "delete")) {
            try (SqliteShell primary = mounts.onPrimary(mode + ".db")) {
                primary.ask("pragma journal_mode = " + mode);
                primary.ask("create table t(x)");
            }
        }
        mounts.caughtUp();
        try (SqliteShell readsWal = mounts.onReplica("wal.db");
                SqliteShell readsDelete = mounts.onReplica("delete.db");
                SqliteShell seesWal = mounts.onReplica("wal.db");
                SqliteShell wal = mounts.onPrimary("wal.db");
                SqliteShell delete = mounts.onPrimary("delete.db");
                SqliteShell third = mounts.onPrimary("third.db")) {
            readsWal.ask("begin");
            assertEquals(List.of("0"), readsWal.ask("select count(*) from t"));
            readsDelete.ask("begin");
            assertEquals(List.of("0"), readsDelete.ask("select count(*) from t"));
            delete.ask("insert into t values (1)");
            for (int i = 1; i <= 1500; i++) {
                wal.ask("insert into t values (" + i + ")");
            }
            third.ask("create table t(x)");
            await().atMost(Duration.ofSeconds(60))
                    .until(() -> List.of("1500").equals(seesWal.ask("select count(*) from t")));
            await().atMost(Duration.ofSeconds(60)).until(() -> Files.exists(mounts.replicaAt.resolve("third.db")));
            await().atMost(Duration.ofSeconds(60))
                    .until(() -> mounts.replica.replica().waiting().size() == 1);
            ReplicaMount.Waiting waiting = mounts.replica.replica().waiting().get(0);
            assertEquals("delete.db", waiting.database());
            assertEquals(readsDelete.pid(), waiting.pid());
            assertEquals(List.of("0"), readsWal.ask("select count(*) from t"));
            assertEquals(List.of("0"), readsDelete.ask("select count(*) from t"));
            readsDelete.ask("commit");
            readsWal.ask("commit");
            mounts.caughtUp();
            assertEquals(List.of("1"), readsDelete.ask("select count(*) from t"));
            assertEquals(List.of("1500"), readsWal.ask("select count(*) from t"));
            // With the old reader gone the WAL is checkpointed, and begins anew.
            for (int i = 1; i <= 1500; i++) {
                wal.ask("insert into t values (" + i + ")");
            }
            mounts.caughtUp();
            await().atMost(Duration.ofSeconds(60)).until(() -> {
                wal.ask("insert into t values (0)");
                return Files.size(mounts.replicaAt.resolve("wal.db")) > 20_000;
            });
        }
        mounts.caughtUp();
        mounts.assertSame("wal.db");
        mounts.assertSame("delete.db");
    }

    @Test
    void modesAndPageSizesChange() throws Exception {
        try (SqliteShell primary = mounts.onPrimary("app.db")) {
            primary.ask("create table t(x)");
            primary.ask("insert into t select randomblob(500) from generate_series(1, 500)");
            for (String change : List.of(
                    "pragma journal_mode = wal",
                    "delete from t where rowid % 3 = 0",
                    "pragma journal_mode = delete",
                    "pragma page_size = 1024; vacuum",
                    "pragma journal_mode = wal",
                    "insert into t values (1)",
                    "vacuum",
                    "pragma journal_mode = truncate",
                    "pragma page_size = 65536; vacuum",
                    "delete from t",
                    "vacuum")) {
                primary.ask(change);
                mounts.caughtUp();
                mounts.assertSame("app.db");
            }
            assertArrayEquals(
                    Files.readAllBytes(mounts.primaryAt.resolve("app.db")),
                    Files.readAllBytes(mounts.replicaAt.resolve("app.db")));
        }
    }

    @Test
    void anIdleConnectionOfAWalGivesWayToAChangeOfModeAtTheBound() throws Exception {
        try (SqliteShell primary = mounts.onPrimary("app.db")) {
            primary.ask("pragma journal_mode = wal");
            primary.ask("create table t(x)");
            mounts.caughtUp();
            try (SqliteShell idle = mounts.onReplica("app.db")) {
                idle.ask("select * from t");
                primary.ask("pragma journal_mode = delete");
                primary.ask("insert into t values (1)");
                await().atMost(Duration.ofSeconds(60))
                        .until(() -> mounts.replica.replica().waiting().size() == 1);
                assertEquals(
                        idle.pid(), mounts.replica.replica().waiting().get(0).pid());
                mounts.caughtUp();
                List<String> said = idle.ask("select * from t");
                assertTrue(said.toString().contains("disk I/O error"), said.toString());
                mounts.assertSame("app.db");
            }
        }
    }

    @Test
    void localProgramsCannotChangeDatabasesAndPlainFilesStayTheirs() throws Exception {
        try (SqliteShell primary = mounts.onPrimary("app.db")) {
            primary.ask("create table t(x)");
            mounts.caughtUp();
        }
        Path at = mounts.replicaAt;
        String denied = "Permission denied";
        for (String command : List.of(
                "rm app.db",
                "mv app.db b.db",
                "echo > plain; mv plain app.db",
                "truncate -s 0 app.db",
                "chmod 600 app.db",
                "chown 1:1 app.db",
                "echo x >> app.db-journal")) {
            String said = mounts.run(at, "bash", "-c", command);
            assertTrue(said.contains(denied), command + ": " + said);
        }
        assertTrue(mounts.run(at, "bash", "-c", "dd if=/dev/zero of=app.db conv=notrunc bs=4096 count=1")
                .contains("Read-only file system"));
        assertTrue(mounts.run(at, "sqlite3", "new.db", "create table t(x)")
                .contains("attempt to write a readonly database"));
        assertEquals("text", mounts.run(at, "bash", "-c", "echo text > plain; mkdir d; mv plain d/p; cat d/p; rm d/p"));
        assertEquals("primary.example", mounts.run(at, "cat", ".primary"));
        mounts.assertSame("app.db");
    }

    @Test
    void aDatabaseTakesTheNameOfALocalFile() throws Exception {
        Path at = mounts.replicaAt;
        Files.writeString(at.resolve("empty.db"), "");
        Files.writeString(at.resolve("full.db"), "mine");
        Files.writeString(at.resolve("d"), "a file where a directory comes");
        Files.createDirectories(mounts.primaryAt.resolve("d"));
        for (String name : List.of("empty.db", "full.db", "d/x.db")) {
            try (SqliteShell primary = mounts.onPrimary(name)) {
                primary.ask("create table t(x)");
            }
        }
        mounts.caughtUp();
        for (String name : List.of("empty.db", "full.db", "d/x.db")) {
            mounts.assertSame(name);
        }
        assertEquals("mine", Files.readString(at.resolve("full.db.local-1")));
        assertEquals("a file where a directory comes", Files.readString(at.resolve("d.local-1")));
    }

    @Test
    void dropsOwnersAndPositionsFollow() throws Exception {
        try (SqliteShell primary = mounts.onPrimary("app.db")) {
            primary.ask("create table t(x)");
            mounts.caughtUp();
            mounts.run(mounts.primaryAt, "bash", "-c", "chown 1000:1000 app.db; chmod 640 app.db");
            primary.ask("insert into t values (1)");
            mounts.caughtUp();
        }
        assertEquals("1000:1000 640", mounts.run(mounts.replicaAt, "stat", "-c", "%u:%g %a", "app.db"));
        String position = Files.readString(mounts.primaryAt.resolve("app.db-pos"));
        assertEquals(position, Files.readString(mounts.replicaAt.resolve("app.db-pos")));
        try (SqliteShell reader = mounts.onReplica("app.db")) {
            reader.ask("begin");
            reader.ask("select * from t");
            Files.delete(mounts.primaryAt.resolve("app.db"));
            await().atMost(Duration.ofSeconds(60)).until(() -> !Files.exists(mounts.replicaAt.resolve("app.db")));
            assertEquals(List.of("1"), reader.ask("select x from t"));
        }
        try (SqliteShell primary = mounts.onPrimary("app.db")) {
            primary.ask("pragma journal_mode = wal");
            primary.ask("create table other(x)");
            mounts.caughtUp();
        }
        mounts.assertSame("app.db");
    }
}
