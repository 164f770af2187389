package io.ltxfs.fusefs.host;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.database.Database;
import io.ltxfs.database.DatabaseSet;
import io.ltxfs.database.DatabaseSetOptions;
import io.ltxfs.database.Host.WriteLock;
import io.ltxfs.database.disk.PosixDisk;
import io.ltxfs.fusefs.CommitWaiting;
import io.ltxfs.fusefs.FileAttributes;
import io.ltxfs.fusefs.Mounting;
import io.ltxfs.fusefs.SqliteShell;
import io.ltxfs.fusefs.kernel.KernelTransport;
import io.ltxfs.fusefs.own.OwnMountThreads;
import io.ltxfs.fusefs.transport.MountOptions;
import io.ltxfs.fusefs.transport.MountedFileSystem;
import io.ltxfs.fusefs.tree.Tree;
import io.ltxfs.fusefs.tree.TreeOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** SQLite's locks, asked for and taken through a real mount. */
@Timeout(300)
class LocalHostTest {
    @TempDir
    Path directory;

    private OwnMountThreads own;
    private LocalHost host;
    private DatabaseSet databases;
    private Tree tree;
    private MountedFileSystem mounted;
    private Path mountPoint;

    @BeforeEach
    void mount() throws Exception {
        Mounting.assumePossible();
        mountPoint = Files.createDirectories(directory.resolve("mount"));
        Path data = Files.createDirectories(directory.resolve("data"));
        own = OwnMountThreads.start(1, 100);
        host = new LocalHost(own, mountPoint, () -> 0, () -> 0L, CommitWaiting.NONE, FileAttributes.NONE);
        databases = DatabaseSet.open(new PosixDisk(data), DatabaseSetOptions.defaults(), host);
        tree = new Tree(new TreeOptions(
                databases,
                data.resolve(DatabaseSet.FILES),
                own::isOwn,
                host,
                Optional::empty,
                () -> 0L,
                () -> false,
                FileAttributes.NONE));
        mounted = new KernelTransport().mount(tree, MountOptions.strict(mountPoint));
        host.attach(tree);
    }

    @AfterEach
    void unmount() throws Exception {
        if (mounted == null) {
            return;
        }
        host.closeDescriptors();
        assertTrue(mounted.unmount(false), "nothing of ours keeps the mount busy");
        assertTrue(mounted.awaitEnd(Duration.ofSeconds(60)));
        host.close();
        tree.close();
        databases.close();
        own.close();
    }

    private Database database() {
        return databases.find("app.db").orElseThrow();
    }

    private WriteLock probe() throws Exception {
        CompletableFuture<WriteLock> answer = new CompletableFuture<>();
        host.probeWriteLock(database(), answer::complete);
        return answer.get(60, TimeUnit.SECONDS);
    }

    @ParameterizedTest
    @ValueSource(strings = {"delete", "wal"})
    void aWriterIsSeenAndAReaderIsNot(String mode) throws Exception {
        try (SqliteShell sqlite = new SqliteShell(mountPoint, "app.db")) {
            sqlite.ask("pragma journal_mode = " + mode + "; create table t(x)");
            assertEquals(WriteLock.FREE, probe());
            sqlite.ask("begin; select * from t");
            assertEquals(WriteLock.FREE, probe(), "a reader");
            sqlite.ask("commit; begin immediate");
            assertEquals(WriteLock.HELD, probe(), "a writer");
            sqlite.ask("commit");
            assertEquals(WriteLock.FREE, probe());
        }
        // What the node itself has open is not an application's.
        await().atMost(Duration.ofSeconds(60)).untilAsserted(() -> assertEquals(List.of(), tree.openFiles()));
    }

    @Test
    void noConnectionReadsOrWritesUnderTheExclusiveLock() throws Exception {
        try (SqliteShell sqlite = new SqliteShell(mountPoint, "app.db")) {
            sqlite.ask("create table t(x); insert into t values (1)");
            CountDownLatch release = new CountDownLatch(1);
            CompletableFuture<Boolean> taken = new CompletableFuture<>();
            CompletableFuture<Void> over = new CompletableFuture<>();
            host.withExclusiveLock(database(), locked -> {
                taken.complete(locked);
                try {
                    release.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
                over.complete(null);
            });
            assertTrue(taken.get(60, TimeUnit.SECONDS));
            assertTrue(sqlite.ask("select * from t").get(0).contains("locked"));
            assertTrue(sqlite.ask("insert into t values (2)").get(0).contains("locked"));
            release.countDown();
            over.get(60, TimeUnit.SECONDS);
            sqlite.ask(".timeout 60000\n");
            assertEquals(List.of("1"), sqlite.ask("select * from t"));
        }
    }

    @Test
    void twoLocksAreHeldTogether() throws Exception {
        try (SqliteShell sqlite = new SqliteShell(mountPoint, "app.db");
                SqliteShell second = new SqliteShell(mountPoint, "other.db")) {
            sqlite.ask("create table t(x)");
            second.ask("create table t(x)");
            Database other = databases.find("other.db").orElseThrow();
            CompletableFuture<Void> over = new CompletableFuture<>();
            List<String> said = new CopyOnWriteArrayList<>();
            host.withExclusiveLocks(
                    database(),
                    other,
                    held -> {
                        said.add("held " + held);
                        said.addAll(asked(sqlite, "select * from t"));
                        said.addAll(asked(second, "select * from t"));
                    },
                    () -> over.complete(null));
            over.get(20, TimeUnit.SECONDS);
            assertEquals(3, said.size(), said.toString());
            assertEquals("held true", said.get(0));
            assertTrue(said.get(1).contains("locked"), said.toString());
            assertTrue(said.get(2).contains("locked"), said.toString());

            second.ask("begin immediate");
            CompletableFuture<Boolean> both = new CompletableFuture<>();
            CompletableFuture<Void> end = new CompletableFuture<>();
            host.withExclusiveLocks(database(), other, both::complete, () -> end.complete(null));
            assertFalse(both.get(5, TimeUnit.SECONDS));
            end.get(5, TimeUnit.SECONDS);
            assertEquals(List.of(), sqlite.ask("insert into t values (1)"));
        }
    }

    @Test
    void aLockIsGivenBackThoughTooManyJobsWait() throws Exception {
        try (SqliteShell sqlite = new SqliteShell(mountPoint, "app.db")) {
            sqlite.ask("create table t(x)");
            CountDownLatch release = new CountDownLatch(1);
            CompletableFuture<Void> over = new CompletableFuture<>();
            host.withExclusiveLock(
                    database(),
                    held -> {
                        own.forKey("app.db").run(thread -> awaited(release));
                        for (int i = 0; i < 200; i++) {
                            own.forKey("app.db").run(thread -> true);
                        }
                    },
                    () -> over.complete(null));
            over.get(20, TimeUnit.SECONDS);
            release.countDown();
            sqlite.ask(".timeout 5000\n");
            assertEquals(List.of(), sqlite.ask("insert into t values (1)"));
        }
    }

    private static List<String> asked(SqliteShell sqlite, String sql) {
        try {
            return sqlite.ask(sql);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean awaited(CountDownLatch latch) throws IOException {
        try {
            return latch.await(30, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    /** An application that is answered afterwards, after a rename, goes on at once. */
    @Test
    void afterwardsTheLockIsGivenBack() throws Exception {
        try (SqliteShell sqlite = new SqliteShell(mountPoint, "app.db")) {
            sqlite.ask("create table t(x); insert into t values (1)");
            for (int i = 0; i < 100; i++) {
                CompletableFuture<Boolean> taken = new CompletableFuture<>();
                CompletableFuture<Boolean> over = new CompletableFuture<>();
                host.withExclusiveLock(database(), taken::complete, () -> over.complete(true));
                assertTrue(over.get(60, TimeUnit.SECONDS));
                assertEquals(List.of("1"), sqlite.ask("select * from t"));
                assertTrue(taken.get());
            }
        }
    }

    @Test
    void aReaderIsInTheWayOfTheExclusiveLock() throws Exception {
        try (SqliteShell sqlite = new SqliteShell(mountPoint, "app.db")) {
            sqlite.ask("create table t(x); insert into t values (1); begin; select * from t");
            CompletableFuture<Boolean> taken = new CompletableFuture<>();
            host.withExclusiveLock(database(), taken::complete);
            assertFalse(taken.get(60, TimeUnit.SECONDS));
        }
    }

    @Test
    void withoutAMountTheAnswerIsUnknown() throws Exception {
        try (SqliteShell sqlite = new SqliteShell(mountPoint, "app.db")) {
            sqlite.ask("create table t(x)");
            host.detach();
            assertEquals(WriteLock.UNKNOWN, probe());
            CompletableFuture<Boolean> taken = new CompletableFuture<>();
            host.withExclusiveLock(database(), taken::complete);
            assertFalse(taken.get(60, TimeUnit.SECONDS));
        }
    }
}
