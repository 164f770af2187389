package io.ltxfs.node.cli;

import io.ltxfs.node.cli.archive.ArchiveCommand;
import io.ltxfs.node.cli.certs.CertsCommand;
import io.ltxfs.node.cli.lease.LeaseCommand;
import io.ltxfs.node.cli.ltx.LtxCommand;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code ltxfs} itself: the list of commands. */
@Command(
        name = "ltxfs",
        description = "A file system for SQLite databases: every committed transaction is kept, as LTX.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            RunCommand.class,
            DaemonCommand.class,
            StatusCommand.class,
            LogCommand.class,
            ExportCommand.class,
            ImportCommand.class,
            RestoreCommand.class,
            RewindCommand.class,
            PromoteCommand.class,
            HandoffCommand.class,
            ArchiveCommand.class,
            LeaseCommand.class,
            CertsCommand.class,
            DoctorCommand.class,
            LtxCommand.class,
            ConfigCommand.class,
            VersionCommand.class,
            WarmUpCommand.class,
        },
        footer = {
            "",
            "Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 the data failed a check,",
            "4 not found or not to be had any more. See 'ltxfs run --help' for a node with a command.",
            "",
            "Examples:",
            "  ltxfs run -- sqlite3 /litefs/app.db \"create table t(x)\"",
            "  ltxfs status",
            "  ltxfs export app.db -o copy.db",
            "  ltxfs restore app.db -o out.db --timestamp '2h ago'",
        })
final class LtxfsCommand implements Callable<Integer> {
    /** Commands of later versions. */
    enum Later {
        REPLICATE("run the database inside the mount");

        private final String instead;

        Later(String instead) {
            this.instead = instead;
        }

        String command() {
            return name().toLowerCase(java.util.Locale.ROOT);
        }

        String instead() {
            return instead;
        }
    }

    @Mixin
    GlobalOptions global = new GlobalOptions();

    @Option(
            names = {"-V", "--version"},
            description = "Say which version of ltxfs this is.")
    boolean version;

    @Spec
    @SuppressWarnings("NullAway.Init")
    CommandSpec spec;

    @Override
    public Integer call() {
        if (version) {
            return new picocli.CommandLine(new VersionCommand())
                    .setOut(spec.commandLine().getOut())
                    .execute();
        }
        throw new ParameterException(spec.commandLine(), "no command is named");
    }
}
