package io.ltxfs.integrationtests;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;

import io.ltxfs.integrationtests.Programs.Output;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/**
 * A node of this test's own: started by the launcher, on directories of its own, spoken to as a user does. Closing it
 * stops it, whatever state it is in, and leaves no mount behind.
 */
final class NodeUnderTest implements AutoCloseable {
    private static final Duration START = Duration.ofSeconds(180);
    private static final Duration BUILD = Duration.ofMinutes(10);
    private static final Duration COMMAND = Duration.ofSeconds(120);
    private static final Duration STOP = Duration.ofSeconds(120);

    private static final Pattern REQUESTS =
            Pattern.compile("^ltxfs_fuse_requests_total\\{type=\"(.*?)\"\\} (\\S+)$", Pattern.MULTILINE);

    private final HttpClient http =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();
    private final Path directory;
    private final List<String> settings;
    private final List<String> prefix;
    private final Path log;
    private final Map<String, String> environment = new TreeMap<>();
    private @Nullable Process process;

    /**
     * A node that is not started yet.
     *
     * @param directory for all that is its own
     * @param settings each a {@code KEY=VALUE}
     * @param prefix words before its command, which put it somewhere else
     */
    NodeUnderTest(Path directory, List<String> settings, List<String> prefix) {
        this.directory = directory;
        this.settings = settings;
        this.prefix = prefix;
        this.log = directory.resolve("node.log");
    }

    /** A node that is not started yet; each setting is a {@code KEY=VALUE}. */
    static NodeUnderTest create(String... settings) {
        try {
            Path directory = Files.createTempDirectory("ltxfs-it");
            Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
            return new NodeUnderTest(directory, List.of(settings), List.of());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A node that serves. */
    static NodeUnderTest started(String... settings) {
        NodeUnderTest node = create(settings);
        try {
            node.start();
            return node;
        } catch (Throwable e) {
            node.close();
            throw e;
        }
    }

    Path mount() {
        return directory.resolve("mnt");
    }

    Path data() {
        return directory.resolve("data");
    }

    /** A directory of the test's own on the plain disk. */
    Path scratch() {
        return directory;
    }

    /** Gives it a data directory on a file system of its own that holds no more than this many bytes. */
    void limitData(long bytes) {
        try {
            Files.createDirectories(data());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        String options = "size=" + bytes + ",mode=700";
        Programs.run(COMMAND, "mount", "-t", "tmpfs", "-o", options, "ltxfs-test", data().toString())
                .orFail();
    }

    /** Sets variables for it and its commands. */
    void environment(Map<String, String> variables) {
        environment.putAll(variables);
    }

    /** Starts it and waits until it serves. */
    void start() {
        launch();
        awaitReady();
    }

    /** Starts it, with a command of its own if there are words, and waits for nothing. */
    Process launch(String... options) {
        List<String> command = new ArrayList<>(prefix);
        command.addAll(List.of(launcher(), "run", "--mount", mount().toString(), "--data", data().toString()));
        for (String listen : List.of("http.listen=127.0.0.1:0", "replication.listen=127.0.0.1:0")) {
            String key = listen.substring(0, listen.indexOf('=') + 1);
            if (settings.stream().noneMatch(setting -> setting.startsWith(key))) {
                command.addAll(List.of("--set", listen));
            }
        }
        for (String setting : settings) {
            command.addAll(List.of("--set", setting));
        }
        command.addAll(List.of(options));
        try {
            ProcessBuilder builder = new ProcessBuilder(command)
                    .redirectInput(new File("/dev/null"))
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
            builder.environment().putAll(environment);
            process = builder.start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return process;
    }

    /** Waits until {@code /health} says 200. */
    void awaitReady() {
        await("the node to serve; its log:\n" + log)
                .atMost(START)
                .pollInterval(Duration.ofMillis(20))
                .until(() -> {
                    if (!guard().isAlive()) {
                        throw new AssertionError("the node ended with " + guard().exitValue() + "; its log:\n" + log());
                    }
                    try {
                        return get("/health").statusCode() == 200;
                    } catch (UncheckedIOException e) {
                        return false; // not listening yet, or what the file names is dead
                    }
                });
    }

    /** The process that was started: the guard. */
    Process guard() {
        return Objects.requireNonNull(process, "not started");
    }

    /** Whether it was started and has not ended. */
    boolean isRunning() {
        return process != null && process.isAlive();
    }

    /** The daemon, by its status. */
    ProcessHandle daemon() {
        long pid = ((Number) Objects.requireNonNull(status().get("pid"))).longValue();
        return ProcessHandle.of(pid).orElseThrow(() -> new AssertionError("status names a dead daemon: " + pid));
    }

    /** SIGTERM; waits for its end and gives its exit code. */
    int stop() {
        guard().destroy();
        Programs.endsWithin(guard().toHandle(), STOP);
        try {
            return guard().waitFor();
        } catch (InterruptedException e) {
            throw new AssertionError("interrupted", e);
        }
    }

    /** GET from its HTTP port. */
    HttpResponse<String> get(String path) {
        return get(path, HttpResponse.BodyHandlers.ofString(UTF_8));
    }

    <T> HttpResponse<T> get(String path, HttpResponse.BodyHandler<T> handler) {
        return get(path, handler, Duration.ofSeconds(30));
    }

    <T> HttpResponse<T> get(String path, HttpResponse.BodyHandler<T> handler, Duration limit) {
        try {
            Map<?, ?> file = (Map<?, ?>) parseJson(Files.readString(data().resolve("node.json")));
            HttpRequest request = HttpRequest.newBuilder(URI.create("http://" + file.get("http") + path))
                    .header("Authorization", "Bearer " + file.get("token"))
                    .timeout(limit)
                    .build();
            return http.send(request, handler);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new AssertionError("interrupted", e);
        }
    }

    /** How many requests of the kernel of one type there were, by its metrics. */
    Map<String, Long> requests() {
        Map<String, Long> counts = new TreeMap<>();
        Matcher matcher = REQUESTS.matcher(get("/metrics").body());
        while (matcher.find()) {
            counts.put(matcher.group(1), (long) Double.parseDouble(matcher.group(2)));
        }
        return counts;
    }

    /** A database as it was after a transaction. */
    byte[] export(String database, String txid) {
        HttpResponse<byte[]> response = get(
                "/export?db=" + URLEncoder.encode(database, UTF_8) + "&txid=" + txid,
                HttpResponse.BodyHandlers.ofByteArray());
        if (response.statusCode() != 200) {
            throw new AssertionError("export of " + database + " " + txid + ": " + new String(response.body(), UTF_8));
        }
        return response.body();
    }

    /** A database's transactions, oldest first. */
    List<?> history(String database) {
        HttpResponse<String> response = get("/log?db=" + URLEncoder.encode(database, UTF_8));
        if (response.statusCode() != 200) {
            throw new AssertionError("log of " + database + ": " + response.body());
        }
        return (List<?>) parseJson(response.body());
    }

    /** {@code GET /status}. */
    Map<?, ?> status() {
        return (Map<?, ?>) parseJson(get("/status").body());
    }

    /** The status, unless nobody answers in time. */
    Optional<Map<?, ?>> statusWithin(Duration limit) {
        try {
            HttpResponse<String> answer = get("/status", HttpResponse.BodyHandlers.ofString(UTF_8), limit);
            return answer.statusCode() == 200 ? Optional.of((Map<?, ?>) parseJson(answer.body())) : Optional.empty();
        } catch (UncheckedIOException e) {
            return Optional.empty();
        }
    }

    /** One database's entry of the status. */
    Map<?, ?> status(String database) {
        for (Object entry : (List<?>) Objects.requireNonNull(status().get("databases"))) {
            Map<?, ?> map = (Map<?, ?>) Objects.requireNonNull(entry);
            if (database.equals(map.get("name"))) {
                return map;
            }
        }
        throw new AssertionError("status does not name " + database + ": " + status());
    }

    /** JSON is YAML. */
    static Object parseJson(String text) {
        return Objects.requireNonNull(new Load(LoadSettings.builder().build()).loadFromString(text));
    }

    /** A command about this node. */
    Output command(String... words) {
        List<String> command = new ArrayList<>(List.of(launcher()));
        command.addAll(List.of(words));
        command.addAll(List.of("--data", data().toString()));
        return Programs.run(COMMAND, environment, command);
    }

    /** A command without a node. */
    static Output tool(String... words) {
        List<String> command = new ArrayList<>(List.of(launcher()));
        command.addAll(List.of(words));
        return Programs.run(COMMAND, Map.of(), command);
    }

    /** {@code X-pos}. */
    Pos position(String database) {
        try {
            String[] parts =
                    Files.readString(mount().resolve(database + "-pos")).strip().split("/");
            return new Pos(Long.parseUnsignedLong(parts[0], 16), Long.parseUnsignedLong(parts[1], 16));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A TXID and the database checksum after it. */
    record Pos(long txid, long checksum) {
        @Override
        public String toString() {
            return String.format("%016x/%016x", txid, checksum);
        }
    }

    /** Stops all its processes where they are, as a machine that hangs, until {@link #resume}. */
    void pause() {
        signal("STOP");
    }

    /** Lets them go on. */
    void resume() {
        signal("CONT");
    }

    private void signal(String name) {
        List<String> command = new ArrayList<>(List.of("kill", "-" + name));
        processes().forEach(handle -> command.add(Long.toString(handle.pid())));
        Programs.run(COMMAND, Map.of(), command);
    }

    /** Guard, daemon and app. */
    private List<ProcessHandle> processes() {
        List<ProcessHandle> all = new ArrayList<>();
        guard().descendants().forEach(all::add);
        all.add(guard().toHandle());
        return all;
    }

    /** sqlite3 on a database of the mount; its output, or an error as text. */
    Output sqlite(String database, String... sql) {
        List<String> command = new ArrayList<>(List.of(
                "sqlite3",
                "-bail",
                "-cmd",
                ".timeout 5000",
                mount().resolve(database).toString()));
        command.addAll(List.of(sql));
        return Programs.run(COMMAND, Map.of(), command);
    }

    /** Whether something is mounted at the mount point. */
    boolean isMounted() {
        return isMounted(mount());
    }

    private static boolean isMounted(Path directory) {
        try {
            return Files.readString(Path.of("/proc/self/mountinfo")).contains(" " + directory + " ");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What it has logged. */
    String log() {
        try {
            return Files.exists(log) ? Files.readString(log) : "";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Ends it without mercy, as the death of the machine's processes would. */
    void killAll() {
        // A guard that outlived its daemon, however shortly, could start another one.
        if (isRunning()) {
            Programs.run(COMMAND, "kill", "-STOP", Long.toString(guard().pid()));
        }
        List<ProcessHandle> all = processes();
        for (ProcessHandle handle : all) {
            handle.destroyForcibly();
        }
        for (ProcessHandle handle : all) {
            Programs.endsWithin(handle, STOP);
        }
    }

    /** Detaches what is mounted, without asking the node. */
    void unmount() {
        unmount(mount());
    }

    private static void unmount(Path directory) {
        for (int i = 0; i < 10 && isMounted(directory); i++) {
            Programs.run(COMMAND, "umount", "-l", directory.toString());
        }
    }

    @Override
    public void close() {
        try {
            if (process != null && guard().isAlive()) {
                guard().destroy();
                try {
                    Programs.endsWithin(guard().toHandle(), STOP);
                } finally {
                    killAll();
                }
            }
        } finally {
            unmount(mount());
            unmount(data());
            keepLog();
            Programs.deleteAll(directory);
        }
    }

    private void keepLog() {
        try {
            Path kept = Repository.module().resolve("target/node-logs");
            Files.createDirectories(kept);
            String name = Path.of(System.getProperty("java.io.tmpdir"))
                    .relativize(directory)
                    .toString()
                    .replace('/', '-');
            Files.writeString(kept.resolve(name + ".log"), log());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static String launcher() {
        return Launcher.PATH;
    }

    /** It builds when it is called first, and what is missing: not within the limits of a test. */
    private static final class Launcher {
        static final String PATH = System.getProperty(
                "ltxfs.launcher", Repository.root().resolve("ltxfs").toString());

        static {
            Programs.run(BUILD, PATH, "version").orFail();
        }
    }
}
