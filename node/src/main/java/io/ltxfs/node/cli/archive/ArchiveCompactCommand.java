package io.ltxfs.node.cli.archive;

import io.ltxfs.archive.ArchiveOptions;
import io.ltxfs.archive.DatabaseArchive;
import io.ltxfs.archive.compact.CompactionReport;
import io.ltxfs.archive.compact.CompactionTools;
import io.ltxfs.archive.compact.DatabaseCompaction;
import io.ltxfs.archive.compact.Holdings;
import io.ltxfs.archive.compact.RetentionPlan;
import io.ltxfs.archive.compact.Verified;
import io.ltxfs.archive.upload.Spool;
import io.ltxfs.ltx.Txid;
import io.ltxfs.node.archive.NodeArchive;
import io.ltxfs.node.cli.CliException;
import io.ltxfs.node.cli.ExitCode;
import io.ltxfs.node.cli.Report;
import io.ltxfs.node.config.LtxfsConfig;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Compacts and prunes the archive once. */
@Command(
        name = "compact",
        description =
                "Make the levels and snapshots that are due, and delete what they replace and what is older than is"
                        + " kept. Safe while a node works on the archive.",
        footer = {
            "",
            "Examples:",
            "  ltxfs archive compact --db app.db",
            "  ltxfs archive compact --archive s3://bucket/prefix --json"
        })
final class ArchiveCompactCommand extends ArchiveTask {
    private static final String WHAT = "archive compact";

    @Mixin
    Report report = new Report();

    @Override
    int run(NodeArchive archive, List<DatabaseArchive> databases) throws IOException, InterruptedException {
        if (database != null && Holdings.read(databases.get(0)).isEmpty()) {
            throw new CliException(
                    ExitCode.NOT_FOUND,
                    WHAT,
                    "there is nothing of " + database + " in " + archive.describe(),
                    "see 'ltxfs archive list' for those that there are");
        }
        List<CompactionReport> reports = compact(source.config(), databases);
        boolean ok = reports.stream().allMatch(one -> one.warnings().isEmpty());
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("archive", archive.describe());
        document.put("ok", ok);
        document.put(
                "databases",
                reports.stream().map(ArchiveCompactCommand::document).toList());
        report.print(document, out -> reports.forEach(one -> print(one, out)));
        if (!ok) {
            PrintWriter err = spec.commandLine().getErr();
            err.println("ltxfs: " + WHAT + ": not all could be compacted: objects named above are damaged or do not"
                    + " belong there, and nothing that they replace was deleted; 'ltxfs archive verify' says what can be"
                    + " restored");
            err.flush();
        }
        return ok ? ExitCode.DONE : ExitCode.DATA_WRONG;
    }

    private List<CompactionReport> compact(LtxfsConfig config, List<DatabaseArchive> databases) throws IOException {
        Path directory = Files.createTempDirectory("ltxfs-compact");
        PrintWriter err = spec.commandLine().getErr();
        try {
            CompactionTools tools = new CompactionTools(
                    new Spool(directory), config.archive().pageCoding(), Clock.systemUTC(), new Verified());
            boolean beside = source.hasNode(config);
            List<CompactionReport> reports = new ArrayList<>();
            try (ProgressLine line = new ProgressLine(err, WHAT)) {
                for (DatabaseArchive db : databases) {
                    line.show(db.name() + " (" + (reports.size() + 1) + "/" + databases.size() + ")");
                    ArchiveOptions options = config.archiveFor(db.name());
                    DatabaseCompaction compaction = beside
                            ? DatabaseCompaction.besideOthers(db, options, tools)
                            : new DatabaseCompaction(db, options, tools);
                    reports.add(compaction.run());
                }
            }
            return reports;
        } finally {
            Files.deleteIfExists(directory.resolve(Spool.DIRECTORY));
            Files.deleteIfExists(directory);
        }
    }

    private static Map<String, Object> document(CompactionReport report) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("name", report.database());
        List<Map<String, Object>> made = new ArrayList<>();
        for (CompactionReport.Made one : report.made()) {
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("object", one.key());
            entry.put("level", level(one));
            entry.put("minTxid", Txid.format(one.minTxid()));
            entry.put("maxTxid", Txid.format(one.maxTxid()));
            entry.put("bytes", one.bytes());
            made.add(entry);
        }
        document.put("made", made);
        document.put("deleted", report.deleted());
        document.put("warnings", report.warnings());
        return document;
    }

    private static String level(CompactionReport.Made made) {
        return made.level() == RetentionPlan.BUNDLE ? "bundles" : Integer.toString(made.level());
    }

    private static void print(CompactionReport report, PrintWriter out) {
        out.println(report.database() + ": " + count(report.made().size()) + " made, "
                + count(report.deleted().size()) + " deleted");
        for (CompactionReport.Made made : report.made()) {
            out.println("  + " + made.key() + " (" + made.bytes() + " bytes)");
        }
        report.deleted().forEach(key -> out.println("  - " + key));
        report.warnings().forEach(warning -> out.println("  ! " + warning));
    }

    private static String count(int objects) {
        return objects + (objects == 1 ? " object" : " objects");
    }
}
