package io.ltxfs.node.cli.archive;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;

/** A line on standard error that is written over again and again; nothing where that is no terminal. */
public final class ProgressLine implements AutoCloseable {
    private static final long EVERY_NANOS = 100_000_000;

    private final PrintWriter err;
    private final String what;
    private final boolean shown = isTerminal();
    private long last = System.nanoTime() - EVERY_NANOS;
    private int width;

    /**
     * Begins with nothing shown.
     *
     * @param what stands before every text
     */
    public ProgressLine(PrintWriter err, String what) {
        this.err = err;
        this.what = what;
    }

    /** Whether standard error is a terminal, whatever the other streams are. */
    private static boolean isTerminal() {
        try {
            String target = Files.readSymbolicLink(Path.of("/proc/self/fd/2")).toString();
            return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty") || target.equals("/dev/console");
        } catch (IOException e) {
            return false;
        }
    }

    /** Shows how far it is, ten times a second at most. */
    public synchronized void show(String text) {
        long now = System.nanoTime();
        if (!shown || now - last < EVERY_NANOS) {
            return;
        }
        last = now;
        String line = what + ": " + text;
        err.print("\r" + line + " ".repeat(Math.max(0, width - line.length())));
        err.flush();
        width = line.length();
    }

    @Override
    public synchronized void close() {
        if (width > 0) {
            err.print("\r" + " ".repeat(width) + "\r");
            err.flush();
            width = 0;
        }
    }
}
