package io.ltxfs.node.guard;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.IntConsumer;

/** The daemon as a child: a pipe each way, standard error shared. */
final class DaemonProcess {
    /** So much free memory the C library may keep at an arena's end. */
    private static final String TRIM_BYTES = "1048576";

    private final Process process;
    private final OutputStream toDaemon;

    private DaemonProcess(Process process) {
        this.process = process;
        this.toDaemon = process.getOutputStream();
    }

    /**
     * Starts it.
     *
     * @param lines gets each line of the protocol, on a thread of its own
     * @param ended gets the exit code after the last line, on the same thread
     */
    static DaemonProcess start(List<String> command, Consumer<Protocol.Line> lines, IntConsumer ended)
            throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.redirectError(ProcessBuilder.Redirect.INHERIT);
        // glibc gives many threads an arena each, and keeps in it what they have freed.
        builder.environment().putIfAbsent("MALLOC_ARENA_MAX", "2");
        builder.environment().putIfAbsent("MALLOC_TRIM_THRESHOLD_", TRIM_BYTES);
        Process process = builder.start();
        Thread reader = new Thread(
                () -> {
                    readLines(process, lines);
                    ended.accept(waitFor(process));
                },
                "guard-daemon");
        reader.setDaemon(true);
        reader.start();
        return new DaemonProcess(process);
    }

    long pid() {
        return process.pid();
    }

    /** Sends a line. A daemon that is gone hears nothing; its end is reported elsewhere. */
    void send(String line) {
        try {
            toDaemon.write((line + "\n").getBytes(StandardCharsets.UTF_8));
            toDaemon.flush();
        } catch (IOException e) {
            // the pipe is closed: the reader reports the daemon's end
        }
    }

    /** Ends it at once. */
    void kill() {
        process.destroyForcibly();
    }

    private static void readLines(Process process, Consumer<Protocol.Line> lines) {
        try (BufferedReader reader =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                Protocol.parse(line).ifPresentOrElse(lines, passOn(line));
            }
        } catch (IOException e) {
            // the pipe broke: the daemon is ending
        }
    }

    private static Runnable passOn(String line) {
        return () -> System.err.println(line);
    }

    private static int waitFor(Process process) {
        while (true) {
            try {
                return process.waitFor();
            } catch (InterruptedException e) {
                // this thread exists to wait
            }
        }
    }
}
