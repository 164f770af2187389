package io.ltxfs.archive.restore;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.archive.Archive;
import io.ltxfs.archive.ArchiveLayout;
import io.ltxfs.archive.DatabaseArchive;
import io.ltxfs.archive.LtxObject;
import io.ltxfs.archive.plan.RestoreTarget;
import io.ltxfs.ltx.Txid;
import io.ltxfs.objectstore.directory.DirectoryStore;
import io.ltxfs.objectstore.tools.Tools;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the real Litestream wrote comes out as from the real {@code litestream restore}, byte for byte. */
final class LitestreamRestoreTest {
    @TempDir
    Path dir;

    @ParameterizedTest
    @CsvSource({"LITESTREAM, 4096", "LITESTREAM, 65536", "LITESTREAM_0_5_5, 1024"})
    void restoresTheSame(Tools tool, int pageSize) throws Exception {
        write(tool.path(), pageSize);
        Path litestream = Tools.LITESTREAM.path();
        int compared = 0;
        try (Archive archive = new Archive(new DirectoryStore(dir.resolve("archive")), ArchiveLayout.FILES);
                Restorer restorer = new Restorer(archive)) {
            DatabaseArchive db = archive.database("app.db");
            TreeSet<Long> ends = new TreeSet<>();
            for (int level = 0; level <= ArchiveLayout.SNAPSHOT_LEVEL; level++) {
                db.list(level, 0).stream().map(LtxObject::maxTxid).forEach(ends::add);
            }
            List<Long> some = new ArrayList<>(ends);
            while (some.size() > 12) {
                some.remove(new Random(pageSize).nextInt(some.size() - 1));
            }
            for (long txid : some) {
                Path theirs = dir.resolve("theirs-" + txid);
                if (!litestream(litestream, theirs, txid)) {
                    continue;
                }
                Path ours = dir.resolve("ours-" + txid);
                RestoreResult result =
                        restorer.restore(db, new RestoreTarget.AtTxid(txid), false, ours, false, RestoreListener.NONE);
                assertArrayEquals(Files.readAllBytes(theirs), Files.readAllBytes(ours), "TXID " + txid);
                assertFalse(result.checksumKnown());
                compared++;
            }
            Path end = dir.resolve("end");
            RestoreResult result =
                    restorer.restore(db, new RestoreTarget.End(), false, end, false, RestoreListener.NONE);
            assertEquals(ends.last(), result.txid());
            assertEquals(rows(dir.resolve("app.db")), rows(end));
        }
        assertTrue(compared >= 5, compared + " compared");
    }

    private static List<String> rows(Path database) throws SQLException {
        List<String> rows = new ArrayList<>();
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + database);
                Statement statement = connection.createStatement();
                var results = statement.executeQuery("select a, hex(b) from t order by a")) {
            while (results.next()) {
                rows.add(results.getString(1) + results.getString(2));
            }
        }
        return rows;
    }

    private boolean litestream(Path program, Path output, long txid) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(
                        program.toString(),
                        "restore",
                        "-o",
                        output.toString(),
                        "-txid",
                        Txid.format(txid),
                        "file://" + dir.resolve("archive/app.db"))
                .redirectErrorStream(true)
                .redirectOutput(dir.resolve("restore.log").toFile())
                .start();
        assertTrue(process.waitFor(1, TimeUnit.MINUTES), "litestream does not end");
        return process.exitValue() == 0;
    }

    /** A database that grows, shrinks and grows again while Litestream replicates and compacts. */
    private void write(Path litestream, int pageSize) throws Exception {
        Path database = dir.resolve("app.db");
        Path config = dir.resolve("litestream.yml");
        Files.writeString(
                config,
                String.join(
                        "\n",
                        "levels: [{interval: 1s},{interval: 3s}]",
                        "snapshot: {interval: 4s, retention: 1h}",
                        "dbs:",
                        "  - path: " + database,
                        "    monitor-interval: 100ms",
                        "    replica: {type: file, path: " + dir.resolve("archive/app.db") + ", sync-interval: 100ms}",
                        ""));
        Random random = new Random(pageSize);
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + database);
                Statement statement = connection.createStatement()) {
            statement.execute("pragma page_size=" + pageSize);
            statement.execute("pragma auto_vacuum=full");
            statement.execute("pragma journal_mode=wal");
            statement.execute("pragma busy_timeout=60000");
            statement.execute("create table t(a integer primary key, b)");
            Process process = new ProcessBuilder(litestream.toString(), "replicate", "-config", config.toString())
                    .redirectErrorStream(true)
                    .redirectOutput(dir.resolve("log").toFile())
                    .start();
            try {
                Awaitility.await()
                        .atMost(Duration.ofMinutes(4))
                        .pollInterval(Duration.ofMillis(60))
                        .until(() -> {
                            change(statement, random);
                            return count("1") >= 4 && count("2") >= 1 && count("9") >= 1 && count("0") > 20;
                        });
            } finally {
                process.destroy();
                assertTrue(process.waitFor(1, TimeUnit.MINUTES), "litestream does not end");
            }
        }
    }

    private static void change(Statement statement, Random random) throws SQLException {
        switch (random.nextInt(6)) {
            case 0 -> statement.execute("delete from t where a % 3 = 0");
            case 1 -> statement.execute("update t set b = zeroblob(3000) where a % 5 = 0");
            default ->
                statement.execute("with recursive c(i) as (values(1) union all select i + 1 from c where i < 20)"
                        + " insert into t(b) select randomblob(900 + i) from c");
        }
    }

    private int count(String level) throws IOException {
        Path path = dir.resolve("archive/app.db/ltx").resolve(level);
        if (!Files.exists(path)) {
            return 0;
        }
        try (var files = Files.list(path)) {
            return (int) files.filter(file -> file.toString().endsWith(".ltx")).count();
        }
    }
}
