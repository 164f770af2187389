package io.ltxfs.fusefs.tree;

import io.ltxfs.fusefs.transport.Notifier;
import java.io.IOException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the kernel to forget, from threads of its own: a notification may wait for locks that the kernel holds during
 * the very request whose handler asks for it (D4).
 *
 * <p>Some requests are answered only when pages are dropped ({@link #after}). One that waits so holds its directory's lock
 * in the kernel (UNLINK) or its file's first page (a WRITE over a journal's header), so nothing that may wait for either
 * is told in front of it: what no request waits for has a thread of its own.
 */
final class Kernel implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Kernel.class);

    private final ExecutorService awaited = thread("ltxfs-notify");
    private final ExecutorService others = thread("ltxfs-notify-others");
    private volatile @Nullable Notifier notifier;

    private static ExecutorService thread(String name) {
        return Executors.newSingleThreadExecutor(task -> {
            Thread thread = new Thread(task, name);
            thread.setDaemon(true);
            return thread;
        });
    }

    void attach(Notifier newNotifier) {
        notifier = newNotifier;
    }

    /**
     * Drops attributes and cached pages of a range, for {@link #after}; a length of 0 means to the end. Not for pages that a
     * request may be writing whose answer waits for that.
     */
    void dropRange(long node, long offset, long length) {
        send(awaited, n -> n.invalInode(node, offset, length));
    }

    /** Runs a task after every {@link #dropRange} that was asked for before; at once when there is nobody to notify. */
    void after(Runnable task) {
        run(awaited, task);
    }

    /** Drops attributes and cached pages of a range; a length of 0 means to the end, a negative offset attributes only. */
    void forgetRange(long node, long offset, long length) {
        send(others, n -> n.invalInode(node, offset, length));
    }

    /** Drops a name. */
    void forgetName(long parent, String name) {
        send(others, n -> n.invalEntry(parent, name));
    }

    /** Runs a task after everything that was asked for before. Not for what answers a request. */
    void afterAll(Runnable task) {
        after(() -> run(others, task));
    }

    private static void run(ExecutorService thread, Runnable task) {
        try {
            thread.execute(task);
        } catch (RejectedExecutionException e) {
            task.run();
        }
    }

    private interface Call {
        void on(Notifier notifier) throws IOException;
    }

    private void send(ExecutorService thread, Call call) {
        Notifier to = notifier;
        if (to == null) {
            return;
        }
        try {
            thread.execute(() -> {
                try {
                    call.on(to);
                } catch (IOException e) {
                    LOG.debug("kernel not notified: {}", e.getMessage());
                }
            });
        } catch (RejectedExecutionException e) {
            LOG.debug("kernel not notified: the mount is closed");
        }
    }

    @Override
    public void close() {
        awaited.shutdown();
        others.shutdown();
    }
}
