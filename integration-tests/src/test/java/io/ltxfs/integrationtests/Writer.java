package io.ltxfs.integrationtests;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.awaitility.Awaitility;

/** {@code writer.py} at work on one database; counts what it was told is committed. */
final class Writer {
    private final Path database;
    private final Process process;
    private final AtomicLong acknowledged = new AtomicLong();
    private final Thread listener;
    private volatile long begunAt = -1;
    private volatile String error = "";

    /** Starts it; {@code prefix} is put before the command, to run it as another user. */
    Writer(Path database, String journalMode, String synchronous, String... prefix) {
        this.database = database;
        java.util.List<String> command = new java.util.ArrayList<>(java.util.List.of(prefix));
        command.addAll(java.util.List.of(
                "python3",
                Programs.pythonProgram("writer.py").toString(),
                database.toString(),
                journalMode,
                synchronous));
        try {
            this.process = new ProcessBuilder(command).redirectErrorStream(true).start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        this.listener = new Thread(this::listen, "writer-" + database.getFileName());
        listener.start();
    }

    private void listen() {
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(process.getInputStream(), UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (line.startsWith("ack ")) {
                    acknowledged.set(Long.parseLong(line.substring(4)));
                } else if (line.startsWith("ready ")) {
                    acknowledged.set(Long.parseLong(line.substring(6)));
                    begunAt = acknowledged.get();
                } else {
                    error += line + "\n";
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Path database() {
        return database;
    }

    /** The last number whose COMMIT has returned, as far as it has been heard of. */
    long acknowledged() {
        return acknowledged.get();
    }

    /** Commits of this writer. */
    long commits() {
        return begunAt < 0 ? 0 : acknowledged.get() - begunAt;
    }

    /** What went wrong, if anything did. */
    String error() {
        return error;
    }

    /** Waits until it has committed that often; fails at once if it ends before. */
    void awaitCommits(long count, Duration limit) {
        Awaitility.await(database + " to commit " + count + " times")
                .atMost(limit)
                .pollInterval(Duration.ofMillis(5))
                .until(() -> {
                    if (commits() < count && !process.isAlive()) {
                        listener.join();
                        if (commits() < count) {
                            throw new AssertionError(database + ": writer ended: " + error);
                        }
                    }
                    return commits() >= count;
                });
    }

    /** Waits for its end by itself, which an error brings. */
    void awaitEnd(Duration limit) {
        Programs.endsWithin(process.toHandle(), limit);
        joinListener();
    }

    /** {@code kill -9}; it must be gone at once, or it hangs in the kernel. */
    void kill() {
        // Process.destroyForcibly would close its output, and lose what it has acknowledged and nobody has read yet.
        process.toHandle().destroyForcibly();
        awaitEnd(Duration.ofSeconds(60));
    }

    boolean isAlive() {
        return process.isAlive();
    }

    private void joinListener() {
        try {
            listener.join();
        } catch (InterruptedException e) {
            throw new AssertionError("interrupted", e);
        }
    }
}
