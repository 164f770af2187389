package io.ltxfs.node.cli.ltx;

import io.ltxfs.node.cli.GlobalOptions;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** LTX files by hand. */
@Command(
        name = "ltx",
        description = "List, show, check, apply, make and join LTX files by hand.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            LtxListCommand.class,
            LtxDumpCommand.class,
            LtxVerifyCommand.class,
            LtxApplyCommand.class,
            LtxEncodeCommand.class,
            LtxCompactCommand.class,
            LtxChecksumCommand.class,
        },
        footer = {
            "",
            "Files of LiteFS and of every Litestream 0.5 are read too.",
            "Exit code 3: a file is damaged, or files and database do not fit together.",
            "",
            "Example: ltxfs ltx verify *.ltx",
        })
public final class LtxCommand implements Callable<Integer> {
    @Mixin
    GlobalOptions global = new GlobalOptions();

    @Spec
    @SuppressWarnings("NullAway.Init")
    CommandSpec spec;

    @Override
    public Integer call() {
        throw new ParameterException(
                spec.commandLine(), "name one of list, dump, verify, apply, encode, compact, checksum");
    }
}
