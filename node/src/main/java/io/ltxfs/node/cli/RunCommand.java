package io.ltxfs.node.cli;

import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The help of {@code ltxfs run}; running it is the guard's affair, which starts without reading these options. */
@Command(
        name = "run",
        description = {
            "Mount and serve until stopped. With a command, start it when the node can serve it, keep the terminal for"
                    + " it, forward signals, and exit with its code.",
            "",
            "SIGTERM hands the primary's role over, flushes and unmounts within stop-timeout; files still open are"
                    + " detached and named. A second one stops at once. SIGHUP reads certificates and log level again.",
            ""
        },
        customSynopsis = "ltxfs run [OPTION]… [-- CMD ARG…]",
        footer = {
            "",
            "Exit code: the command's own, 128 + signal if it was killed; 125 when ltxfs itself failed, 126 and 127 as a"
                    + " shell; 2 for wrong usage or configuration. Without a command: 0, or 1.",
            "LTXFS_HEAP bounds the node's heap (256m), LTXFS_JVM gives its JVM more options.",
            "",
            "Examples:",
            "  ltxfs run -- sqlite3 /litefs/app.db \"create table t(x)\"",
            "  ltxfs run --mount /srv/db --data /srv/ltxfs --user app -- ./server",
            "  ltxfs run -c ltxfs.yml --set http.listen=127.0.0.1:0",
            "  ltxfs run --lease s3://bucket/lease --archive s3://bucket/archive --primary-only -- ./migrate",
        })
final class RunCommand implements Callable<Integer> {
    @Mixin
    RunOptions options = new RunOptions();

    @Parameters(paramLabel = "CMD ARG", hidden = true, description = "The command, after --.")
    List<String> command = List.of();

    @Spec
    @SuppressWarnings("NullAway.Init")
    CommandSpec spec;

    @Override
    public Integer call() {
        throw new ParameterException(spec.commandLine(), "options go after run, as in 'ltxfs run --debug'");
    }
}
