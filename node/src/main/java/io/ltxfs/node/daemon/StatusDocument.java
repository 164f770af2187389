package io.ltxfs.node.daemon;

import io.ltxfs.archive.ArchiveService.Progress;
import io.ltxfs.database.Database;
import io.ltxfs.database.DatabaseSet;
import io.ltxfs.database.DatabaseStatus;
import io.ltxfs.fusefs.Mount;
import io.ltxfs.node.archive.NodeArchive;
import io.ltxfs.node.config.LtxfsConfig;
import io.ltxfs.node.roles.ClusterView;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** What {@code GET /status} answers: the node, its databases, and what is wrong. */
final class StatusDocument {
    private StatusDocument() {}

    /**
     * Builds the document.
     *
     * @param mount empty while the node starts
     * @param archiving how far the archive is
     * @param cluster role, peers, and how far they are
     * @param notices what the configuration asks for and will not be had
     */
    static Map<String, Object> of(
            LtxfsConfig config,
            long pid,
            String version,
            Optional<Mount> mount,
            Archiving archiving,
            ClusterView cluster,
            List<String> notices) {
        Map<String, Object> document = new LinkedHashMap<>();
        List<Map<String, Object>> databases = new ArrayList<>();
        List<String> warnings = new ArrayList<>(cluster.warnings());
        warnings.addAll(archiving.warnings());
        mount.ifPresent(present -> addDatabases(present.databases(), archiving, cluster, databases, warnings));
        warnings.addAll(notices);
        document.put("node", config.node().id());
        document.put("pid", pid);
        document.put("version", version);
        document.put("role", word(cluster.role()));
        document.put("epoch", number(cluster.epoch()));
        document.put("primary", cluster.primary().map(StatusDocument::member).orElse(null));
        Map<String, Object> lease = new LinkedHashMap<>();
        lease.put(
                "remainingMillis",
                cluster.leaseRemainingMillis().isPresent()
                        ? cluster.leaseRemainingMillis().getAsLong()
                        : null);
        document.put("lease", lease);
        document.put("mount", config.mount().toString());
        document.put("data", config.data().toString());
        document.put("archive", archiving.archive().map(NodeArchive::describe).orElse(null));
        document.put("lagMillis", cluster.lagMillis());
        document.put("databases", databases);
        document.put("peers", cluster.peers().stream().map(StatusDocument::peer).toList());
        document.put("waiting", cluster.waiting());
        document.put("warnings", warnings);
        mount.ifPresent(present -> document.put("requests", present.requestCounts()));
        return document;
    }

    /** The word for a role. */
    static String word(ClusterView.Role role) {
        return role.name().toLowerCase(Locale.ROOT);
    }

    private static Object number(long unsigned) {
        return unsigned < 0 ? Long.toUnsignedString(unsigned) : (Object) unsigned;
    }

    private static Map<String, Object> member(ClusterView.Member member) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("node", member.node());
        document.put("advertise", member.advertise());
        return document;
    }

    private static Map<String, Object> peer(ClusterView.Peer peer) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("node", peer.node());
        document.put("advertise", peer.advertise());
        document.put("reachable", peer.reachable());
        document.put("voter", peer.voter());
        document.put("heardMillis", peer.heardMillis() < 0 ? null : peer.heardMillis());
        document.put("state", peer.state());
        return document;
    }

    private static Map<String, Object> replica(ClusterView.Replica replica) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("node", replica.node());
        document.put("txid", hex(replica.txid()));
        document.put("lagMillis", replica.lagMillis());
        return document;
    }

    private static void addDatabases(
            DatabaseSet set,
            Archiving archiving,
            ClusterView cluster,
            List<Map<String, Object>> databases,
            List<String> warnings) {
        List<DatabaseStatus> known = set.all().stream()
                .map(Database::status)
                .sorted(Comparator.comparing(DatabaseStatus::name))
                .toList();
        for (DatabaseStatus status : known) {
            Optional<Progress> progress = archiving.progress(status.name());
            List<String> all = new ArrayList<>(status.warnings());
            progress.ifPresent(present -> all.addAll(present.warnings()));
            databases.add(database(status, set.logBytes(), progress, cluster, all));
            for (String warning : all) {
                warnings.add(status.name() + ": " + warning);
            }
        }
    }

    private static Map<String, Object> database(
            DatabaseStatus status,
            long logBytes,
            Optional<Progress> progress,
            ClusterView cluster,
            List<String> warnings) {
        Map<String, Object> database = new LinkedHashMap<>();
        database.put("name", status.name());
        database.put("txid", hex(status.position().txid()));
        database.put("checksum", hex(status.position().checksum()));
        database.put("pageSize", status.pageSize());
        database.put("pages", status.pages());
        database.put("journalMode", status.journalMode());
        Map<String, Object> log = new LinkedHashMap<>();
        log.put("firstTxid", hex(status.firstTxid()));
        log.put("bytes", logBytes);
        database.put("log", log);
        Map<String, Object> archive = new LinkedHashMap<>();
        archive.put(
                "txid",
                progress.filter(known -> known.txid() != 0)
                        .map(known -> hex(known.txid()))
                        .orElse(null));
        archive.put("ageMillis", progress.map(Progress::ageMillis).orElse(null));
        archive.put("pending", progress.map(Progress::pending).orElse(null));
        database.put("archive", archive);
        database.put(
                "replicas",
                cluster.replicas().getOrDefault(status.name(), List.of()).stream()
                        .map(StatusDocument::replica)
                        .toList());
        ClusterView.Divergent divergent = cluster.divergent().get(status.name());
        if (divergent != null) {
            Map<String, Object> kept = new LinkedHashMap<>();
            kept.put("files", divergent.files());
            kept.put("bytes", divergent.bytes());
            database.put("divergent", kept);
        }
        database.put("state", status.state());
        database.put("warnings", warnings);
        return database;
    }

    /** A TXID or checksum as it is always shown: 16 hexadecimal digits. */
    static String hex(long value) {
        return String.format("%016x", value);
    }
}
