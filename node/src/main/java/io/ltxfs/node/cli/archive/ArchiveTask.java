package io.ltxfs.node.cli.archive;

import io.ltxfs.archive.ArchiveException;
import io.ltxfs.archive.DatabaseArchive;
import io.ltxfs.node.archive.NodeArchive;
import io.ltxfs.node.cli.ArchiveSource;
import io.ltxfs.node.cli.CliException;
import io.ltxfs.node.cli.ExitCode;
import io.ltxfs.node.cli.GlobalOptions;
import io.ltxfs.node.config.LtxfsConfig;
import io.ltxfs.objectstore.StoreException;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** What the commands on the archive have in common: which archive and databases, and how failures read. */
abstract class ArchiveTask implements Callable<Integer> {
    @Mixin
    GlobalOptions global = new GlobalOptions();

    @Mixin
    ArchiveSource source = new ArchiveSource();

    @Option(names = "--db", paramLabel = "DB", description = "One database (default: all).")
    @Nullable
    String database;

    @Spec
    @SuppressWarnings("NullAway.Init")
    CommandSpec spec;

    /** Does the work. @return the exit code */
    abstract int run(NodeArchive archive, List<DatabaseArchive> databases) throws IOException, InterruptedException;

    @Override
    public final Integer call() throws IOException, InterruptedException {
        String what = "archive " + spec.name();
        LtxfsConfig config = source.config();
        try (NodeArchive archive = source.open(config, what)) {
            List<String> names = database == null ? archive.databases() : List.of(source.name(config, database));
            if (names.isEmpty()) {
                throw new CliException(
                        ExitCode.NOT_FOUND,
                        what,
                        "there is no database in " + archive.describe(),
                        "name another archive with --archive URL");
            }
            return run(archive, names.stream().map(archive::database).toList());
        } catch (ArchiveException e) {
            throw failed(what, e);
        } catch (StoreException e) {
            throw new CliException(
                    e.kind() == StoreException.Kind.NO_STORE ? ExitCode.NOT_FOUND : ExitCode.FAILED,
                    what,
                    String.valueOf(e.getMessage()),
                    "'ltxfs doctor' checks the store",
                    e);
        }
    }

    private static CliException failed(String what, ArchiveException e) {
        int code = switch (e.kind()) {
            case NOT_FOUND -> ExitCode.NOT_FOUND;
            case DAMAGED, FOREIGN -> ExitCode.DATA_WRONG;
            case WRONG_USAGE -> ExitCode.WRONG_USAGE;
        };
        return new CliException(code, what, String.valueOf(e.getMessage()), "see 'ltxfs archive list'", e);
    }
}
