package io.ltxfs.node.cli;

import io.ltxfs.node.config.LtxfsConfig;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * Puts a database in through the mount, with SQLite's backup: this process is an ordinary client of the mount, so all
 * of SQLite's locks hold, and the node sees one transaction.
 */
@Command(
        name = "import",
        description = "Put a database in, as one transaction. The file is checked first; an app that has the database"
                + " open sees it before or after.",
        footer = {"", "Example: ltxfs import backup.db app.db --force"})
final class ImportCommand implements Callable<Integer> {
    @Mixin
    GlobalOptions global = new GlobalOptions();

    @Mixin
    NodeOptions node = new NodeOptions();

    @Option(names = "--force", description = "Replace the content of DB if it is there.")
    boolean force;

    @Parameters(index = "0", paramLabel = "FILE", description = "The SQLite database to put in.")
    Path file = Path.of("");

    @Parameters(index = "1", paramLabel = "DB", description = "Its name below the mount.")
    String database = "";

    @Spec
    @SuppressWarnings("NullAway.Init")
    CommandSpec spec;

    @Override
    public Integer call() throws Exception {
        LtxfsConfig config = node.load().config();
        // The node's own word, not the configuration's: with --data alone that would be the default.
        NodeClient running = NodeClient.require(config, "import");
        Path mount = running.mount();
        String name = DatabaseName.of(database, mount);
        if (!Files.isRegularFile(file)) {
            throw new CliException(
                    ExitCode.NOT_FOUND, file.toString(), "there is no such file", "name a database file");
        }
        running.requirePrimary("import " + name);
        Path target = mount.resolve(name);
        if (Files.exists(target) && Files.size(target) > 0 && !force) {
            throw new CliException(
                    ExitCode.FAILED,
                    "import " + name,
                    "there is such a database",
                    "add --force to replace its content");
        }
        SqliteFiles.check(file);
        Path parent = target.getParent();
        if (parent != null) {
            Files.createDirectories(parent);
        }
        SqliteFiles.copyInto(file, target, "import " + name);
        PrintWriter out = spec.commandLine().getOut();
        out.println("imported " + name);
        out.flush();
        return ExitCode.DONE;
    }
}
