package io.ltxfs.objectstore.directory;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** A {@link StoreWorker} that was started, and what it has said so far. */
final class Worker implements AutoCloseable {
    private final Process process;
    private final List<String> lines = Collections.synchronizedList(new ArrayList<>());
    private final Thread reader;

    Worker(String mode, Path directory, String name, long number) throws IOException {
        this(List.of(), mode, directory, name, number);
    }

    /** Starts it by another program. */
    Worker(List<String> by, String mode, Path directory, String name, long number) throws IOException {
        List<String> command = new ArrayList<>(by);
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:-UsePerfData", "-Xshare:auto", "-Xmx64m"));
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), StoreWorker.class.getName()));
        command.addAll(List.of(mode, directory.toString(), name, Long.toString(number)));
        process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        reader = new Thread(this::read, "worker-" + name);
        reader.start();
    }

    private void read() {
        try (BufferedReader in = process.inputReader(StandardCharsets.US_ASCII)) {
            // A process that is killed may have said half a line.
            StringBuilder line = new StringBuilder();
            for (int c; (c = in.read()) >= 0; ) {
                if (c == '\n') {
                    lines.add(line.toString());
                    line.setLength(0);
                } else {
                    line.append((char) c);
                }
            }
        } catch (IOException e) {
            lines.add("reading failed: " + e);
        }
    }

    List<String> lines() {
        synchronized (lines) {
            return List.copyOf(lines);
        }
    }

    /** kill -9, and waits until all it said has been read. */
    void kill() throws InterruptedException {
        // Process.destroyForcibly would close its output, and lose what has not been read yet.
        process.toHandle().destroyForcibly();
        process.waitFor();
        reader.join();
    }

    /** Waits for its end. */
    int await() throws InterruptedException {
        int code = process.waitFor();
        reader.join();
        return code;
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
