package io.ltxfs.fusefs.replica;

import io.ltxfs.database.log.TransactionHeader;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/** The replica's side of one mount. */
public final class Replica implements ReplicaMount {
    private final List<Consumer<TransactionHeader>> listeners = new CopyOnWriteArrayList<>();

    @Override
    public CompletableFuture<Void> follow(Duration bound, boolean force) {
        return CompletableFuture.completedFuture(null);
    }

    @Override
    public CompletableFuture<Void> lead() {
        return CompletableFuture.completedFuture(null);
    }

    @Override
    public void letWrite() {}

    @Override
    public void onApplied(Consumer<TransactionHeader> listener) {
        listeners.add(listener);
    }

    @Override
    public List<Waiting> waiting() {
        return List.of();
    }
}
