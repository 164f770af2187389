package io.ltxfs.archive.restore;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.LongAccumulator;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * What of a partial database is done. A thread of its own makes it durable every 32 MiB and notes it
 * in the ledger: a restore that is killed goes on from there, and little is left to be synced at the end. Who writes
 * faster than the disk waits, so that never more than eight times that is not on it.
 */
final class Progress implements AutoCloseable {
    /** How many bytes are written between two syncs. */
    static final long STEP_BYTES = 32L << 20;

    private static final int WAITING_STEPS_MAX = 8;

    private final PartialFile file;
    private final Ledger.Start start;
    private final long stepBytes;
    private final LongAccumulator checksum = new LongAccumulator((a, b) -> a ^ b, 0);
    private final LongAdder pages = new LongAdder();
    private final Object monitor = new Object();

    // All below: under the monitor.
    private @Nullable Ledger ledger;
    private List<Ledger.Done> waiting = new ArrayList<>();
    private long waitingBytes;
    private @Nullable Thread thread;
    private boolean closed;
    private @Nullable IOException failure;

    /**
     * Begins.
     *
     * @param stepBytes how many bytes are written between two syncs
     * @param ledger the one to go on with; null makes one when there is enough to note
     */
    Progress(PartialFile file, Ledger.Start start, long stepBytes, @Nullable Ledger ledger) {
        this.file = file;
        this.start = start;
        this.stepBytes = stepBytes;
        this.ledger = ledger;
    }

    /** The XOR of the checksums of all pages that are done. */
    long checksum() {
        return checksum.get();
    }

    /** How many pages are done. */
    long pages() {
        return pages.sum();
    }

    /** Pages of an earlier restore were found again. */
    void found(long xor, long count) {
        checksum.accumulate(xor);
        pages.add(count);
    }

    /** Pages were written. */
    void written(Ledger.Done done) throws IOException {
        found(done.xor(), done.runs().pages());
        synchronized (monitor) {
            waiting.add(done);
            waitingBytes += done.runs().pages() * start.pageSize();
            if (waitingBytes >= stepBytes) {
                if (thread == null && !closed) {
                    Thread made = new Thread(this::run, "ltxfs-restore-sync");
                    made.setDaemon(true);
                    made.start();
                    thread = made;
                }
                monitor.notifyAll();
            }
            while (waitingBytes > WAITING_STEPS_MAX * stepBytes && failure == null && !closed) {
                await();
            }
            if (failure != null) {
                throw new IOException(failure.getMessage(), failure);
            }
        }
    }

    private void run() {
        try {
            while (true) {
                synchronized (monitor) {
                    while (waitingBytes < stepBytes && !closed) {
                        await();
                    }
                    if (closed) {
                        return;
                    }
                }
                note();
            }
        } catch (Throwable e) { // the root of the thread: those that write wait for it
            synchronized (monitor) {
                failure = e instanceof IOException io ? io : new IOException("the disk cannot be synced: " + e, e);
                monitor.notifyAll();
            }
        }
    }

    private void note() throws IOException {
        List<Ledger.Done> done;
        long bytes;
        synchronized (monitor) {
            done = waiting;
            bytes = waitingBytes;
            waiting = new ArrayList<>();
        }
        if (done.isEmpty()) {
            return;
        }
        file.sync();
        synchronized (monitor) {
            if (ledger == null) {
                ledger = Ledger.create(file.ledger(), start);
            }
            ledger.append(done);
            waitingBytes -= bytes;
            monitor.notifyAll();
        }
    }

    private void await() throws IOException {
        try {
            monitor.wait();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoppedException();
        }
    }

    /** Notes all that is done, because the restore ends early. The workers have stopped. */
    void save() throws IOException {
        stop();
        note();
    }

    private void stop() {
        @Nullable Thread running;
        synchronized (monitor) {
            closed = true;
            running = thread;
            monitor.notifyAll();
        }
        if (running != null) {
            try {
                running.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    @Override
    public void close() throws IOException {
        stop();
        synchronized (monitor) {
            if (ledger != null) {
                ledger.close();
            }
        }
    }
}
