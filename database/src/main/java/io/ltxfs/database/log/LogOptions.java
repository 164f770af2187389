package io.ltxfs.database.log;

/**
 * Bounds of the log.
 *
 * @param segmentBytes a segment is closed when it has grown past this (default 16 MiB)
 * @param maxBytes history is kept up to this many bytes; what recovery needs is kept beyond it
 * @param flushLeader whether the caller of {@link TransactionLog#flush} may do the fdatasync itself when none is running
 *     (saves two thread switches); otherwise, and for everyone who joins a running flush, the flusher thread does it
 * @param threads false for a log that is driven by one thread: flushes run inside the call (simulation)
 * @param preallocate whether the blocks of segments are written ahead, so that a sync has fewer of them to care for
 */
public record LogOptions(long segmentBytes, long maxBytes, boolean flushLeader, boolean threads, boolean preallocate) {
    /** With segments that are written ahead unless it is driven by one thread. */
    public LogOptions(long segmentBytes, long maxBytes, boolean flushLeader, boolean threads) {
        this(segmentBytes, maxBytes, flushLeader, threads, threads);
    }

    public static LogOptions defaults() {
        return new LogOptions(16L << 20, 1L << 30, true, true);
    }
}
