package io.ltxfs.node.cli;

import io.ltxfs.node.cli.LtxfsCommand.Later;
import java.util.concurrent.Callable;
import picocli.CommandLine.Model.CommandSpec;

/** A command that this version does not have. It is not in the help, and says so when it is called. */
final class LaterCommand implements Callable<Integer> {
    private final Later later;

    private LaterCommand(Later later) {
        this.later = later;
    }

    static CommandSpec spec(Later later) {
        CommandSpec spec = CommandSpec.wrapWithoutInspection(new LaterCommand(later));
        spec.usageMessage().hidden(true);
        spec.parser().unmatchedArgumentsAllowed(true).unmatchedOptionsArePositionalParams(true);
        return spec;
    }

    @Override
    public Integer call() {
        throw new CliException(
                ExitCode.FAILED, later.command(), "comes with a later version", "until then: " + later.instead());
    }
}
