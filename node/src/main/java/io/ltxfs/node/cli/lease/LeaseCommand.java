package io.ltxfs.node.cli.lease;

import io.ltxfs.node.cli.GlobalOptions;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The lease by hand; no node is needed. */
@Command(
        name = "lease",
        description = "Show and break the lease of a cluster. No node is needed.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {LeaseShowCommand.class, LeaseBreakCommand.class},
        footer = {"", "Example: ltxfs lease show --lease s3://bucket/cluster"})
public final class LeaseCommand implements Callable<Integer> {
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
