package io.ltxfs.node.cli;

import picocli.CommandLine.Option;

/** Options of every command. */
public final class GlobalOptions {
    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Show this help.")
    boolean help;

    @Option(names = "--debug", description = "Show where in the program an error came from, and log everything.")
    boolean debug;
}
