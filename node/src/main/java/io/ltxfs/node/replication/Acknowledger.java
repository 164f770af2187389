package io.ltxfs.node.replication;

import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.disk.Errno;
import io.ltxfs.database.receive.Receiver;
import io.ltxfs.node.cluster.Standing.Place;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Makes received transactions durable, with one flush at a time: what comes meanwhile waits for the next one, and is told
 * together. The log may be synced by the thread that asks for it, so that is one of its own: the one that takes what comes
 * goes on. Its monitor guards what waits; nothing is called while it is held.
 */
final class Acknowledger {
    private record Waiting(long lsn, String database, Place place) {}

    /** Told what is durable, in order; on the thread that flushes, so it must not block. */
    interface Told {
        void durable(Map<String, Place> places);

        void failed(DiskException failure);
    }

    private final Receiver receiver;
    private final Executor flusher;
    private final Told told;
    private final ArrayDeque<Waiting> waiting = new ArrayDeque<>();
    private boolean flushing;

    /** @param flusher one thread, that may wait for the disk */
    Acknowledger(Receiver receiver, Executor flusher, Told told) {
        this.receiver = receiver;
        this.flusher = flusher;
        this.told = told;
    }

    /** A transaction was received. */
    void received(long lsn, String database, Place place) {
        synchronized (this) {
            waiting.add(new Waiting(lsn, database, place));
            if (flushing) {
                return;
            }
            flushing = true;
        }
        flush(lsn);
    }

    private void flush(long lsn) {
        flusher.execute(() -> {
            try {
                receiver.flush(lsn, failure -> flushed(lsn, failure));
            } catch (RuntimeException | Error e) { // the root of the thread's work: nothing would be flushed any more
                told.failed(new DiskException(Errno.EIO, "the flush failed: " + e));
            }
        });
    }

    private void flushed(long lsn, @Nullable DiskException failure) {
        if (failure != null) {
            synchronized (this) {
                waiting.clear();
                flushing = false;
            }
            told.failed(failure);
            return;
        }
        Map<String, Place> durable = new HashMap<>();
        synchronized (this) {
            waiting.removeIf(one -> {
                boolean is = one.lsn <= lsn;
                if (is) {
                    durable.put(one.database, one.place);
                }
                return is;
            });
        }
        told.durable(durable);
        long next;
        synchronized (this) {
            flushing = !waiting.isEmpty();
            if (!flushing) {
                return;
            }
            next = waiting.stream().mapToLong(Waiting::lsn).max().orElse(lsn);
        }
        flush(next);
    }
}
