package io.ltxfs.node.cli;

import io.ltxfs.archive.DatabaseArchive;
import io.ltxfs.archive.plan.RestoreTarget;
import io.ltxfs.archive.restore.Restorer;
import io.ltxfs.ltx.Txid;
import io.ltxfs.node.archive.NodeArchive;
import io.ltxfs.node.config.LtxfsConfig;
import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Restores databases from the archive alone. */
@Command(
        name = "restore",
        description = {
            "Restore a database from the archive, as it was after any transaction or at any moment. No node is needed.",
            "The file appears when it is complete and checked. A restore that was stopped goes on where it was when it"
                    + " is run again."
        },
        footer = {
            "",
            "Examples:",
            "  ltxfs restore app.db -o out.db",
            "  ltxfs restore app.db -o out.db --timestamp 2026-11-21T17:00:00Z",
            "  ltxfs restore app.db -o out.db --timestamp '2h ago' --archive s3://bucket/prefix",
            "  ltxfs restore 'tenants/**' -o DIR",
            "  ltxfs restore --all -o DIR"
        })
final class RestoreCommand implements Callable<Integer> {
    private static final String WHAT = "restore";

    @Mixin
    GlobalOptions global = new GlobalOptions();

    @Mixin
    ArchiveSource source = new ArchiveSource();

    @Mixin
    Report report = new Report();

    @Parameters(
            paramLabel = "DB",
            arity = "0..1",
            description =
                    "The database's name below the mount, or a pattern ('tenants/**'). Not needed where the archive"
                            + " is that of a single database.")
    @Nullable
    String database;

    @Option(names = "--all", description = "Every database of the archive.")
    boolean all;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FILE",
            description = "Where to write it; a directory for --all and patterns.")
    @Nullable
    Path output;

    @Option(
            names = "--txid",
            paramLabel = "N",
            description = "As it was after this transaction, 1 to 16 hexadecimal digits.")
    @Nullable
    String txid;

    @Option(
            names = "--timestamp",
            paramLabel = "T",
            description = "As it was at this moment: the last transaction at or before it. RFC 3339 with a zone"
                    + " (2026-11-21T17:00:00Z), or '2h ago'.")
    @Nullable
    String timestamp;

    @Option(names = "--nearest", description = "Take the nearest moment if this one is not kept any more.")
    boolean nearest;

    @Option(names = "--force", description = "Replace FILE if it is there, in one step, when the new one is complete.")
    boolean force;

    @Option(names = "--dry-run", description = "Only say what would be read: objects, bytes and requests.")
    boolean dryRun;

    @Spec
    @SuppressWarnings("NullAway.Init")
    CommandSpec spec;

    @Override
    public Integer call() throws IOException, InterruptedException {
        checkOptions();
        RestoreTarget target = target();
        LtxfsConfig config = source.config();
        try (NodeArchive archive = source.open(config, WHAT);
                Restorer restorer = new Restorer(archive.archive())) {
            RestoreTask task = new RestoreTask(
                    restorer, archive.describe(), target, nearest, force, dryRun, report, spec.commandLine());
            boolean many = all || isPattern(database);
            if (many) {
                return task.many(some(archive), output);
            }
            return task.one(one(config, archive), output);
        } catch (IOException e) {
            throw RestoreFailure.of(WHAT, e);
        }
    }

    private void checkOptions() {
        if (all && database != null) {
            throw wrong("--all and a database exclude each other");
        }
        if (output == null && !dryRun) {
            throw wrong("name the file to write with -o FILE");
        }
        if (txid != null && timestamp != null) {
            throw wrong("--txid and --timestamp exclude each other");
        }
        if (txid != null && (all || isPattern(database))) {
            throw wrong("--txid is for one database: each has TXIDs of its own; take --timestamp");
        }
    }

    private ParameterException wrong(String problem) {
        return new ParameterException(spec.commandLine(), problem);
    }

    private RestoreTarget target() {
        if (timestamp != null) {
            return new RestoreTarget.AtTime(MomentText.parse("--timestamp", timestamp, Instant.now()));
        }
        if (txid == null) {
            return new RestoreTarget.End();
        }
        try {
            return new RestoreTarget.AtTxid(Txid.parseShort(txid));
        } catch (IllegalArgumentException e) {
            throw new CliException(
                    ExitCode.WRONG_USAGE, "--txid " + txid, "is not a TXID", "write 1 to 16 hexadecimal digits", e);
        }
    }

    private static boolean isPattern(@Nullable String name) {
        return name != null && name.matches(".*[*?\\[{\\\\].*");
    }

    private DatabaseArchive one(LtxfsConfig config, NodeArchive archive) throws IOException {
        if (database != null && !database.equals(".")) {
            return archive.database(source.name(config, database));
        }
        if (isDatabaseItself(archive)) {
            return archive.archive().database(lastPart(archive.describe()), "");
        }
        List<String> names = archive.databases();
        if (names.size() != 1 || database != null) {
            throw new CliException(
                    names.isEmpty() ? ExitCode.NOT_FOUND : ExitCode.WRONG_USAGE,
                    WHAT,
                    names.isEmpty()
                            ? "there is no database in " + archive.describe()
                            : archive.describe() + " has " + names.size() + " databases",
                    names.isEmpty()
                            ? "name another archive with --archive URL"
                            : "name one of them, or --all: "
                                    + String.join(", ", names.subList(0, Math.min(9, names.size()))));
        }
        return archive.database(names.get(0));
    }

    /** Whether the levels lie directly below the URL, as where one names a Litestream replica. */
    private static boolean isDatabaseItself(NodeArchive archive) throws IOException {
        String level = archive.archive().layout().levelPrefix(0);
        String first = level.substring(0, level.indexOf('/'));
        return archive.archive().store().children("").stream()
                .anyMatch(name -> name.equals(first) || name.matches("000[0-9]") && first.matches("000[0-9]"));
    }

    private static String lastPart(String url) {
        String path = url.replaceFirst("\\?.*$", "").replaceFirst("/+$", "");
        return path.substring(path.lastIndexOf('/') + 1);
    }

    private List<DatabaseArchive> some(NodeArchive archive) throws IOException {
        List<String> names = archive.databases();
        if (database != null) {
            PathMatcher matcher = FileSystems.getDefault().getPathMatcher("glob:" + database);
            names = names.stream()
                    .filter(name -> matcher.matches(Path.of(name)))
                    .toList();
        }
        if (names.isEmpty()) {
            throw new CliException(
                    ExitCode.NOT_FOUND,
                    WHAT,
                    "no database in " + archive.describe() + (database == null ? "" : " matches " + database),
                    "see 'ltxfs archive list' for those that there are");
        }
        return names.stream().map(archive::database).toList();
    }
}
