package io.ltxfs.node.daemon;

import io.ltxfs.archive.ArchiveService.Progress;
import io.ltxfs.database.Database;
import io.ltxfs.database.DatabaseSet;
import io.ltxfs.database.DatabaseStatus;
import io.ltxfs.fusefs.Mount;
import io.ltxfs.node.archive.NodeArchive;
import io.ltxfs.node.config.LtxfsConfig;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
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
     * @param notices what the configuration asks for and this version does not have
     */
    static Map<String, Object> of(
            LtxfsConfig config,
            long pid,
            String version,
            Optional<Mount> mount,
            Archiving archiving,
            List<String> notices) {
        Map<String, Object> document = new LinkedHashMap<>();
        List<Map<String, Object>> databases = new ArrayList<>();
        List<String> warnings = new ArrayList<>();
        warnings.addAll(archiving.warnings());
        mount.ifPresent(present -> addDatabases(present.databases(), archiving, databases, warnings));
        warnings.addAll(notices);
        document.put("node", config.node().id());
        document.put("pid", pid);
        document.put("version", version);
        document.put("role", mount.isPresent() ? "primary" : "starting");
        document.put("epoch", 0);
        document.put("primary", primary(config));
        Map<String, Object> lease = new LinkedHashMap<>();
        lease.put("remainingMillis", null);
        document.put("lease", lease);
        document.put("mount", config.mount().toString());
        document.put("data", config.data().toString());
        document.put("archive", archiving.archive().map(NodeArchive::describe).orElse(null));
        document.put("databases", databases);
        document.put("peers", List.of());
        document.put("warnings", warnings);
        mount.ifPresent(present -> document.put("requests", present.requestCounts()));
        return document;
    }

    private static Map<String, Object> primary(LtxfsConfig config) {
        Map<String, Object> primary = new LinkedHashMap<>();
        primary.put("node", config.node().id());
        primary.put("advertise", config.node().advertise().toString());
        return primary;
    }

    private static void addDatabases(
            DatabaseSet set, Archiving archiving, List<Map<String, Object>> databases, List<String> warnings) {
        List<DatabaseStatus> known = set.all().stream()
                .map(Database::status)
                .sorted(Comparator.comparing(DatabaseStatus::name))
                .toList();
        for (DatabaseStatus status : known) {
            Optional<Progress> progress = archiving.progress(status.name());
            List<String> all = new ArrayList<>(status.warnings());
            progress.ifPresent(present -> all.addAll(present.warnings()));
            databases.add(database(status, set.logBytes(), progress, all));
            for (String warning : all) {
                warnings.add(status.name() + ": " + warning);
            }
        }
    }

    private static Map<String, Object> database(
            DatabaseStatus status, long logBytes, Optional<Progress> progress, List<String> warnings) {
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
        database.put("replicas", List.of());
        database.put("state", status.state());
        database.put("warnings", warnings);
        return database;
    }

    /** A TXID or checksum as it is always shown: 16 hexadecimal digits. */
    static String hex(long value) {
        return String.format("%016x", value);
    }
}
