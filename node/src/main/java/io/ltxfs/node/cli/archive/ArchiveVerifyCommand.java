package io.ltxfs.node.cli.archive;

import io.ltxfs.archive.DatabaseArchive;
import io.ltxfs.archive.verify.ArchiveVerifier;
import io.ltxfs.archive.verify.Problem;
import io.ltxfs.archive.verify.VerifyOptions;
import io.ltxfs.archive.verify.VerifyProgress;
import io.ltxfs.archive.verify.VerifyReport;
import io.ltxfs.node.archive.NodeArchive;
import io.ltxfs.node.cli.ExitCode;
import io.ltxfs.node.cli.Report;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** Checks every object of the archive. */
@Command(
        name = "verify",
        description = "Check every object of the archive, and that all fit together. Names what is damaged and what"
                + " moments can still be restored; exit 3 then.",
        footer = {
            "",
            "Examples:",
            "  ltxfs archive verify",
            "  ltxfs archive verify --db app.db --sample 100",
            "  ltxfs archive verify --quick --json"
        })
final class ArchiveVerifyCommand extends ArchiveTask {
    @Mixin
    Report report = new Report();

    @Option(names = "--quick", description = "Read only names, headers and metadata.")
    boolean quick;

    @Option(
            names = "--sample",
            paramLabel = "N",
            description = "Read only N objects of each database whole, chosen at random.")
    @Nullable
    Integer sample;

    @Override
    int run(NodeArchive archive, List<DatabaseArchive> databases) throws IOException, InterruptedException {
        if (sample != null && (quick || sample < 1)) {
            throw new ParameterException(
                    spec.commandLine(), quick ? "--quick and --sample exclude each other" : "--sample is less than 1");
        }
        int threads = Math.min(16, Math.max(4, 2 * Runtime.getRuntime().availableProcessors()));
        VerifyOptions options = new VerifyOptions(
                quick, sample == null ? OptionalInt.empty() : OptionalInt.of(sample), threads, Instant.now());
        PrintWriter err = spec.commandLine().getErr();
        List<VerifyReport> reports = new ArrayList<>();
        for (int i = 0; i < databases.size(); i++) {
            DatabaseArchive db = databases.get(i);
            try (ProgressLine line = new ProgressLine(err, db.name() + " (" + (i + 1) + "/" + databases.size() + ")")) {
                VerifyProgress progress = (objects, all, bytes, bytesAll) ->
                        line.show(objects + "/" + all + " objects, " + (bytes >> 20) + "/" + (bytesAll >> 20) + " MiB");
                reports.add(ArchiveVerifier.verify(db, options, progress));
            }
        }
        boolean ok = reports.stream().allMatch(one -> one.problems().isEmpty());
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("archive", archive.describe());
        document.put("ok", ok);
        document.put("databases", reports.stream().map(ArchiveDocument::of).toList());
        report.print(document, out -> {
            reports.forEach(one -> print(one, out));
            if (ok) {
                out.println("ok: " + reports.size() + (reports.size() == 1 ? " database" : " databases") + " in "
                        + archive.describe());
            }
        });
        if (!ok) {
            long count =
                    reports.stream().mapToLong(one -> one.problems().size()).sum();
            err.println("ltxfs: archive verify: " + count + (count == 1 ? " problem" : " problems") + " in "
                    + archive.describe() + "; the moments named above can still be restored with 'ltxfs restore'");
            err.flush();
        }
        return ok ? ExitCode.DONE : ExitCode.DATA_WRONG;
    }

    private static void print(VerifyReport report, PrintWriter out) {
        out.println(report.database() + ": " + (report.problems().isEmpty() ? "ok, " : "DAMAGED, ") + report.objects()
                + " objects, " + report.whole() + " read whole (" + report.bytes() + " bytes)");
        for (Problem problem : report.problems()) {
            out.println("  ! " + problem.key() + ": " + problem.text());
        }
        if (!report.problems().isEmpty()) {
            List<String> lines = ArchiveDocument.lines(report.moments());
            lines.forEach(line -> out.println("  restorable  " + line));
            if (lines.isEmpty()) {
                out.println("  restorable  nothing");
            }
        }
    }
}
