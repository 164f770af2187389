package io.ltxfs.integrationtests;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;

/** {@code append_clients.py} at work on one database of a cluster: eight processes on all its nodes. */
final class AppendClients implements AutoCloseable {
    private static final int CLIENTS = 8;
    private static final int PAUSE_MILLIS = 40;
    private static final int TIMEOUT_SECONDS = 5;

    private final ClusterUnderTest cluster;
    private final String database;
    private final Process process;
    private final Thread listener;
    private final ConcurrentLinkedQueue<Append> appends = new ConcurrentLinkedQueue<>();
    private final ConcurrentLinkedQueue<AppendRead> reads = new ConcurrentLinkedQueue<>();
    private final ConcurrentLinkedQueue<String> strange = new ConcurrentLinkedQueue<>();
    private final AtomicLong acknowledged = new AtomicLong();

    private AppendClients(ClusterUnderTest cluster, String database, String synchronous, long seed) {
        this.cluster = cluster;
        this.database = database;
        List<String> command = new ArrayList<>(List.of(
                "python3",
                Programs.pythonProgram("append_clients.py").toString(),
                database,
                Integer.toString(CLIENTS),
                Long.toString(seed),
                Integer.toString(PAUSE_MILLIS),
                Integer.toString(TIMEOUT_SECONDS),
                synchronous));
        cluster.nodes().forEach((name, node) -> command.add(cluster.address(node) + "=" + node.mount()));
        try {
            this.process = new ProcessBuilder(command).redirectErrorStream(true).start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        this.listener = new Thread(this::listen, "append-clients");
        listener.start();
    }

    /**
     * Makes the database on the primary, waits until all nodes have it, and starts the clients.
     *
     * @param journalMode of the database
     * @param synchronous of the clients' connections
     */
    static AppendClients start(
            ClusterUnderTest cluster, String database, String journalMode, String synchronous, long seed) {
        cluster.awaitPrimary()
                .sqlite(
                        database,
                        "PRAGMA journal_mode=" + journalMode,
                        "CREATE TABLE appends(id INTEGER PRIMARY KEY AUTOINCREMENT, client INTEGER, number INTEGER,"
                                + " filler BLOB, UNIQUE(client, number))")
                .orFail();
        cluster.awaitSame(database);
        return new AppendClients(cluster, database, synchronous, seed);
    }

    private void listen() {
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(process.getInputStream(), UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                take(line);
            }
        } catch (IOException e) {
            strange.add(e.toString());
        }
    }

    private void take(String line) {
        String[] words = line.split(" ", 8);
        if (words.length == 8 && words[0].equals("append")) {
            Append append = new Append(
                    Integer.parseInt(words[1]),
                    Long.parseLong(words[2]),
                    words[3],
                    Long.parseLong(words[4]),
                    Long.parseLong(words[5]),
                    Append.Outcome.valueOf(words[6].toUpperCase(Locale.ROOT)),
                    words[7]);
            appends.add(append);
            if (append.outcome() == Append.Outcome.OK) {
                acknowledged.incrementAndGet();
            }
        } else if (words.length == 8 && words[0].equals("read")) {
            reads.add(new AppendRead(
                    Integer.parseInt(words[1]),
                    words[2],
                    Long.parseLong(words[3]),
                    Long.parseLong(words[4]),
                    Long.parseLong(words[5]),
                    Integer.parseInt(words[6]),
                    Long.parseLong(words[7])));
        } else {
            strange.add(line);
        }
    }

    /** How many COMMITs have returned. */
    long acknowledged() {
        return acknowledged.get();
    }

    /** What has been heard of so far. */
    List<Append> appends() {
        return List.copyOf(appends);
    }

    /** Waits for so many more acknowledged appends: whatever happened, the cluster accepts writes again. */
    void awaitMore(long count) {
        long wanted = acknowledged() + count;
        cluster.awaiting(count + " more appends to be acknowledged", this::acknowledged, found -> {
            if (!process.isAlive()) {
                throw new AssertionError("the clients ended: " + strange);
            }
            return found >= wanted;
        });
    }

    /** Ends the clients; every operation that was begun ends first. */
    void stop() {
        try {
            process.getOutputStream().close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        await("the clients' end; one hangs?\n" + hanging())
                .atMost(Duration.ofSeconds(180))
                .until(() -> !process.isAlive());
        try {
            listener.join();
        } catch (InterruptedException e) {
            throw new AssertionError("interrupted", e);
        }
        if (process.exitValue() != 0 || !strange.isEmpty()) {
            throw new AssertionError("the clients failed: " + process.exitValue() + " " + strange);
        }
    }

    private String hanging() {
        StringBuilder text = new StringBuilder();
        process.descendants()
                .forEach(child -> text.append(Programs.describe(child.pid())).append('\n'));
        return text.toString();
    }

    /**
     * Stops the clients, waits until all running nodes are the same, and compares what is there with what was said.
     *
     * @return what happened, for the report
     */
    String stopAndVerify() {
        stop();
        cluster.awaitWhole();
        cluster.assertSame(database);
        List<AppendCheck.Row> rows = new ArrayList<>();
        String listed = cluster.awaitPrimary()
                .sqlite(database, "SELECT client || ' ' || number FROM appends ORDER BY id")
                .orFail();
        for (String line : listed.split("\n")) {
            String[] words = line.split(" ");
            if (words.length == 2) {
                rows.add(new AppendCheck.Row(Integer.parseInt(words[0]), Long.parseLong(words[1])));
            }
        }
        List<String> problems = AppendCheck.problems(appends(), rows);
        if (!problems.isEmpty()) {
            throw new AssertionError(problems.size() + " problems, of " + appends.size() + " appends:\n"
                    + String.join("\n", problems.subList(0, Math.min(20, problems.size()))) + "\n"
                    + cluster.describe());
        }
        return appends.size() + " appends: " + count(Append.Outcome.OK) + " acknowledged, "
                + count(Append.Outcome.REFUSED) + " refused, " + count(Append.Outcome.UNKNOWN) + " unknown; "
                + reads.size() + " reads, "
                + AppendCheck.strayReads(List.copyOf(reads), rows).size() + " of what was undone later";
    }

    private long count(Append.Outcome outcome) {
        return appends.stream().filter(append -> append.outcome() == outcome).count();
    }

    @Override
    public void close() {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
    }
}
