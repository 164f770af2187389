package io.ltxfs.node.cli.archive;

import java.io.PrintWriter;

/** A line on standard error that is written over again and again; nothing where that is no terminal. */
final class ProgressLine implements AutoCloseable {
    private static final long EVERY_NANOS = 100_000_000;

    private final PrintWriter err;
    private final String what;
    private final boolean shown = System.console() != null;
    private long last = System.nanoTime() - EVERY_NANOS;
    private int width;

    ProgressLine(PrintWriter err, String what) {
        this.err = err;
        this.what = what;
    }

    /** Shows how far it is, ten times a second at most. */
    synchronized void show(String text) {
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
