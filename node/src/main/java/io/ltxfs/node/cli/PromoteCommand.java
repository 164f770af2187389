package io.ltxfs.node.cli;

import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Makes the running node the primary. */
@Command(
        name = "promote",
        description = "Make this node the primary: the one that is gives its role away in order. Without one, this node"
                + " takes over as soon as the lease has run out and what was acknowledged is known.",
        footer = {"", "Example: ltxfs promote --data /var/lib/ltxfs"})
final class PromoteCommand implements Callable<Integer> {
    @Mixin
    GlobalOptions global = new GlobalOptions();

    @Mixin
    NodeOptions node = new NodeOptions();

    @Option(
            names = "--force",
            description = "Do not wait for nodes that cannot be reached: acknowledged transactions that only they have"
                    + " are lost, and kept as divergent when they come back.")
    boolean force;

    @Spec
    @SuppressWarnings("NullAway.Init")
    CommandSpec spec;

    @Override
    public Integer call() {
        NodeClient running = NodeClient.require(node.load().config(), "promote");
        PrintWriter out = spec.commandLine().getOut();
        out.println(running.change("promote", force ? "/promote?force=1" : "/promote"));
        out.flush();
        return ExitCode.DONE;
    }
}
