package io.ltxfs.node.replication;

import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Threads with names, that say when they fail. */
final class Threads {
    private static final Logger LOG = LoggerFactory.getLogger(Threads.class);

    private Threads() {}

    static ThreadFactory daemon(String name) {
        AtomicInteger number = new AtomicInteger();
        return task -> make(name + "-" + number.incrementAndGet(), task);
    }

    static Thread make(String name, Runnable task) {
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        thread.setUncaughtExceptionHandler((failed, failure) ->
                LOG.error("a thread of the replication failed: thread={}", failed.getName(), failure));
        return thread;
    }
}
