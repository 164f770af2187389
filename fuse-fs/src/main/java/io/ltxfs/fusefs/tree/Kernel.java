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
 * Tells the kernel to forget, from a thread of its own: a notification may wait for locks that the kernel holds during
 * the very request whose handler asks for it (D4).
 */
final class Kernel implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Kernel.class);

    private final ExecutorService thread = Executors.newSingleThreadExecutor(task -> {
        Thread t = new Thread(task, "ltxfs-notify");
        t.setDaemon(true);
        return t;
    });
    private volatile @Nullable Notifier notifier;

    void attach(Notifier newNotifier) {
        notifier = newNotifier;
    }

    /** Drops attributes and cached pages of a range; a length of 0 means to the end. */
    void forgetRange(long node, long offset, long length) {
        send(n -> n.invalInode(node, offset, length));
    }

    /** Drops a name. */
    void forgetName(long parent, String name) {
        send(n -> n.invalEntry(parent, name));
    }

    /** Runs a task after the notifications that were asked for before; at once when there is nobody to notify. */
    void after(Runnable task) {
        try {
            thread.execute(task);
        } catch (RejectedExecutionException e) {
            task.run();
        }
    }

    private interface Call {
        void on(Notifier notifier) throws IOException;
    }

    private void send(Call call) {
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
        thread.shutdown();
    }
}
