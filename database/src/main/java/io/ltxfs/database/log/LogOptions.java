package io.ltxfs.database.log;

/**
 * Bounds of the log.
 *
 * @param segmentBytes a segment is closed when it has grown past this (default 16 MiB)
 * @param maxBytes history is kept up to this many bytes; what recovery needs is kept beyond it
 * @param flushLeader whether the caller of {@link TransactionLog#flush} may do the fdatasync itself when none is running
 *     (saves two thread switches); otherwise, and for everyone who joins a running flush, the flusher thread does it
 * @param threads false for a log that is driven by one thread: flushes run inside the call (simulation)
 */
public record LogOptions(long segmentBytes, long maxBytes, boolean flushLeader, boolean threads) {
    public static LogOptions defaults() {
        return new LogOptions(16L << 20, 1L << 30, true, true);
    }
}
