package io.ltxfs.node.cli;

import io.ltxfs.node.config.LoadedConfig;
import io.ltxfs.node.daemon.Daemon;
import io.ltxfs.node.daemon.GuardLink;
import io.ltxfs.node.logging.LogSetup;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** The node itself, as the guard starts it: standard input and output are the guard's. */
@Command(name = "daemon", hidden = true, customSynopsis = "ltxfs run [OPTION]… [-- CMD ARG…]")
final class DaemonCommand implements Callable<Integer> {
    @Mixin
    RunOptions options = new RunOptions();

    @Override
    public Integer call() throws Exception {
        GuardLink guard = GuardLink.overStandardStreams();
        LoadedConfig loaded = options.load();
        LogSetup.setLevel(loaded.config().logLevel().name());
        return Daemon.run(
                loaded, () -> options.load().config(), Optional.ofNullable(options.user), options.primaryOnly, guard);
    }
}
