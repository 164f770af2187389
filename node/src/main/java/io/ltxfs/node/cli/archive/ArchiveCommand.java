package io.ltxfs.node.cli.archive;

import io.ltxfs.node.cli.GlobalOptions;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The archive by hand; no node is needed. */
@Command(
        name = "archive",
        description = "Show, check, compact and begin the archive. No node is needed.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            ArchiveListCommand.class,
            ArchiveVerifyCommand.class,
            ArchiveCompactCommand.class,
            ArchiveBeginCommand.class,
        },
        footer = {"", "Example: ltxfs archive list --db app.db"})
public final class ArchiveCommand implements Callable<Integer> {
    @Mixin
    GlobalOptions global = new GlobalOptions();

    @Spec
    @SuppressWarnings("NullAway.Init")
    CommandSpec spec;

    @Override
    public Integer call() {
        throw new ParameterException(
                spec.commandLine(),
                "name one of " + String.join(", ", spec.subcommands().keySet()));
    }
}
