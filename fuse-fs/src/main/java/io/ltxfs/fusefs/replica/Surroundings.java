package io.ltxfs.fusefs.replica;

import io.ltxfs.database.Database;
import io.ltxfs.database.DatabaseSet;
import io.ltxfs.database.log.TransactionHeader;
import io.ltxfs.database.receive.Receiver;
import io.ltxfs.fusefs.own.OwnMountThread;
import io.ltxfs.fusefs.own.OwnMountThreads;
import io.ltxfs.fusefs.tree.Tree;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * What the followers of one mount share.
 *
 * @param reach whether files can be opened at this moment
 * @param applied told of each transaction that readers can see
 */
record Surroundings(
        DatabaseSet databases,
        Receiver receiver,
        OwnMountThreads own,
        String mountPoint,
        Tree tree,
        Supplier<Reach> reach,
        Consumer<TransactionHeader> applied,
        Tasks tasks) {
    private static final long INVALIDATION_SECONDS = 5;

    /** Runs followers. */
    interface Tasks {
        void soon(Runnable task);

        void later(Runnable task, long millis);
    }

    Optional<Database> database(String name) {
        return databases.find(name);
    }

    OwnMountThread thread(String name) {
        return own.forKey(name);
    }

    /** Waits until the kernel has forgotten what it was told to forget. */
    void awaitInvalidations() {
        CountDownLatch done = new CountDownLatch(1);
        tree.afterAllInvalidations(done::countDown);
        try {
            done.await(INVALIDATION_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
