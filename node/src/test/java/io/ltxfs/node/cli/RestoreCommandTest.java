package io.ltxfs.node.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.ltx.LtxHeader;
import io.ltxfs.ltx.LtxWriter;
import io.ltxfs.objectstore.json.Json;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** The command: what it takes, what it says, and how it ends. The archive is one that Litestream might have written. */
class RestoreCommandTest {
    private static final int PAGE = 512;

    @TempDir
    Path dir;

    private Path archive = Path.of("");
    private String out = "";
    private String err = "";

    @BeforeEach
    void archive() throws IOException {
        archive = dir.resolve("archive");
        for (String name : List.of("app.db", "tenants/a.db", "tenants/b c/ü.db")) {
            put(name, 1, 1, 3);
            put(name, 2, 2, 4);
        }
    }

    private static Instant time(int txid) {
        return Instant.parse("2026-01-01T00:00:00Z").plusSeconds(txid);
    }

    private void put(String name, int min, int max, int pages) throws IOException {
        Path file = archive.resolve(name).resolve(String.format("ltx/0/%016x-%016x.ltx", min, max));
        Files.createDirectories(file.getParent());
        try (OutputStream stream = Files.newOutputStream(file)) {
            LtxHeader header = min == 1
                    ? LtxHeader.snapshot(PAGE, pages, max, time(max).toEpochMilli())
                    : LtxHeader.delta(PAGE, pages, min, max, time(max).toEpochMilli(), 0);
            LtxWriter writer = new LtxWriter(stream, header.withoutChecksums().withWal(32, 0, 0, 0));
            for (int pgno = min == 1 ? 1 : pages; pgno <= pages; pgno++) {
                writer.writePage(pgno, page(pgno), 0);
            }
            writer.finish(0);
        }
        Files.setLastModifiedTime(file, FileTime.from(time(max)));
    }

    private static byte[] page(int pgno) {
        byte[] page = new byte[PAGE];
        java.util.Arrays.fill(page, (byte) pgno);
        return page;
    }

    private static byte[] file(int pages) {
        byte[] bytes = new byte[pages * PAGE];
        for (int pgno = 1; pgno <= pages; pgno++) {
            System.arraycopy(page(pgno), 0, bytes, (pgno - 1) * PAGE, PAGE);
        }
        return bytes;
    }

    @Test
    void oneDatabase() throws IOException {
        Path output = dir.resolve("out.db");
        assertEquals(0, run("restore", "app.db", "-o", output.toString()), err);
        assertArrayEquals(file(4), Files.readAllBytes(output));
        assertTrue(out.contains("restored app.db") && out.contains("TXID 0000000000000002"), out);
        assertTrue(out.contains(time(2).toString()), out);

        assertEquals(ExitCode.FAILED, run("restore", "app.db", "-o", output.toString(), "--txid", "1"));
        assertTrue(err.contains("is there already") && err.contains("--force"), err);
        assertArrayEquals(file(4), Files.readAllBytes(output));
        assertEquals(0, run("restore", "app.db", "-o", output.toString(), "--txid", "1", "--force", "--json"), err);
        assertArrayEquals(file(3), Files.readAllBytes(output));
        Map<String, Object> document = Json.readObject(out);
        assertEquals("0000000000000001", document.get("txid"));
        assertEquals(time(1).toString(), document.get("time"));

        Files.writeString(dir.resolve("out.db-wal"), "frames");
        assertEquals(ExitCode.FAILED, run("restore", "app.db", "-o", output.toString(), "--force"));
        assertTrue(err.contains("out.db-wal"), err);
    }

    @Test
    void aDryRunWritesNothing() throws IOException {
        assertEquals(0, run("restore", "app.db", "--dry-run"), err);
        assertTrue(out.contains("requests") && out.contains("app.db/ltx/0/0000000000000001"), out);
        assertEquals(
                0,
                run(
                        "restore",
                        "app.db",
                        "--dry-run",
                        "--json",
                        "-o",
                        dir.resolve("x").toString()),
                err);
        Map<String, Object> document = Json.readObject(out);
        assertEquals(2, Json.array(document.get("steps")).size());
        assertEquals(4L * PAGE, ((Number) document.get("bytes")).longValue());
        assertFalse(Files.exists(dir.resolve("x")));
    }

    @Test
    void theUrlOfOneDatabasesArchive() throws IOException {
        for (String[] name : new String[][] {{}, {"."}}) {
            Path output = dir.resolve("out" + name.length);
            List<String> args = new ArrayList<>(List.of(name));
            args.add(0, "restore");
            args.addAll(List.of(
                    "-o",
                    output.toString(),
                    "--archive",
                    archive.resolve("app.db").toString()));
            assertEquals(0, run(args.toArray(String[]::new)), err);
            assertArrayEquals(file(4), Files.readAllBytes(output));
        }
        assertEquals(ExitCode.WRONG_USAGE, run("restore", "-o", dir.resolve("x").toString()));
        assertTrue(err.contains("3 databases") && err.contains("tenants/a.db"), err);
    }

    @Test
    void manyDatabases() throws IOException {
        Path all = dir.resolve("all");
        assertEquals(0, run("restore", "--all", "-o", all.toString()), err);
        for (String name : List.of("app.db", "tenants/a.db", "tenants/b c/ü.db")) {
            assertArrayEquals(file(4), Files.readAllBytes(all.resolve(name)), name);
        }
        assertTrue(out.contains("3 of 3 databases"), out);

        Path damaged = archive.resolve("tenants/a.db/ltx/0/0000000000000002-0000000000000002.ltx");
        byte[] bytes = Files.readAllBytes(damaged);
        bytes[bytes.length - 1] ^= 1;
        Files.write(damaged, bytes);
        Path some = dir.resolve("some");
        assertEquals(ExitCode.DATA_WRONG, run("restore", "tenants/**", "-o", some.toString(), "--json"));
        assertTrue(err.contains(damaged.getFileName().toString()), err);
        assertFalse(Files.exists(some.resolve("app.db")) || Files.exists(some.resolve("tenants/a.db")));
        assertArrayEquals(file(4), Files.readAllBytes(some.resolve("tenants/b c/ü.db")));
        assertEquals(2, Json.array(Json.readObject(out).get("databases")).size());
        assertEquals(ExitCode.NOT_FOUND, run("restore", "nothing/*", "-o", some.toString()));
    }

    @Test
    void damageNamesTheObjectAndWhatIsLeft() throws IOException {
        Path damaged = archive.resolve("app.db/ltx/0/0000000000000002-0000000000000002.ltx");
        byte[] bytes = Files.readAllBytes(damaged);
        bytes[bytes.length / 2] ^= 1;
        Files.write(damaged, bytes);
        Path output = dir.resolve("out.db");
        assertEquals(ExitCode.DATA_WRONG, run("restore", "app.db", "-o", output.toString()));
        assertTrue(err.contains("0000000000000002-0000000000000002.ltx"), err);
        assertTrue(err.contains("what can: 0000000000000001"), err);
        assertFalse(Files.exists(output));
        assertEquals(0, run("restore", "app.db", "-o", output.toString(), "--txid", "1"), err);
        assertArrayEquals(file(3), Files.readAllBytes(output));
    }

    @Test
    void momentsAndWrongUsage() throws IOException {
        String output = dir.resolve("out.db").toString();
        assertEquals(0, run("restore", "app.db", "-o", output, "--timestamp", "2026-01-01T01:00:01.5+01:00"), err);
        assertArrayEquals(file(3), Files.readAllBytes(Path.of(output)));
        assertEquals(0, run("restore", "app.db", "-o", output, "--force", "--timestamp", "2h ago"), err);
        assertArrayEquals(file(4), Files.readAllBytes(Path.of(output)));
        Files.delete(Path.of(output));
        assertEquals(
                ExitCode.WRONG_USAGE, run("restore", "app.db", "-o", output, "--timestamp", "2026-01-01 10:00:00"));
        assertTrue(err.contains("2026-01-01T10:00:00Z"), err);
        assertEquals(ExitCode.NOT_FOUND, run("restore", "app.db", "-o", output, "--timestamp", "2025-01-01T00:00:00Z"));
        assertTrue(err.contains("--txid 0000000000000001"), err);
        assertEquals(ExitCode.NOT_FOUND, run("restore", "app.db", "-o", output, "--txid", "77"));
        assertFalse(Files.exists(Path.of(output)));
        assertEquals(0, run("restore", "app.db", "-o", output, "--txid", "77", "--nearest"), err);
        assertArrayEquals(file(4), Files.readAllBytes(Path.of(output)));
        assertEquals(
                ExitCode.NOT_FOUND,
                run("restore", "other.db", "-o", dir.resolve("x").toString()));
        for (String[] wrong : new String[][] {
            {"restore", "app.db"},
            {"restore", "app.db", "-o", "x", "--txid", "1", "--timestamp", "1h ago"},
            {"restore", "app.db", "-o", "x", "--txid", "zz"},
            {"restore", "--all", "-o", "x", "--txid", "1"},
            {"restore", "app.db", "--all", "-o", "x"},
            {"restore", "app.db", "-o", "x", "--bogus"},
        }) {
            assertEquals(ExitCode.WRONG_USAGE, run(wrong), String.join(" ", wrong));
            assertEquals(1, err.strip().lines().count(), err);
        }
    }

    private int run(String... args) {
        List<String> all = new ArrayList<>(List.of(args));
        if (!all.contains("--archive")) {
            all.addAll(List.of("--archive", "file:" + archive));
        }
        all.addAll(List.of("--data", dir.resolve("data").toString()));
        CommandLine line = Cli.commandLine();
        StringWriter outText = new StringWriter();
        StringWriter errText = new StringWriter();
        line.setOut(new PrintWriter(outText));
        line.setErr(new PrintWriter(errText));
        int code = line.execute(all.toArray(String[]::new));
        out = outText.toString();
        err = errText.toString();
        return code;
    }
}
