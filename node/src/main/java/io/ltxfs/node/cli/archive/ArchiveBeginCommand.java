package io.ltxfs.node.cli.archive;

import io.ltxfs.archive.DatabaseArchive;
import io.ltxfs.archive.upload.ArchiveState;
import io.ltxfs.archive.upload.NewLineage;
import io.ltxfs.node.archive.NodeArchive;
import io.ltxfs.node.cli.CliException;
import io.ltxfs.node.cli.ExitCode;
import io.ltxfs.node.cli.Report;
import io.ltxfs.node.config.LtxfsConfig;
import io.ltxfs.node.daemon.NodeFile;
import java.io.IOException;
import java.nio.file.Files;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

/** Moves what an archive holds of a database aside, so that another history can begin there. */
@Command(
        name = "begin",
        description =
                "Begin a new history of a database where the archive holds another one: that one is moved to lineages/"
                        + " beside it, and the next start of the node archives the database whole. Stop every node that"
                        + " writes to it first.",
        footer = {"", "Example: ltxfs archive begin app.db --force"})
final class ArchiveBeginCommand extends ArchiveTask {
    @Mixin
    Report report = new Report();

    @Option(names = "--force", description = "Do it.")
    boolean force;

    @Parameters(paramLabel = "DB", arity = "0..1", description = "The database's name below the mount.")
    void database(String name) {
        database = name;
    }

    @Override
    int run(NodeArchive archive, List<DatabaseArchive> databases) throws IOException {
        if (database == null) {
            throw new ParameterException(spec.commandLine(), "name a database");
        }
        DatabaseArchive db = databases.get(0);
        String what = "archive begin " + db.name();
        LtxfsConfig config = source.config();
        Optional<NodeFile> node = NodeFile.read(config.data()).filter(NodeFile::isAlive);
        if (node.isPresent()) {
            throw new CliException(
                    ExitCode.FAILED,
                    what,
                    "a node (pid " + node.get().pid() + ") runs on " + config.data(),
                    "stop it, try again, and start it: it begins anew then");
        }
        if (!force) {
            throw new CliException(
                    ExitCode.WRONG_USAGE,
                    what,
                    "this moves what " + archive.describe() + " holds of it to " + db.place() + "/lineages/, from where"
                            + " 'restore' does not take it by itself",
                    "say --force if that is wanted");
        }
        String aside;
        try (ProgressLine line = new ProgressLine(spec.commandLine().getErr(), what)) {
            aside = NewLineage.moveAside(db, (done, all) -> line.show(done + "/" + all));
        }
        if (Files.isDirectory(config.data().resolve(ArchiveState.DIRECTORY))) {
            new ArchiveState(config.data()).forget(db.name());
        }
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("name", db.name());
        document.put("archive", archive.describe());
        document.put("aside", aside);
        report.print(
                document,
                out -> out.println(
                        aside.isEmpty()
                                ? db.name() + ": the archive held nothing of it"
                                : db.name() + ": what the archive held of it is in " + aside));
        return ExitCode.DONE;
    }
}
