package io.ltxfs.archive.upload;

import java.util.concurrent.atomic.AtomicLong;

/** What was uploaded since the start, for metrics. For use by many threads at once. */
public final class UploadCounters {
    private final AtomicLong puts = new AtomicLong();
    private final AtomicLong bytes = new AtomicLong();
    private final AtomicLong transactions = new AtomicLong();
    private final AtomicLong failures = new AtomicLong();
    private final AtomicLong images = new AtomicLong();

    /** Objects that were put. */
    public long puts() {
        return puts.get();
    }

    /** Bytes of them. */
    public long bytes() {
        return bytes.get();
    }

    /** Transactions that reached the archive. */
    public long transactions() {
        return transactions.get();
    }

    /** Tries that failed. */
    public long failures() {
        return failures.get();
    }

    /** Databases that were put whole. */
    public long images() {
        return images.get();
    }

    void put(long size) {
        puts.incrementAndGet();
        bytes.addAndGet(size);
    }

    void archived(long count) {
        transactions.addAndGet(count);
    }

    void failed() {
        failures.incrementAndGet();
    }

    void image() {
        images.incrementAndGet();
    }
}
