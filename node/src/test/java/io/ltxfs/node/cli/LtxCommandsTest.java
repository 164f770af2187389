package io.ltxfs.node.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.ltx.LtxHeader;
import io.ltxfs.ltx.LtxWriter;
import io.ltxfs.ltx.PageChecksum;
import io.ltxfs.objectstore.json.Json;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class LtxCommandsTest {
    private static final int PAGE_SIZE = 1024;

    @TempDir
    Path dir;

    private String out = "";
    private String err = "";
    private Path database = Path.of("");
    private Path snapshot = Path.of("");
    private Path delta = Path.of("");

    /** A database, its snapshot, and a delta in which its last page is zeros. */
    @BeforeEach
    void makeFiles() throws Exception {
        database = dir.resolve("a.db");
        makeDatabase(database);
        snapshot = dir.resolve("0000000000000001-0000000000000001.ltx");
        assertEquals(0, run("encode", database.toString(), "-o", snapshot.toString()), err);
        delta = dir.resolve("0000000000000002-0000000000000002.ltx");
        byte[] bytes = Files.readAllBytes(database);
        int pages = bytes.length / PAGE_SIZE;
        long before = checksum(bytes);
        System.arraycopy(new byte[PAGE_SIZE], 0, bytes, (pages - 1) * PAGE_SIZE, PAGE_SIZE);
        try (OutputStream file = Files.newOutputStream(delta)) {
            LtxWriter writer = new LtxWriter(file, LtxHeader.delta(PAGE_SIZE, pages, 2, 2, 1_700_000_000_007L, before));
            writer.writePage(pages, bytes, (pages - 1) * PAGE_SIZE);
            writer.finish(checksum(bytes));
        }
    }

    private static void makeDatabase(Path file) throws SQLException {
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + file);
                Statement statement = connection.createStatement()) {
            statement.execute("pragma page_size=" + PAGE_SIZE);
            statement.execute("create table t(x)");
            statement.execute("insert into t values(1), (randomblob(5000))");
        }
    }

    private static long checksum(byte[] database) {
        long checksum = PageChecksum.EMPTY;
        for (int pgno = 1; pgno <= database.length / PAGE_SIZE; pgno++) {
            checksum =
                    PageChecksum.toggle(checksum, PageChecksum.of(pgno, database, (pgno - 1) * PAGE_SIZE, PAGE_SIZE));
        }
        return checksum;
    }

    @Test
    void everyCommandHasHelp() {
        for (String command : List.of("list", "dump", "verify", "apply", "encode", "compact", "checksum")) {
            assertEquals(0, run(command, "--help"));
            assertTrue(out.startsWith("Usage: ltxfs ltx " + command) && out.contains("Example"), out);
        }
    }

    @Test
    void wrongUsageIsExitCode2() {
        for (String[] args : new String[][] {
            {},
            {"nonsense"},
            {"verify"},
            {"verify", "--bogus", "x"},
            {"apply", "x.ltx"},
            {"encode", database.toString()},
            {"encode", database.toString(), "-o", dir.resolve("n.ltx").toString(), "--txid", "xyz"},
            {"encode", database.toString(), "-o", dir.resolve("n.ltx").toString(), "--txid", "0"},
            {"compact", "-o", dir.resolve("n.ltx").toString()},
        }) {
            assertEquals(ExitCode.WRONG_USAGE, run(args), String.join(" ", args));
            assertOneErrorLine();
        }
        assertFalse(Files.exists(dir.resolve("n.ltx")));
    }

    @Test
    void databaseGoesInAndOut() throws IOException {
        Path copy = dir.resolve("copy.db");
        assertEquals(0, run("apply", "--db", copy.toString(), snapshot.toString()), err);
        assertArrayEquals(Files.readAllBytes(database), Files.readAllBytes(copy));
        String position = out.strip();
        assertEquals(0, run("checksum", copy.toString()));
        assertEquals("0000000000000001/" + out.strip(), position);
        assertEquals(0, run("checksum", copy.toString(), "--json"));
        assertEquals(position.substring(17), Json.readObject(out).get("checksum"));
        assertEquals(0, run("apply", "--db", copy.toString(), "--json", delta.toString()), err);
        assertEquals("0000000000000002", Json.readObject(out).get("txid"));
        assertEquals(
                PageChecksum.format(checksum(Files.readAllBytes(copy))),
                Json.readObject(out).get("checksum"));
        Path joined = dir.resolve("joined.ltx");
        assertEquals(0, run("compact", "-o", joined.toString(), snapshot.toString(), delta.toString()), err);
        Path again = dir.resolve("again.db");
        assertEquals(0, run("apply", "--db", again.toString(), joined.toString()), err);
        assertArrayEquals(Files.readAllBytes(copy), Files.readAllBytes(again));
    }

    @Test
    void listAndDumpShowTheFields() throws IOException {
        assertEquals(0, run("list", "--json", snapshot.toString(), delta.toString()), err);
        List<Object> rows =
                Json.array(Json.readObject("{\"rows\": " + out + "}").get("rows"));
        assertEquals(2, rows.size());
        Map<String, Object> second = Json.object(rows.get(1));
        assertEquals("0000000000000002", second.get("minTxid"));
        assertEquals("2023-11-14T22:13:20.007Z", second.get("timestamp"));
        assertEquals(1, second.get("pages"));
        assertEquals(Json.object(rows.get(0)).get("postApplyChecksum"), second.get("preApplyChecksum"));
        assertEquals(0, run("list", snapshot.toString(), delta.toString()));
        assertEquals(3, out.lines().count(), out);
        assertEquals(0, run("dump", "--json", delta.toString()));
        Map<String, Object> dump = Json.readObject(out);
        Map<String, Object> frame = Json.object(Json.array(dump.get("frames")).get(0));
        assertEquals(100, frame.get("offset"));
        assertEquals(dump.get("commit"), frame.get("pgno"));
        assertEquals("V3_BLOCK", dump.get("generation"));
        assertEquals(0, run("dump", "--data", delta.toString()));
        assertTrue(out.contains(" at byte 100, ") && out.contains("    *"), out);
    }

    @Test
    void damagedFileIsExitCode3() throws IOException {
        byte[] bytes = Files.readAllBytes(delta);
        bytes[bytes.length - 1] ^= 1;
        Path bad = dir.resolve("bad.ltx");
        Files.write(bad, bytes);
        assertEquals(0, run("verify", snapshot.toString(), delta.toString()));
        assertEquals("ok", out.strip());
        assertEquals(ExitCode.DATA_WRONG, run("verify", snapshot.toString(), bad.toString()));
        assertEquals("1 ok, 1 invalid", out.strip());
        assertOneErrorLine();
        assertTrue(err.contains("bad.ltx: FILE_CHECKSUM at byte " + (bytes.length - 8)), err);
        assertEquals(ExitCode.DATA_WRONG, run("verify", "--json", bad.toString()));
        assertTrue(out.contains("\"error\": \"FILE_CHECKSUM\""), out);
        assertEquals(ExitCode.DATA_WRONG, run("list", bad.toString()));
        assertEquals(ExitCode.DATA_WRONG, run("dump", "--json", bad.toString()));
        assertEquals("FILE_CHECKSUM", Json.readObject(out).get("error"));
        assertEquals("0000000000000002", Json.readObject(out).get("minTxid"));
        byte[] before = Files.readAllBytes(database);
        assertEquals(ExitCode.DATA_WRONG, run("apply", "--db", database.toString(), bad.toString()));
        assertOneErrorLine();
        assertArrayEquals(before, Files.readAllBytes(database));
        assertEquals(
                ExitCode.DATA_WRONG,
                run("compact", "-o", dir.resolve("j.ltx").toString(), snapshot.toString(), bad.toString()));
        assertFalse(Files.exists(dir.resolve("j.ltx")));
        Files.write(bad, "SQLite format 3".getBytes(StandardCharsets.US_ASCII));
        assertEquals(ExitCode.DATA_WRONG, run("dump", bad.toString()));
        assertEquals(ExitCode.DATA_WRONG, run("checksum", bad.toString()));
        assertEquals(
                ExitCode.DATA_WRONG,
                run("encode", bad.toString(), "-o", dir.resolve("j.ltx").toString()));
    }

    @Test
    void filesMustFit() throws IOException {
        Path copy = dir.resolve("copy.db");
        assertEquals(ExitCode.DATA_WRONG, run("apply", "--db", copy.toString(), delta.toString()));
        assertTrue(err.contains("PRE_APPLY_MISMATCH") && err.contains("apply the files before"), err);
        assertFalse(Files.exists(copy));
        assertEquals(ExitCode.DATA_WRONG, run("apply", "--db", copy.toString(), delta.toString(), snapshot.toString()));
        assertTrue(err.contains("NON_CONTIGUOUS"), err);
    }

    @Test
    void missingFileIsExitCode4() {
        String nothing = dir.resolve("nothing").toString();
        assertEquals(ExitCode.NOT_FOUND, run("verify", nothing));
        assertOneErrorLine();
        assertEquals(ExitCode.NOT_FOUND, run("dump", nothing));
        assertOneErrorLine();
        assertEquals(ExitCode.NOT_FOUND, run("checksum", nothing));
        assertEquals(
                ExitCode.NOT_FOUND,
                run("encode", nothing, "-o", dir.resolve("o").toString()));
    }

    @Test
    void nothingIsOverwrittenWithoutForce() throws IOException {
        byte[] before = Files.readAllBytes(delta);
        assertEquals(ExitCode.FAILED, run("encode", database.toString(), "-o", delta.toString()));
        assertTrue(err.contains("--force"), err);
        assertEquals(ExitCode.FAILED, run("compact", "-o", delta.toString(), snapshot.toString()));
        assertArrayEquals(before, Files.readAllBytes(delta));
        assertEquals(0, run("encode", database.toString(), "-o", delta.toString(), "--force", "--frames"));
        assertEquals(0, run("list", "--json", delta.toString()));
        assertTrue(out.contains("V3_FRAME"), out);
        assertEquals(ExitCode.FAILED, run("encode", database.toString(), "-o", database.toString(), "--force"));
    }

    /** What SQLite would still move into the database, or undo in it, is not looked at: so it must not be there. */
    @Test
    void sideFilesWithContentAreRefused() throws IOException {
        Files.writeString(dir.resolve("a.db-wal"), "frames");
        assertEquals(
                ExitCode.FAILED,
                run("encode", database.toString(), "-o", dir.resolve("o.ltx").toString()));
        assertTrue(err.contains("a.db-wal"), err);
        assertEquals(ExitCode.FAILED, run("apply", "--db", database.toString(), delta.toString()));
        Files.writeString(dir.resolve("a.db-wal"), "");
        Files.write(dir.resolve("a.db-journal"), new byte[512]);
        assertEquals(0, run("apply", "--db", database.toString(), delta.toString()), err);
    }

    private void assertOneErrorLine() {
        assertTrue(err.startsWith("ltxfs: ") && err.strip().lines().count() == 1 && err.contains("; "), err);
    }

    private int run(String... args) {
        String[] all = new String[args.length + 1];
        all[0] = "ltx";
        System.arraycopy(args, 0, all, 1, args.length);
        StringWriter outText = new StringWriter();
        StringWriter errText = new StringWriter();
        CommandLine line = Cli.commandLine();
        line.setOut(new PrintWriter(outText));
        line.setErr(new PrintWriter(errText));
        int code = line.execute(all);
        out = outText.toString();
        err = errText.toString();
        return code;
    }
}
