package io.ltxfs.objectstore.probe;

import io.ltxfs.objectstore.ObjectBody;
import io.ltxfs.objectstore.ObjectStore;
import io.ltxfs.objectstore.PutOptions;
import io.ltxfs.objectstore.StoreException;
import io.ltxfs.objectstore.StoreException.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Several writers whose puts all have the same condition, which can hold for one of them only. */
final class WriteRace {
    private static final int WRITERS = 4;

    private final ObjectStore store;
    private final Supplier<String> keys;
    private final Supplier<ObjectBody> bodies;

    WriteRace(ObjectStore store, Supplier<String> keys, Supplier<ObjectBody> bodies) {
        this.store = store;
        this.keys = keys;
        this.bodies = bodies;
    }

    boolean letsOneCreate() throws StoreException {
        return winners(keys.get(), PutOptions.create()) <= 1;
    }

    boolean letsOneReplace() throws StoreException {
        String key = keys.get();
        String etag = store.put(key, bodies.get(), PutOptions.replace());
        return winners(key, PutOptions.ifMatch(etag)) <= 1;
    }

    private int winners(String key, PutOptions options) throws StoreException {
        AtomicInteger winners = new AtomicInteger();
        AtomicReference<@Nullable StoreException> failure = new AtomicReference<>();
        CyclicBarrier start = new CyclicBarrier(WRITERS);
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < WRITERS; i++) {
            ObjectBody body = bodies.get();
            Thread thread = new Thread(
                    () -> {
                        try {
                            start.await();
                            store.put(key, body, options);
                            winners.incrementAndGet();
                        } catch (StoreException e) {
                            if (e.kind() != Kind.PRECONDITION_FAILED && e.kind() != Kind.CONFLICT) {
                                failure.set(e);
                            }
                        } catch (InterruptedException | BrokenBarrierException e) {
                            Thread.currentThread().interrupt();
                        }
                    },
                    "ltxfs-probe-" + i);
            thread.setDaemon(true);
            threads.add(thread);
            thread.start();
        }
        try {
            for (Thread thread : threads) {
                thread.join();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            threads.forEach(Thread::interrupt);
            throw new StoreException(Kind.UNAVAILABLE, store.describe(key) + ": interrupted", e);
        }
        StoreException failed = failure.get();
        if (failed != null && winners.get() <= 1) {
            throw failed;
        }
        return winners.get();
    }
}
