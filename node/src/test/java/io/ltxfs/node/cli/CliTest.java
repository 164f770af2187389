package io.ltxfs.node.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.objectstore.json.Json;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class CliTest {
    @TempDir
    Path dir;

    private String out = "";
    private String err = "";

    @Test
    void everyCommandHasHelp() {
        for (String command : List.of(
                "run", "status", "log", "export", "import", "restore", "rewind", "archive", "doctor", "config",
                "version")) {
            assertEquals(0, run(command, "--help"), command);
            assertTrue(out.startsWith("Usage: ltxfs " + command), out);
            assertTrue(out.contains("Example") || command.equals("version") || command.equals("config"), command);
        }
        assertEquals(0, run("--help"));
        assertTrue(out.contains("  export "), out);
        assertFalse(out.contains("daemon"), out);
        assertFalse(out.contains("warm-up"), out);
    }

    @Test
    void wrongUsageIsExitCode2AndOneLine() {
        for (String[] args : new String[][] {
            {},
            {"nonsense"},
            {"status", "--bogus"},
            {"log"},
            {"export", "a", "b"},
            {"config"},
            {"daemon", "stray"},
            {"export", "a", "--txid", "xyz"},
            {"log", "../outside"},
            {"rewind", "a"},
            {"rewind", "a", "--txid", "1", "--timestamp", "1h ago"},
            {"rewind", "a", "--txid", "xyz"},
            {"archive"},
            {"archive", "verify", "--archive", "ftp://x"},
            {"archive", "verify", "--archive", "none"},
        }) {
            assertEquals(ExitCode.WRONG_USAGE, run(args), String.join(" ", args));
            assertTrue(err.startsWith("ltxfs: ") && err.strip().lines().count() == 1, err);
            assertTrue(err.contains("; "), err);
        }
        run("statsu");
        assertTrue(err.contains("status"), err);
    }

    @ParameterizedTest
    @ValueSource(strings = {"replicate"})
    void commandsOfLaterVersionsSaySo(String command) {
        assertEquals(ExitCode.FAILED, run(command, "x", "--some", "-o", "y"));
        assertTrue(err.startsWith("ltxfs: " + command + ": comes with a later version; "), err);
    }

    @Test
    void theConfigurationIsCheckedAndShown() throws Exception {
        Path file = Files.writeString(dir.resolve("ltxfs.yml"), "capture: quick\n");
        assertEquals(ExitCode.WRONG_USAGE, run("config", "check", "-c", file.toString()));
        assertTrue(err.startsWith("ltxfs: config: " + file + ":1: capture: 'quick' is not known"), err);
        Files.writeString(file, "capture: strict\n");
        assertEquals(0, run("config", "check", "-c", file.toString()));
        assertEquals(0, run("config", "show", "--json", "-c", file.toString(), "--set", "archive.levels=[2s,5s]"));
        Map<String, Object> shown = Json.readObject(out);
        assertEquals("strict", shown.get("capture"));
        assertEquals(List.of("2s", "5s"), Json.object(shown.get("archive")).get("levels"));
        assertEquals(0, run("config", "show", "-c", file.toString()));
        Path again = Files.writeString(dir.resolve("again.yml"), out);
        String first = out;
        assertEquals(0, run("config", "show", "-c", again.toString()));
        assertEquals(first, out);
    }

    @Test
    void theVersionIsToldAsJsonToo() {
        assertEquals(0, run("version"));
        assertTrue(out.startsWith("ltxfs "), out);
        assertEquals(0, run("version", "--json"));
        assertTrue(Json.readObject(out).containsKey("version"), out);
    }

    @Test
    void withoutANodeCommandsSayHowToStartOne() {
        assertEquals(ExitCode.FAILED, run("status", "--data", dir.toString()));
        assertTrue(err.contains("no node runs on " + dir), err);
        assertTrue(err.contains("ltxfs run"), err);
        assertEquals(ExitCode.FAILED, run("export", "a.db", "--data", dir.resolve("none") + "", "-o", dir + "/x"));
        assertTrue(err.contains("there is no such directory"), err);
        assertFalse(Files.exists(dir.resolve("x")));
    }

    @Test
    void nothingIsOverwrittenWithoutForce() throws Exception {
        Path file = Files.writeString(dir.resolve("x"), "mine");
        assertEquals(ExitCode.FAILED, run("export", "a.db", "--data", dir.toString(), "-o", file.toString()));
        assertTrue(err.contains("--force"), err);
        assertEquals("mine", Files.readString(file));
    }

    @Test
    void anOutputFileAppearsWhenItIsComplete() throws Exception {
        Path file = dir.resolve("out");
        try (OutputFile output = OutputFile.create(file, false)) {
            output.stream().write(new byte[100_000]);
        }
        assertEquals(0, list().size(), "an aborted file leaves nothing");
        try (OutputFile output = OutputFile.create(file, false)) {
            output.stream().write(new byte[100_000]);
            assertFalse(Files.exists(file));
            output.commit();
        }
        assertEquals(100_000, Files.size(file));
        assertEquals(1, list().size());
        try (OutputFile output = OutputFile.create(file, true)) {
            output.stream().write(1);
            output.commit();
        }
        assertEquals(1, Files.size(file));
    }

    @Test
    void filesAreCheckedBeforeTheyAreImported() throws Exception {
        Path text = Files.writeString(dir.resolve("text"), "not a database, but long enough to be looked at");
        assertEquals(ExitCode.DATA_WRONG, failure(() -> SqliteFiles.check(text)));
        Path good = dir.resolve("good.db");
        fill(good, 2000);
        SqliteFiles.check(good);
        byte[] bytes = Files.readAllBytes(good);
        java.util.Arrays.fill(bytes, 4096, 8192, (byte) 0x55);
        Path bad = Files.write(dir.resolve("bad.db"), bytes);
        assertEquals(ExitCode.DATA_WRONG, failure(() -> SqliteFiles.check(bad)));
    }

    @Test
    void anImportReplacesTheWholeContent() throws Exception {
        Path source = dir.resolve("source.db");
        Path target = dir.resolve("target.db");
        fill(source, 500);
        fill(target, 3000);
        SqliteFiles.copyInto(source, target, "target.db");
        assertEquals(500, count(target));
        Path fresh = dir.resolve("fresh.db");
        SqliteFiles.copyInto(source, fresh, "fresh.db");
        assertEquals(500, count(fresh));
    }

    private List<Path> list() throws Exception {
        try (var files = Files.list(dir)) {
            return files.toList();
        }
    }

    /** Something that fails as a command does. */
    private interface Failing {
        void run() throws Exception;
    }

    private static int failure(Failing action) throws Exception {
        try {
            action.run();
        } catch (CliException e) {
            return e.exitCode();
        }
        return 0;
    }

    private static void fill(Path file, int rows) throws Exception {
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + file);
                Statement statement = connection.createStatement()) {
            statement.execute("create table t(x)");
            statement.execute("with recursive n(i) as (select 1 union all select i+1 from n where i < " + rows
                    + ") insert into t select hex(randomblob(20)) from n");
        }
    }

    private static int count(Path file) throws Exception {
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + file);
                Statement statement = connection.createStatement();
                var rows = statement.executeQuery("select count(*) from t")) {
            return rows.getInt(1);
        }
    }

    private int run(String... args) {
        StringWriter outText = new StringWriter();
        StringWriter errText = new StringWriter();
        CommandLine line = Cli.commandLine();
        line.setOut(new PrintWriter(outText));
        line.setErr(new PrintWriter(errText));
        int code = line.execute(args);
        out = outText.toString();
        err = errText.toString();
        return code;
    }
}
