package io.ltxfs.node.daemon;

import io.ltxfs.archive.ArchiveService;
import io.ltxfs.database.Database;
import io.ltxfs.database.DatabaseStatus;
import io.ltxfs.fusefs.Mount;
import io.ltxfs.node.roles.ClusterView;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Collection;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;

/** The node's metrics in the Prometheus text format, taken at the moment of the request. */
final class MetricsText {
    /** The media type of {@link #write}. */
    static final String CONTENT_TYPE = PrometheusTextFormatWriter.CONTENT_TYPE;

    private final Archiving archiving;
    private final Supplier<ClusterView> cluster;
    private final PrometheusTextFormatWriter writer = PrometheusTextFormatWriter.builder()
            .setIncludeCreatedTimestamps(false)
            .build();

    MetricsText(Archiving archiving, Supplier<ClusterView> cluster) {
        this.archiving = archiving;
        this.cluster = cluster;
    }

    /** @param mount empty while the node starts */
    byte[] write(Optional<Mount> mount) throws IOException {
        MetricSnapshots.Builder all = MetricSnapshots.builder();
        all.metricSnapshot(gauge("ltxfs_ready", "Whether the mount is served.", mount.isPresent() ? 1 : 0));
        addCluster(all, cluster.get());
        Runtime runtime = Runtime.getRuntime();
        all.metricSnapshot(
                gauge("ltxfs_heap_used_bytes", "Heap in use.", runtime.totalMemory() - runtime.freeMemory()));
        all.metricSnapshot(gauge("ltxfs_heap_max_bytes", "The heap's bound.", runtime.maxMemory()));
        if (mount.isPresent()) {
            addMount(all, mount.get());
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        writer.write(out, all.build());
        return out.toByteArray();
    }

    private static void addCluster(MetricSnapshots.Builder all, ClusterView view) {
        boolean primary = view.role() == ClusterView.Role.PRIMARY;
        all.metricSnapshot(gauge("ltxfs_primary", "Whether this node accepts writes.", primary ? 1 : 0));
        GaugeSnapshot.Builder role =
                GaugeSnapshot.builder().name("ltxfs_role").help("1 for the role that the node has.");
        for (ClusterView.Role each : ClusterView.Role.values()) {
            role.dataPoint(GaugeDataPointSnapshot.builder()
                    .labels(Labels.of("role", StatusDocument.word(each)))
                    .value(each == view.role() ? 1 : 0)
                    .build());
        }
        all.metricSnapshot(role.build());
        all.metricSnapshot(gauge("ltxfs_epoch", "The highest epoch that was seen.", view.epoch()));
        all.metricSnapshot(gauge(
                "ltxfs_lease_remaining_seconds",
                "For how long this node may go on without a renewal; 0 if it does not hold the lease.",
                view.leaseRemainingMillis().orElse(0) / 1000.0));
        all.metricSnapshot(gauge(
                "ltxfs_lag_seconds",
                "How long ago this node had all that the primary has; 0 on the primary.",
                view.lagMillis() / 1000.0));
        all.metricSnapshot(gauge(
                "ltxfs_peers_reachable",
                "Other nodes that answered lately.",
                view.peers().stream().filter(ClusterView.Peer::reachable).count()));
        ClusterView.Counts counts = view.counts();
        all.metricSnapshot(
                counter("ltxfs_lease_renewals_failed", "Renewals of the lease that failed.", counts.renewalsFailed()));
        all.metricSnapshot(counter(
                "ltxfs_lease_ambiguous", "Requests for the lease whose outcome was unknown.", counts.ambiguous()));
        all.metricSnapshot(gauge(
                "ltxfs_acks_waiting",
                "Commits that wait for replicas or the archive at this moment.",
                counts.acksWaiting()));
        all.metricSnapshot(counter(
                "ltxfs_commits_degraded",
                "Commits that were answered without what their durability asks for.",
                counts.degraded()));
        all.metricSnapshot(gauge(
                "ltxfs_apply_waiting",
                "Databases that wait for an application before they can be applied to.",
                counts.applyWaiting()));
        GaugeSnapshot.Builder lag =
                GaugeSnapshot.builder().name("ltxfs_replica_lag_seconds").help("How far replicas are behind.");
        view.replicas()
                .forEach((database, replicas) ->
                        replicas.forEach(replica -> lag.dataPoint(GaugeDataPointSnapshot.builder()
                                .labels(Labels.of("database", database, "node", replica.node()))
                                .value(replica.lagMillis() / 1000.0)
                                .build())));
        all.metricSnapshot(lag.build());
        GaugeSnapshot.Builder divergent = GaugeSnapshot.builder()
                .name("ltxfs_divergent_bytes")
                .help("Size of what was kept of transactions that the others never had.");
        view.divergent()
                .forEach((database, kept) -> divergent.dataPoint(GaugeDataPointSnapshot.builder()
                        .labels(Labels.of("database", database))
                        .value(kept.bytes())
                        .build()));
        all.metricSnapshot(divergent.build());
    }

    private void addMount(MetricSnapshots.Builder all, Mount mount) {
        CounterSnapshot.Builder requests =
                CounterSnapshot.builder().name("ltxfs_fuse_requests").help("Requests of the kernel, by type.");
        mount.requestCounts()
                .forEach((type, count) -> requests.dataPoint(CounterDataPointSnapshot.builder()
                        .labels(Labels.of("type", type))
                        .value(count)
                        .build()));
        all.metricSnapshot(requests.build());
        all.metricSnapshot(gauge(
                "ltxfs_log_bytes",
                "Size of the transaction log on disk.",
                mount.databases().logBytes()));
        all.metricSnapshot(counter(
                "ltxfs_log_syncs",
                "Syncs of the transaction log since the start.",
                mount.databases().logSyncs()));
        all.metricSnapshot(gauge(
                "ltxfs_log_backlog_ratio",
                "How full the log is of what the archive has not taken over, 0 to 1 and beyond.",
                mount.databases().feed().backlog()));
        Collection<Database> databases = mount.databases().all();
        all.metricSnapshot(gauge("ltxfs_databases", "Databases that there are.", databases.size()));
        all.metricSnapshot(counter(
                "ltxfs_commits",
                "Transactions captured since the start.",
                mount.databases().transactions()));
        add(
                all,
                databases,
                "ltxfs_database_txid",
                "The last transaction.",
                status -> status.position().txid());
        add(
                all,
                databases,
                "ltxfs_database_first_txid",
                "The oldest transaction in the log.",
                DatabaseStatus::firstTxid);
        add(all, databases, "ltxfs_database_pages", "Size in pages.", DatabaseStatus::pages);
        add(all, databases, "ltxfs_database_page_size_bytes", "Size of a page.", DatabaseStatus::pageSize);
        add(
                all,
                databases,
                "ltxfs_database_warnings",
                "Warnings that status shows.",
                status -> status.warnings().size());
        archiving.counts().ifPresent(counts -> addArchive(all, databases, counts));
    }

    private void addArchive(MetricSnapshots.Builder all, Collection<Database> databases, ArchiveService.Counts counts) {
        all.metricSnapshot(
                counter("ltxfs_archive_puts", "Objects put into the archive since the start.", counts.puts()));
        all.metricSnapshot(
                counter("ltxfs_archive_put_bytes", "Bytes of the objects put since the start.", counts.bytes()));
        all.metricSnapshot(
                counter("ltxfs_archive_failures", "Requests of the archive's store that failed.", counts.failures()));
        all.metricSnapshot(counter(
                "ltxfs_archive_compactions",
                "Objects of higher levels and snapshots made since the start.",
                counts.compactions()));
        all.metricSnapshot(counter(
                "ltxfs_archive_deletions", "Objects deleted by retention since the start.", counts.deletions()));
        all.metricSnapshot(gauge(
                "ltxfs_archive_warnings",
                "Warnings about the archive as a whole that status shows.",
                archiving.warnings().size()));
        addProgress(
                all,
                databases,
                "ltxfs_archive_txid",
                "The last transaction in the archive.",
                progress -> progress.txid());
        addProgress(
                all,
                databases,
                "ltxfs_archive_pending_transactions",
                "Committed transactions that the archive does not have yet.",
                progress -> progress.pending());
        addProgress(
                all,
                databases,
                "ltxfs_archive_age_seconds",
                "Age of the oldest committed transaction that the archive does not have; 0 if it has all.",
                progress -> progress.ageMillis() / 1000.0);
    }

    private void addProgress(
            MetricSnapshots.Builder all,
            Collection<Database> databases,
            String name,
            String help,
            ToDoubleFunction<ArchiveService.Progress> value) {
        GaugeSnapshot.Builder gauge = GaugeSnapshot.builder().name(name).help(help);
        for (Database database : databases) {
            archiving
                    .progress(database.name())
                    .ifPresent(progress -> gauge.dataPoint(GaugeDataPointSnapshot.builder()
                            .labels(label(database))
                            .value(value.applyAsDouble(progress))
                            .build()));
        }
        all.metricSnapshot(gauge.build());
    }

    private static CounterSnapshot counter(String name, String help, double value) {
        return CounterSnapshot.builder()
                .name(name)
                .help(help)
                .dataPoint(CounterDataPointSnapshot.builder().value(value).build())
                .build();
    }

    private static void add(
            MetricSnapshots.Builder all,
            Collection<Database> databases,
            String name,
            String help,
            ToDoubleFunction<DatabaseStatus> value) {
        GaugeSnapshot.Builder gauge = GaugeSnapshot.builder().name(name).help(help);
        for (Database database : databases) {
            gauge.dataPoint(GaugeDataPointSnapshot.builder()
                    .labels(label(database))
                    .value(value.applyAsDouble(database.status()))
                    .build());
        }
        all.metricSnapshot(gauge.build());
    }

    private static Labels label(Database database) {
        return Labels.of("database", database.name());
    }

    private static GaugeSnapshot gauge(String name, String help, double value) {
        return GaugeSnapshot.builder()
                .name(name)
                .help(help)
                .dataPoint(GaugeDataPointSnapshot.builder().value(value).build())
                .build();
    }
}
