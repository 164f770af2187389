package io.ltxfs.integrationtests;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** One SQLite connection of another process ({@code session.py}), kept open over what happens to its node. */
final class Session implements AutoCloseable {
    private static final int ANSWER_SECONDS = 120;

    private final Process process;
    private final LinkedBlockingQueue<String> answers = new LinkedBlockingQueue<>();

    /** What one statement brought; the error is empty if there was none. */
    record Answer(List<?> rows, String error) {
        /** The only value. */
        Object value() {
            if (!error.isEmpty()) {
                throw new AssertionError(error);
            }
            return Objects.requireNonNull(((List<?>) Objects.requireNonNull(rows.get(0))).get(0));
        }
    }

    private Session(Path database, String mode, int timeoutSeconds, List<String> prefix) {
        List<String> command = new ArrayList<>(prefix);
        try {
            // The system's own, and not by the program's path: another user may not reach what is root's.
            command.addAll(List.of(
                    Files.exists(Path.of("/usr/bin/python3")) ? "/usr/bin/python3" : "python3",
                    "-c",
                    Files.readString(Programs.pythonProgram("session.py")),
                    database.toString(),
                    mode,
                    Integer.toString(timeoutSeconds)));
            this.process = new ProcessBuilder(command).redirectErrorStream(true).start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Thread listener = new Thread(this::listen, "session-" + database.getFileName());
        listener.setDaemon(true);
        listener.start();
    }

    /** Opens a database that is there, with a busy timeout of five seconds. */
    static Session open(NodeUnderTest node, String database) {
        return new Session(node.mount().resolve(database), "rw", 5, List.of());
    }

    /** The same, but it makes the database if it is not there, and has a busy timeout of its own. */
    static Session create(NodeUnderTest node, String database, int timeoutSeconds, String... prefix) {
        return new Session(node.mount().resolve(database), "rwc", timeoutSeconds, List.of(prefix));
    }

    private void listen() {
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(process.getInputStream(), UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                answers.add(line);
            }
        } catch (IOException e) {
            answers.add("{\"error\": \"the session ended\"}");
        }
    }

    /** Sends a statement and waits for nothing. */
    void send(String sql) {
        try {
            OutputStream input = process.getOutputStream();
            String json = "\"" + sql.replace("\\", "\\\\").replace("\"", "\\\"") + "\"\n";
            input.write(json.getBytes(UTF_8));
            input.flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Waits for the answer to the oldest statement that has none. */
    Answer answer() {
        try {
            String line = answers.poll(ANSWER_SECONDS, TimeUnit.SECONDS);
            if (line == null) {
                throw new AssertionError("no answer: " + Programs.describe(process.pid()));
            }
            Map<?, ?> parsed = (Map<?, ?>) NodeUnderTest.parseJson(line);
            Object error = parsed.get("error");
            Object rows = parsed.get("rows");
            return new Answer(rows == null ? List.of() : (List<?>) rows, error == null ? "" : error.toString());
        } catch (InterruptedException e) {
            throw new AssertionError("interrupted", e);
        }
    }

    /** Whether the oldest statement without an answer has one now. */
    boolean isAnswered() {
        return !answers.isEmpty();
    }

    /** Runs a statement. */
    Answer execute(String sql) {
        send(sql);
        return answer();
    }

    /** Runs a statement that must work. */
    Answer run(String sql) {
        Answer answer = execute(sql);
        if (!answer.error().isEmpty()) {
            throw new AssertionError(sql + ": " + answer.error());
        }
        return answer;
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
