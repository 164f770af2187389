package io.ltxfs.node.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.lease.LeaseObject;
import io.ltxfs.lease.LeaseRecord;
import io.ltxfs.lease.LeaseRecord.State;
import io.ltxfs.lease.LeaseSettings;
import io.ltxfs.lease.Quorum;
import io.ltxfs.lease.StoreLease;
import io.ltxfs.objectstore.ObjectStores;
import io.ltxfs.objectstore.json.Json;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class LeaseCommandsTest {
    /** Longer than a busy machine keeps a thread waiting: no term ends by accident. */
    private static final Duration TTL = Duration.ofSeconds(3);

    @TempDir
    Path dir;

    private String url = "";
    private String out = "";
    private String err = "";

    @BeforeEach
    void makeStore() throws Exception {
        url = Files.createDirectories(dir.resolve("store")).toString();
    }

    private int run(String... args) {
        StringWriter output = new StringWriter();
        StringWriter errors = new StringWriter();
        CommandLine cli = Cli.commandLine();
        cli.setOut(new PrintWriter(output));
        cli.setErr(new PrintWriter(errors));
        int code = cli.execute(args);
        out = output.toString();
        err = errors.toString();
        return code;
    }

    private StoreLease hold(String node) {
        StoreLease lease = StoreLease.start(
                new LeaseObject(ObjectStores.open(url)),
                LeaseSettings.of(node + "-1", node, node + ":20203", TTL),
                System::nanoTime,
                0,
                () -> {});
        lease.candidate(true, Duration.ZERO);
        Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> lease.epochHeld() > 0);
        lease.quorum(new Quorum(
                lease.epochHeld(), node, node + ":20203", List.of(new Quorum.Voter("b", "b:20203")), 1, true));
        Awaitility.await()
                .atMost(Duration.ofSeconds(60))
                .until(() -> lease.status().quorum().isPresent()
                        && lease.status().quorumsPossible().isEmpty());
        return lease;
    }

    private LeaseRecord record() throws Exception {
        try (var store = ObjectStores.open(url)) {
            return new LeaseObject(store).read().record();
        }
    }

    @Test
    void showsWhoHoldsIt() throws Exception {
        assertEquals(ExitCode.NOT_FOUND, run("lease", "show", "--lease", url));
        assertTrue(err.contains("there is no lease; "), err);
        try (StoreLease lease = hold("a")) {
            assertEquals(1, lease.epochHeld());
            assertEquals(0, run("lease", "show", "--lease", url), err);
            assertTrue(out.contains("holder   a (a:20203): it renews"), out);
            assertTrue(out.contains("commits wait for 1 of: b; commits wait for the archive"), out);
            assertEquals(0, run("lease", "show", "--lease", url, "--json"));
            Map<String, Object> shown = Json.readObject(out);
            assertEquals("1", shown.get("epoch"));
            assertEquals("held", shown.get("state"));
            assertEquals(true, shown.get("changed"));
            assertEquals("a", Json.object(shown.get("quorum")).get("node"));
        }
        assertEquals(0, run("lease", "show", "--lease", url));
        assertTrue(out.contains("unchanged for"), out);
    }

    @Test
    void breaksADeadOneAndNotALivingOne() throws Exception {
        try (StoreLease lease = hold("a")) {
            assertEquals(ExitCode.WRONG_USAGE, run("lease", "break", "--lease", url, "--epoch", "0", "--force"));
            assertEquals(ExitCode.FAILED, run("lease", "break", "--lease", url));
            assertTrue(err.contains("node 'a' renews it; "), err);
            assertEquals(State.HELD, record().state());
            // Its holder may renew it in that moment, and the command says to try again.
            Awaitility.await()
                    .atMost(Duration.ofSeconds(60))
                    .until(() -> run("lease", "break", "--lease", url, "--force") == 0);
            Quorum quorum = record().quorum().orElseThrow();
            assertEquals("a", quorum.node());
            Awaitility.await()
                    .atMost(Duration.ofSeconds(60))
                    .until(() -> lease.status().epochHolding() != 1);
            Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> lease.epochHeld() == 2);
            assertEquals(quorum, lease.status().quorum().orElseThrow());
        }
        assertEquals(ExitCode.WRONG_USAGE, run("lease", "break", "--lease", url), "no terminal to ask on");
        assertEquals(State.HELD, record().state());
        assertEquals(ExitCode.WRONG_USAGE, run("lease", "break", "--lease", url, "--epoch", "1", "--force"));
        assertTrue(err.contains("never go back"), err);
    }

    @Test
    void putsBackWhatIsGoneOrDamaged() throws Exception {
        Path object = dir.resolve("store").resolve(LeaseObject.KEY);
        assertEquals(ExitCode.NOT_FOUND, run("lease", "break", "--lease", url, "--force"));
        assertEquals(0, run("lease", "break", "--lease", url, "--epoch", "12", "--force"), err);
        assertEquals(12, record().epoch());
        assertTrue(record().quorum().isPresent(), "an empty node must not think that there never was a primary");
        Files.writeString(object, "{ \"format\": 1, \"epoch\"");
        assertEquals(ExitCode.DATA_WRONG, run("lease", "show", "--lease", url));
        assertTrue(err.contains("it is no lease"), err);
        assertEquals(0, run("lease", "break", "--lease", url, "--epoch", "13", "--force"), err);
        assertEquals(13, record().epoch());
        Files.writeString(object, "{\"format\": 2}");
        assertEquals(ExitCode.DATA_WRONG, run("lease", "show", "--lease", url));
        assertTrue(err.contains("a newer ltxfs"), err);
        assertFalse(err.contains("Exception"), err);
    }

    @Test
    void saysWhichKeyIsWrong() {
        assertEquals(ExitCode.WRONG_USAGE, run("lease", "show", "--lease", "ftp://x"));
        assertTrue(err.startsWith("ltxfs: lease.url: "), err);
        assertEquals(ExitCode.WRONG_USAGE, run("lease", "show", "--data", dir.toString()));
        assertTrue(err.startsWith("ltxfs: lease.url: is local"), err);
    }
}
