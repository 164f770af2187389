package io.ltxfs.fusefs.host;

import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;

/** An answer that is given once, by whoever comes first. */
final class Once<T> {
    private final AtomicReference<Consumer<T>> to;

    Once(Consumer<T> to) {
        this.to = new AtomicReference<>(to);
    }

    /** @return false if it was given before */
    boolean give(T answer) {
        Consumer<T> first = to.getAndSet(null);
        if (first == null) {
            return false;
        }
        first.accept(answer);
        return true;
    }

    /** Whether it has been given. */
    boolean isGiven() {
        return to.get() == null;
    }
}
