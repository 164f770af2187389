package io.ltxfs.node.daemon;

import io.ltxfs.database.DatabaseSetOptions;
import io.ltxfs.fusefs.Mount;
import io.ltxfs.fusefs.MountSettings;
import io.ltxfs.lease.UnfitStoreException;
import io.ltxfs.node.config.LtxfsConfig;
import io.ltxfs.node.roles.ClusterNode;
import io.ltxfs.node.roles.ClusterSetup;
import io.ltxfs.node.roles.ClusterView;
import io.ltxfs.node.roles.Roles;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a daemon does besides if its node is one of a cluster. */
final class ClusterDaemon implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ClusterDaemon.class);
    private static final Duration HAND_OVER_MAX = Duration.ofSeconds(10);
    private static final long LOOK_MILLIS = 20;

    /** Without a primary for so many TTLs, the app of a node that has databases is started all the same. */
    private static final int ALONE_TTLS = 4;

    private final LtxfsConfig config;
    private final Archiving archiving;
    private final boolean primaryOnly;
    private final ClusterNode node;
    private final CompletableFuture<Exception> failed = new CompletableFuture<>();
    private @Nullable ClusterArchiveSide archive;
    private @Nullable Thread watcher;
    private boolean closed;

    private ClusterDaemon(LtxfsConfig config, Archiving archiving, boolean primaryOnly, ClusterNode node) {
        this.config = config;
        this.archiving = archiving;
        this.primaryOnly = primaryOnly;
        this.node = node;
    }

    /**
     * Reads what the node remembers, and looks whether the lease's store is fit.
     *
     * @param primaryOnly the app is started on the primary only
     */
    static ClusterDaemon open(LtxfsConfig config, Archiving archiving, boolean primaryOnly) throws NodeException {
        ClusterNode node;
        try {
            node = ClusterNode.open(config);
        } catch (IOException e) {
            throw new NodeException(
                    "cluster", String.valueOf(e.getMessage()), "put it right, and start the node again", e);
        }
        try {
            node.probe();
        } catch (UnfitStoreException e) {
            node.close();
            throw new NodeException(
                    "lease.url", String.valueOf(e.getMessage()), "use a store that honours conditional writes", e);
        }
        return new ClusterDaemon(config, archiving, primaryOnly, node);
    }

    /** The node's role. */
    Roles roles() {
        return node;
    }

    /** Done with what went wrong if the node cannot take part, and will not without somebody's help. */
    CompletableFuture<Exception> failed() {
        return failed;
    }

    /** How the mount is made. */
    MountSettings settings(DatabaseSetOptions databases) {
        return new MountSettings(
                config.mount(),
                config.data(),
                databases,
                0,
                node::mayCommit,
                node::epoch,
                node::primaryHost,
                node::lagMillis,
                node::isReplica,
                FileOwners.of(config.files()),
                node);
    }

    /**
     * Takes part, now that the mount is there.
     *
     * @param onApplied told after each transaction that came from another node and is shown
     * @param onReady told once the app can be started
     */
    void start(Mount mount, Runnable onApplied, Runnable onReady) throws IOException {
        ClusterArchiveSide side = new ClusterArchiveSide(config, mount.databases(), archiving);
        archive = side;
        node.start(
                new ClusterSetup(mount.databases(), mount.replica(), side, HAND_OVER_MAX), failed::complete, onApplied);
        Thread thread = new Thread(() -> awaitServable(mount, onReady), "cluster-ready");
        thread.setDaemon(true);
        watcher = thread;
        thread.start();
    }

    private void awaitServable(Mount mount, Runnable onReady) {
        long begin = System.nanoTime();
        boolean failing = false;
        try {
            while (true) {
                try {
                    if (isServable(mount, begin)) {
                        break;
                    }
                    failing = false;
                } catch (RuntimeException e) { // the root of the thread: the app would never be started
                    if (!failing) {
                        LOG.error("could not see whether the app can be started, looks again", e);
                    }
                    failing = true;
                }
                TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
            }
            onReady.run();
        } catch (InterruptedException e) {
            LOG.debug("the node stops before it was ready");
        }
    }

    /** An app can be started on the primary, on a replica that has all, and where databases are and nobody leads. */
    private boolean isServable(Mount mount, long begin) {
        if (node.view().role() == ClusterView.Role.PRIMARY) {
            return true;
        }
        if (primaryOnly) {
            return false;
        }
        if (node.historyIsComplete() && node.hasAppliedAll()) {
            return true;
        }
        long alone = config.lease().ttl().multipliedBy(ALONE_TTLS).toNanos();
        if (System.nanoTime() - begin <= alone
                || node.isConnected()
                || mount.databases().all().isEmpty()) {
            return false;
        }
        LOG.warn(
                "no primary can be reached: starts to serve what is here, to readers only seconds={}",
                TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - begin));
        return true;
    }

    /** Reads certificates again. */
    void reload() {
        node.reload();
    }

    /** Gives the primary's role to a replica, if there is one, so that writers go on there. */
    void handOver(Duration within) throws InterruptedException {
        if (node.view().role() != ClusterView.Role.PRIMARY || !node.hasReplicas()) {
            return;
        }
        try {
            String done =
                    node.handOff(java.util.Optional.empty()).get(Math.max(within.toMillis(), 1), TimeUnit.MILLISECONDS);
            LOG.info("handed over: {}", done);
        } catch (java.util.concurrent.ExecutionException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            LOG.warn("could not hand over error=\"{}\"", cause.getMessage());
        } catch (java.util.concurrent.TimeoutException e) {
            LOG.warn("could not hand over in time millis={}", within.toMillis());
        }
    }

    /** Gives the lease back. */
    boolean leave(Duration within) throws InterruptedException {
        return node.leave(within);
    }

    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        Thread watching = watcher;
        if (watching != null) {
            watching.interrupt();
        }
        node.close();
        ClusterArchiveSide side = archive;
        if (side != null) {
            side.close();
        }
    }
}
