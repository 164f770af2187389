package io.ltxfs.node.cli;

import java.io.PrintWriter;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Gives the primary's role of the running node away. */
@Command(
        name = "handoff",
        description = "Give the primary's role to another node. Writers wait for it, no commit is lost.",
        footer = {"", "Example: ltxfs handoff db2"})
final class HandoffCommand implements Callable<Integer> {
    @Mixin
    GlobalOptions global = new GlobalOptions();

    @Mixin
    NodeOptions node = new NodeOptions();

    @Parameters(
            index = "0",
            arity = "0..1",
            paramLabel = "NODE",
            description = "Its node.id (default: the replica that is furthest).")
    @Nullable
    String successor;

    @Spec
    @SuppressWarnings("NullAway.Init")
    CommandSpec spec;

    @Override
    public Integer call() {
        NodeClient running = NodeClient.require(node.load().config(), "handoff");
        PrintWriter out = spec.commandLine().getOut();
        out.println(running.change(
                "handoff", successor == null ? "/handoff" : "/handoff?node=" + NodeClient.encode(successor)));
        out.flush();
        return ExitCode.DONE;
    }
}
