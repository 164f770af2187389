package io.ltxfs.fusefs.replica;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ltxfs.database.posix.Posix;
import io.ltxfs.fusefs.SqliteShell;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A replica's mount with real SQLite processes on it. */
@Timeout(180)
class ReplicaMountTest {
    @TempDir
    Path directory;

    private TwoMounts mounts;

    @BeforeEach
    void start() throws Exception {
        if (!"true".equals(System.getenv("CI"))) {
            assumeTrue(
                    Posix.geteuid() == 0 && Files.exists(Path.of("/dev/fuse")),
                    "skipped: mounting needs root and /dev/fuse");
        }
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
                    for (int i = 1; i <= 20; i++) {
                        primary.ask("insert into t values (" + i + ")");
                        mounts.caughtUp();
                        assertEquals(List.of("" + i), replica.ask("select count(*) from t"), mode);
                    }
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
}
