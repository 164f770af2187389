package io.ltxfs.node.daemon;

import io.ltxfs.database.DatabaseSetOptions;
import io.ltxfs.database.Position;
import io.ltxfs.database.log.LogOptions;
import io.ltxfs.fusefs.Mount;
import io.ltxfs.fusefs.MountSettings;
import io.ltxfs.fusefs.kernel.MountRefusedException;
import io.ltxfs.fusefs.transport.Transport;
import io.ltxfs.node.Version;
import io.ltxfs.node.config.ConfigException;
import io.ltxfs.node.config.LoadedConfig;
import io.ltxfs.node.config.LtxfsConfig;
import io.ltxfs.node.config.Unjournaled;
import io.ltxfs.node.config.WhenLogIsFull;
import io.ltxfs.node.guard.MarkedProcesses;
import io.ltxfs.node.guard.Signals;
import io.ltxfs.node.logging.LogSetup;
import io.ltxfs.node.roles.AloneRoles;
import io.ltxfs.node.roles.ArchiveWaits;
import io.ltxfs.node.roles.ClusterView;
import io.ltxfs.node.roles.Roles;
import java.io.IOException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A node from start to stop: take the data directory, clear the mount point, recover, mount, tell the guard, serve;
 * then unmount, flush and let go.
 */
public final class Daemon {
    private static final Logger LOG = LoggerFactory.getLogger(Daemon.class);
    private static final Duration POLL = Duration.ofMillis(20);

    /** What is kept of the stop's time for flushing, after waiting for open files: a quarter, at most this. */
    private static final Duration FLUSH_SHARE_MAX = Duration.ofSeconds(5);

    /** What giving the lease back may take at least. */
    private static final Duration LEAVE = Duration.ofSeconds(1);

    private final LtxfsConfig config;
    private final List<String> notices;
    private final GuardLink guard;
    private final Archiving archiving;
    private final boolean primaryOnly;

    /** A node that is alone has its role from the beginning, one of a cluster when the data directory is there. */
    private volatile Roles roles;

    private final MetricsText metrics;
    private volatile @Nullable ClusterDaemon cluster;
    private final ArchiveWaits archiveWaits;
    private final PositionWaits waits = new PositionWaits(this::appliedTxid);

    /** Set once the mount is there; cleared when it is being taken away. */
    private volatile @Nullable Mount serving;

    private Daemon(LoadedConfig loaded, GuardLink guard, boolean primaryOnly) {
        this.config = loaded.config();
        this.notices = loaded.notices();
        this.guard = guard;
        this.archiving = Archiving.open(config);
        this.archiveWaits = new ArchiveWaits(config, archiving::whenArchived);
        this.roles = new AloneRoles(self(config), () -> serving != null, archiveWaits::warnings);
        this.primaryOnly = primaryOnly;
        this.metrics = new MetricsText(archiving, () -> roles.view());
    }

    private static ClusterView.Member self(LtxfsConfig config) {
        return new ClusterView.Member(
                config.node().id(), config.node().advertise().toString());
    }

    private long appliedTxid(String database) {
        Mount mount = serving;
        return mount == null
                ? 0
                : mount.replica().readable(database).map(Position::txid).orElse(0L);
    }

    /**
     * Runs a node until it is told to stop.
     *
     * @param reload loads the configuration again, for SIGHUP
     * @param user whom the guard runs the app as
     * @param primaryOnly the guard starts the app only once the node is the primary
     * @return the exit code
     */
    public static int run(
            LoadedConfig loaded,
            Supplier<LtxfsConfig> reload,
            Optional<String> user,
            boolean primaryOnly,
            GuardLink guard)
            throws InterruptedException {
        Daemon daemon = new Daemon(loaded, guard, primaryOnly);
        daemon.introduce(user);
        guard.listen(() -> daemon.reload(reload));
        Signals.take(name -> {
            if (name.equals("TERM") || name.equals("INT")) {
                guard.send("stop", Map.of());
            } else if (name.equals("HUP")) {
                daemon.reload(reload);
            }
        });
        try {
            return daemon.run();
        } catch (NodeException e) {
            LOG.debug("could not go on", e);
            System.err.println("ltxfs: " + e.getMessage());
            return 1;
        }
    }

    private void introduce(Optional<String> user) {
        Map<String, String> values = new LinkedHashMap<>();
        values.put("mount", config.mount().toString());
        values.put("stop-timeout", Long.toString(config.stopTimeout().toMillis()));
        values.put("on-daemon-death", config.onDaemonDeath().name().toLowerCase(java.util.Locale.ROOT));
        user.ifPresent(name -> values.put("user", name));
        guard.send("config", values);
    }

    private void reload(Supplier<LtxfsConfig> reload) {
        try {
            LogSetup.setLevel(reload.get().logLevel().name());
            ClusterDaemon member = cluster;
            if (member != null) {
                member.reload();
            }
            LOG.info("read the configuration again");
        } catch (ConfigException e) {
            LOG.warn("kept the configuration, the new one is wrong error={}", e.getMessage());
        }
    }

    private int run() throws NodeException, InterruptedException {
        Transport transport = TransportChoice.of(config);
        try (archiving;
                waits;
                archiveWaits;
                DataDirectory data = DataDirectory.create(config.data());
                HttpPort http = HttpPort.open(config.httpListen())) {
            MountPoint.prepare(config.mount());
            archiving.makeDirectory();
            NodeFile node = NodeFile.create(
                    ProcessHandle.current().pid(),
                    http.address(),
                    config.mount(),
                    config.archive().url().text());
            node.write(data.path());
            if (config.isCluster()) {
                ClusterDaemon member = ClusterDaemon.open(config, archiving, primaryOnly);
                cluster = member;
                roles = member.roles();
            }
            http.serve(
                    new HttpApi(this::status, () -> Optional.ofNullable(serving), metrics, roles, waits), node.token());
            notices.forEach(notice -> LOG.warn("{}", notice));
            try {
                return serve(transport);
            } finally {
                closeCluster();
                NodeFile.remove(data.path());
            }
        } catch (IOException e) {
            throw new NodeException(
                    "data " + config.data(), e.toString(), "check the disk, and the directory's permissions", e);
        }
    }

    private int serve(Transport transport) throws NodeException, InterruptedException {
        long begin = System.nanoTime();
        Mount mount;
        restoreIfNew();
        try {
            mount = Mount.start(settings(), transport);
        } catch (MountRefusedException e) {
            throw new NodeException("mount " + config.mount(), e.why(), e.advice(), e);
        } catch (IOException e) {
            throw new NodeException("mount " + config.mount(), String.valueOf(e.getMessage()), "see 'ltxfs doctor'", e);
        }
        serving = mount;
        guard.send("mounted", Map.of("connection", Integer.toString(mount.connection())));
        ClusterDaemon member = cluster;
        if (member == null) {
            guard.send("ready", Map.of());
        }
        LOG.info(
                "serving mount={} data={} databases={} startMillis={}",
                config.mount(),
                config.data(),
                mount.databases().all().size(),
                TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin));
        if (member == null) {
            archiving.start(mount.databases(), () -> 0L);
        } else {
            takePart(member, mount);
        }
        watchForUnmount(mount);
        GuardLink.Stop stop = awaitStop();
        if (stop.cause() == GuardLink.Stop.Cause.GUARD_DIED) {
            stop = endApp();
        }
        return stop(mount, stop);
    }

    private void takePart(ClusterDaemon member, Mount mount) throws NodeException {
        try {
            member.start(mount, waits::moved, () -> guard.send("ready", Map.of()));
        } catch (IOException e) {
            throw new NodeException("cluster", String.valueOf(e.getMessage()), "see 'ltxfs doctor'", e);
        }
        member.failed().thenAccept(failure -> {
            System.err.println("ltxfs: cluster: " + failure.getMessage() + "; put it right, and start the node again");
            guard.stop().complete(new GuardLink.Stop(GuardLink.Stop.Cause.FAILED, config.stopTimeout()));
        });
    }

    private void closeCluster() {
        ClusterDaemon member = cluster;
        if (member != null) {
            member.close();
        }
    }

    /** A data directory that never had a database gets what the archive has. */
    private void restoreIfNew() throws NodeException, InterruptedException {
        if (archiving.archive().isEmpty()) {
            return;
        }
        try {
            FirstRestore.runIfDue(
                    config.data(),
                    config.mount(),
                    archiving.archive().get(),
                    databaseOptions(),
                    () -> guard.stop().isDone());
        } catch (IOException e) {
            throw new NodeException(
                    "restore into " + config.data(),
                    String.valueOf(e.getMessage()),
                    "check the disk, and start again",
                    e);
        }
    }

    private MountSettings settings() {
        ClusterDaemon member = cluster;
        if (member != null) {
            return member.settings(databaseOptions());
        }
        MountSettings alone = MountSettings.alone(config.mount(), config.data(), databaseOptions());
        return alone.with(FileOwners.of(config.files()), archiveWaits);
    }

    private DatabaseSetOptions databaseOptions() {
        LogOptions log = LogOptions.defaults();
        DatabaseSetOptions defaults = DatabaseSetOptions.defaults();
        return new DatabaseSetOptions(
                new LogOptions(log.segmentBytes(), config.logMaxBytes(), log.flushLeader(), log.threads()),
                name -> config.unjournaledFor(name) == Unjournaled.REFUSE,
                defaults.stageMemoryBytes(),
                defaults.clockMillis(),
                config.archive().logFull() == WhenLogIsFull.REFUSE_WRITES
                        ? DatabaseSetOptions.Behind.REFUSE_WRITES
                        : DatabaseSetOptions.Behind.START_OVER);
    }

    private Map<String, Object> status() {
        return StatusDocument.of(
                config,
                ProcessHandle.current().pid(),
                Version.text(),
                Optional.ofNullable(serving),
                archiving,
                roles.view(),
                notices);
    }

    private void watchForUnmount(Mount mount) {
        Thread thread = new Thread(
                () -> {
                    try {
                        while (!mount.awaitEnd(Duration.ofHours(1))) {
                            // it is still there
                        }
                        guard.stop().complete(new GuardLink.Stop(GuardLink.Stop.Cause.UNMOUNTED, Duration.ZERO));
                    } catch (InterruptedException e) {
                        // the process ends
                    }
                },
                "mount-watch");
        thread.setDaemon(true);
        thread.start();
    }

    private GuardLink.Stop awaitStop() throws InterruptedException {
        try {
            return guard.stop().get();
        } catch (ExecutionException e) {
            throw new IllegalStateException("a stop never fails", e);
        }
    }

    /** The guard has died: asks the app to end, and kills it when three quarters of the time have gone. */
    private GuardLink.Stop endApp() throws InterruptedException {
        LOG.warn("the guard has died: stopping");
        long deadline = System.nanoTime() + config.stopTimeout().toNanos();
        long killAt = deadline - flushShare(config.stopTimeout()).toNanos();
        Optional<MarkedProcesses> app = guard.app();
        if (app.isPresent()) {
            app.get().terminate();
            while (!app.get().alive().isEmpty() && System.nanoTime() < killAt) {
                TimeUnit.NANOSECONDS.sleep(POLL.toNanos());
            }
            app.get().kill();
        }
        return new GuardLink.Stop(
                GuardLink.Stop.Cause.GUARD_DIED, Duration.ofNanos(Math.max(deadline - System.nanoTime(), 0)));
    }

    /** Unmounts, waiting for open files within the time, then archives what is left, flushes and closes. @return the exit code */
    private int stop(Mount mount, GuardLink.Stop stop) throws InterruptedException {
        long begin = System.nanoTime();
        boolean unmounted = stop.cause() == GuardLink.Stop.Cause.UNMOUNTED;
        Duration within = unmounted ? config.stopTimeout() : stop.within();
        if (unmounted) {
            LOG.warn("the mount was taken away by another process: stopping");
        }
        int code = stop.cause() == GuardLink.Stop.Cause.FAILED ? 1 : 0;
        ClusterDaemon member = cluster;
        try {
            if (member != null && !unmounted && stop.cause() != GuardLink.Stop.Cause.AT_ONCE) {
                member.handOver(within.dividedBy(2));
            }
            if (unmounted) {
                mount.unmount(true); // nothing of it is to be looked for at its path
            } else {
                unmount(mount, member == null ? within : left(begin, within));
            }
            if (!archiving.stop(mount.databases(), left(begin, within), guard.stopAtOnce())) {
                code = 1;
            }
            if (member != null) {
                member.leave(left(begin, within).plus(LEAVE));
                member.close();
            }
            serving = null;
            mount.close();
        } catch (IOException | RuntimeException e) {
            LOG.error("could not stop in order; the next start recovers error={}", e.toString());
            LOG.debug("where it failed", e);
            code = 1;
        }
        LOG.info(
                "stopped cause={} stopMillis={}",
                stop.cause(),
                TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin));
        return code;
    }

    /** What is left of the time, without what closing takes. */
    private static Duration left(long begin, Duration within) {
        Duration closing = flushShare(within).dividedBy(4);
        Duration left = within.minus(closing).minusNanos(System.nanoTime() - begin);
        return left.isNegative() ? Duration.ZERO : left;
    }

    private void unmount(Mount mount, Duration within) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + within.minus(flushShare(within)).toNanos();
        while (!mount.unmount(false)) {
            if (guard.stopAtOnce().isDone() || System.nanoTime() >= deadline) {
                List<String> open = mount.openFiles();
                mount.unmount(true);
                LOG.warn("detached files that are still open count={} files={}", open.size(), open);
                return;
            }
            try {
                guard.stopAtOnce().get(POLL.toMillis(), TimeUnit.MILLISECONDS);
            } catch (ExecutionException | TimeoutException e) {
                // try again
            }
        }
    }

    private static Duration flushShare(Duration within) {
        Duration quarter = within.dividedBy(4);
        return quarter.compareTo(FLUSH_SHARE_MAX) < 0 ? quarter : FLUSH_SHARE_MAX;
    }
}
