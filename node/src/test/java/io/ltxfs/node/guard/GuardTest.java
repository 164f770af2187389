package io.ltxfs.node.guard;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The guard over daemons that are shell scripts: they speak the protocol, mount nothing and write down what they hear. */
@Timeout(300)
class GuardTest {
    /** A daemon that serves until it is told to stop. */
    private static final String GOOD = """
            echo $$ >> $DIR/daemons
            echo "ltxfs:config mount=$DIR/m stop-timeout=4000 on-daemon-death=restart"
            echo "not of the protocol"
            echo "ltxfs:ready"
            while read line; do
              echo "$line" >> $DIR/heard
              case "$line" in stop*) exit 0;; esac
            done
            echo eof >> $DIR/heard
            """;

    @TempDir
    Path dir;

    @Test
    void theAppsExitCodeIsTheGuards() throws Exception {
        assertEquals(0, run(GOOD, "true"));
        assertEquals(7, run(GOOD, "sh", "-c", "exit 7"));
        assertEquals(128 + 9, run(GOOD, "sh", "-c", "kill -9 $$"));
        assertTrue(heard().stream().anyMatch(line -> line.startsWith("app ")), heard().toString());
        assertTrue(heard().stream().anyMatch(line -> line.startsWith("stop ")), heard().toString());
    }

    @Test
    void aProgramThatIsNotThereIs127AndOneThatIsNoneIs126() throws Exception {
        Path text = Files.writeString(dir.resolve("text"), "no program");
        assertEquals(127, run(GOOD, "no-such-program-anywhere"));
        assertEquals(127, run(GOOD, dir.resolve("missing").toString()));
        assertEquals(126, run(GOOD, text.toString()));
        assertEquals(126, run(GOOD, dir.toString()));
    }

    @Test
    void theAppRunsAsTheUserThatWasNamed() throws Exception {
        org.junit.jupiter.api.Assumptions.assumeTrue("root".equals(System.getProperty("user.name")));
        String daemon = GOOD.replace("on-daemon-death", "user=nobody on-daemon-death");
        Files.setPosixFilePermissions(dir, java.nio.file.attribute.PosixFilePermissions.fromString("rwxrwxrwx"));
        assertEquals(0, run(daemon, "sh", "-c", "id -un > $0/id; echo $HOME $USER >> $0/id", dir.toString()));
        List<String> lines = Files.readAllLines(dir.resolve("id"));
        assertEquals("nobody", lines.get(0));
        assertTrue(lines.get(1).endsWith(" nobody"), lines.toString());
        assertEquals(125, run(GOOD.replace("on-daemon-death", "user=no-such-user on-daemon-death"), "true"));
    }

    @Test
    void aDaemonThatCannotStartIs125WithAnAppAndItsOwnCodeWithout() throws Exception {
        assertEquals(125, run("exit 1", "true"));
        assertEquals(2, run("exit 2", "true"));
        assertEquals(1, run("exit 1"));
        assertEquals(2, run("exit 2"));
        assertEquals(125, run("kill -9 $$", "true"));
    }

    @Test
    void aSignalIsForwardedAndTheAppsOwnCodeCounts() throws Exception {
        Guard guard =
                guard(GOOD, "sh", "-c", "trap 'exit 9' TERM; touch $0/up; while :; do sleep 0.05; done", dir + "");
        CompletableFuture<Integer> code = start(guard);
        awaitFile("up");
        guard.signal("TERM");
        assertEquals(9, code.get(60, TimeUnit.SECONDS));
    }

    @Test
    void anAppThatDoesNotEndInTimeIsKilled() throws Exception {
        String daemon = GOOD.replace("4000", "800");
        Guard guard = guard(daemon, "sh", "-c", "trap '' TERM; touch $0/up; while :; do sleep 0.05; done", dir + "");
        CompletableFuture<Integer> code = start(guard);
        awaitFile("up");
        guard.signal("TERM");
        // If the daemon had not said so, it would have 15 seconds.
        assertEquals(128 + 9, code.get(14, TimeUnit.SECONDS));
    }

    @Test
    void theSecondSignalStopsAtOnce() throws Exception {
        String daemon = GOOD.replace("4000", "600000");
        Guard guard = guard(daemon, "sh", "-c", "trap '' TERM; touch $0/up; while :; do sleep 0.05; done", dir + "");
        CompletableFuture<Integer> code = start(guard);
        awaitFile("up");
        guard.signal("TERM");
        guard.signal("TERM");
        assertEquals(128 + 9, code.get(60, TimeUnit.SECONDS));
        assertTrue(heard().contains("stop-now"), heard().toString());
    }

    @Test
    void whatTheAppLeftInTheBackgroundEndsWithIt() throws Exception {
        String app =
                "setsid sh -c 'echo $$ > $0/left; exec sleep 300' $0 & while [ ! -s $0/left ]; do sleep 0.02; done";
        assertEquals(0, run(GOOD, "sh", "-c", app, dir.toString()));
        long left = Long.parseLong(Files.readString(dir.resolve("left")).strip());
        await().atMost(Duration.ofSeconds(60))
                .until(() -> !new MarkedProcesses(left, "none").alive().contains(left));
    }

    @Test
    void theAppDiesWithItsDaemonAndBothStartAgain() throws Exception {
        String app = "echo $$ >> $0/apps; setsid sleep 300 & exec sleep 300";
        Guard guard = guard(GOOD, "sh", "-c", app, dir.toString());
        CompletableFuture<Integer> code = start(guard);
        awaitLines("apps", 1);
        kill(pids("daemons").get(0));
        awaitLines("apps", 2);
        long first = pids("apps").get(0);
        await().atMost(Duration.ofSeconds(60))
                .until(() -> !new MarkedProcesses(first, "none").alive().contains(first));
        assertEquals(2, pids("daemons").size());
        assertFalse(code.isDone());
        guard.signal("TERM");
        assertEquals(128 + 15, code.get(60, TimeUnit.SECONDS));
    }

    @Test
    void withExitTheGuardEndsWhenTheDaemonDied() throws Exception {
        String daemon = GOOD.replace("=restart", "=exit");
        Guard guard = guard(daemon, "sh", "-c", "echo $$ > $0/apps; exec sleep 300", dir.toString());
        CompletableFuture<Integer> code = start(guard);
        awaitLines("apps", 1);
        kill(pids("daemons").get(0));
        assertEquals(125, code.get(60, TimeUnit.SECONDS));
        long app = pids("apps").get(0);
        await().atMost(Duration.ofSeconds(60))
                .until(() -> !new MarkedProcesses(app, "none").alive().contains(app));
    }

    @Test
    void aDaemonThatDiesAgainAndAgainIsGivenUp() throws Exception {
        assertEquals(1, run("echo x >> $DIR/starts; echo ltxfs:ready; exit 3".replace("exit 3", "kill -9 $$")));
        assertEquals(1 + 3, Files.readAllLines(dir.resolve("starts")).size());
    }

    @Test
    void aNodeWhoseMountWasTakenAwayIsNotStartedAgain() throws Exception {
        assertEquals(0, run("echo ltxfs:ready; exit 0"));
    }

    @Test
    void aDaemonThatDoesNotStopIsKilled() throws Exception {
        String deaf = "echo 'ltxfs:config stop-timeout=200'; echo ltxfs:ready; while :; do sleep 0.05; done";
        assertEquals(Guard.FAILED_WITH_APP, run(deaf, "true"));
    }

    @Test
    void withoutAnAppASignalStopsTheNode() throws Exception {
        Guard guard = guard(GOOD);
        CompletableFuture<Integer> code = start(guard);
        awaitLines("daemons", 1);
        guard.signal("HUP");
        await().atMost(Duration.ofSeconds(60)).until(() -> heard().contains("reload"));
        guard.signal("TERM");
        assertEquals(0, code.get(60, TimeUnit.SECONDS));
    }

    @Test
    void aDaemonThatWasSentTheSignalItselfStopsInOrder() throws Exception {
        String daemon = GOOD.replace("echo \"ltxfs:ready\"", "echo ltxfs:ready; echo ltxfs:stop");
        assertEquals(0, run(daemon));
    }

    private int run(String daemon, String... app) throws Exception {
        return guard(daemon, app).run();
    }

    private CompletableFuture<Integer> start(Guard guard) {
        CompletableFuture<Integer> code = new CompletableFuture<>();
        Thread thread = new Thread(() -> {
            try {
                code.complete(guard.run());
            } catch (InterruptedException | RuntimeException e) {
                code.completeExceptionally(e);
            }
        });
        thread.setDaemon(true);
        thread.start();
        return code;
    }

    private Guard guard(String daemon, String... app) {
        List<String> command = List.of("sh", "-c", "DIR=" + dir + "\n" + daemon);
        return new Guard(new GuardSettings(command, List.of(app), 3, Duration.ofMillis(10), Duration.ofSeconds(30)));
    }

    private List<String> heard() throws IOException {
        Path file = dir.resolve("heard");
        return Files.exists(file) ? Files.readAllLines(file) : List.of();
    }

    private void awaitFile(String name) {
        await().atMost(Duration.ofSeconds(60)).until(() -> Files.exists(dir.resolve(name)));
    }

    private void awaitLines(String name, int count) {
        await().atMost(Duration.ofSeconds(60)).until(() -> pids(name).size() >= count);
    }

    private List<Long> pids(String name) throws IOException {
        Path file = dir.resolve(name);
        return Files.exists(file)
                ? Files.readAllLines(file).stream().map(Long::parseLong).toList()
                : List.of();
    }

    private static void kill(long pid) {
        ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
    }
}
