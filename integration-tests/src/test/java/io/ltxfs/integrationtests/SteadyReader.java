package io.ltxfs.integrationtests;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;

/** {@code steady_reader.py}: reads a pair of tables again and again while their database changes. */
final class SteadyReader implements AutoCloseable {
    /** Makes the pair. */
    static final String[] PAIR = {"CREATE TABLE one(n INTEGER, f BLOB)", "CREATE TABLE two(n INTEGER, f BLOB)"};

    private final Process process;
    private final BufferedReader output;

    SteadyReader(Path database) {
        try {
            process = new ProcessBuilder(
                            "python3",
                            Programs.pythonProgram("steady_reader.py").toString(),
                            database.toString())
                    .redirectErrorStream(true)
                    .start();
            output = new BufferedReader(new InputStreamReader(process.getInputStream(), UTF_8));
            if (!"ready".equals(output.readLine())) {
                throw new AssertionError("the reader does not start");
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** One transaction that changes both tables alike. */
    static String change(int number, int bytes) {
        return "BEGIN IMMEDIATE; INSERT INTO one VALUES(" + number + ", randomblob(" + bytes
                + ")); INSERT INTO two VALUES(" + number + ", zeroblob(" + bytes + ")); COMMIT;";
    }

    /**
     * What a reader found.
     *
     * @param wrong reads of a state that never was
     */
    record Found(long reads, List<?> wrong, List<?> errors) {}

    /** Ends it and says what it found. */
    Found stop() {
        try {
            process.getOutputStream().close();
            String line = output.readLine();
            if (!process.waitFor(120, TimeUnit.SECONDS) || line == null) {
                throw new AssertionError("the reader does not end: " + Programs.describe(process.pid()));
            }
            Map<?, ?> found = (Map<?, ?>) NodeUnderTest.parseJson(line);
            return new Found(
                    ((Number) Objects.requireNonNull(found.get("reads"))).longValue(),
                    (List<?>) Objects.requireNonNull(found.get("wrong")),
                    (List<?>) Objects.requireNonNull(found.get("errors")));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new AssertionError("interrupted", e);
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
