package io.ltxfs.node.roles;

import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/** Requests that wait for their answer, each under a number of its own. For all threads. */
final class Pending<T> {
    private final AtomicLong numbers;
    private final ConcurrentHashMap<Long, CompletableFuture<T>> waiting = new ConcurrentHashMap<>();

    /** @param numbers gives numbers that nobody else has */
    Pending(AtomicLong numbers) {
        this.numbers = numbers;
    }

    /** A new one. */
    long add(CompletableFuture<T> answer) {
        long number = numbers.incrementAndGet();
        waiting.put(number, answer);
        return number;
    }

    /** One to be answered; it waits no more. Empty if it is none of these. */
    Optional<CompletableFuture<T>> take(long number) {
        return Optional.ofNullable(waiting.remove(number));
    }

    /** How many wait. */
    int size() {
        return waiting.size();
    }

    /** Answers all with a failure. */
    void failAll(Throwable why) {
        waiting.keySet().forEach(number -> take(number).ifPresent(answer -> answer.completeExceptionally(why)));
    }
}
