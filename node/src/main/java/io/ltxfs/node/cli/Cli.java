package io.ltxfs.node.cli;

import io.ltxfs.node.cli.LtxfsCommand.Later;
import io.ltxfs.node.config.ConfigException;
import io.ltxfs.node.guard.GuardMain;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** Parses the command line and runs the command; errors become one line and an exit code. */
public final class Cli {
    private Cli() {}

    /** Runs a command with this process' streams. @return the exit code */
    public static int run(String... args) {
        return commandLine().execute(args);
    }

    /** The commands, ready to run. */
    static CommandLine commandLine() {
        CommandLine line = new CommandLine(new LtxfsCommand());
        for (Later later : Later.values()) {
            line.addSubcommand(later.command(), LaterCommand.spec(later));
        }
        line.setUsageHelpAutoWidth(true);
        line.setUsageHelpLongOptionsMaxWidth(28);
        line.setColorScheme(CommandLine.Help.defaultColorScheme(Ansi.AUTO));
        line.setParameterExceptionHandler(Cli::onWrongUsage);
        line.setExecutionExceptionHandler((e, command, parsed) -> onFailure(e, command));
        return line;
    }

    private static int onWrongUsage(ParameterException e, String[] args) {
        CommandLine command = e.getCommandLine();
        PrintWriter err = command.getErr();
        String name = command.getCommandSpec().qualifiedName().replace(GuardMain.DAEMON_COMMAND, "run");
        String next = "see '" + name + " --help'";
        if (e instanceof UnmatchedArgumentException unmatched) {
            List<String> near = unmatched.getSuggestions();
            if (!near.isEmpty()) {
                next = "did you mean " + String.join(" or ", near.subList(0, Math.min(2, near.size()))) + "? " + next;
            } else if (name.endsWith(" run") && !unmatched.isUnknownOption()) {
                next = "a command to run goes after --; " + next;
            }
        }
        String problem = e.getMessage() == null ? "wrong usage" : e.getMessage().strip();
        err.println(name.replace("ltxfs ", "ltxfs: ").replaceFirst("^ltxfs$", "ltxfs: usage") + ": " + problem + "; "
                + next);
        err.flush();
        return ExitCode.WRONG_USAGE;
    }

    private static int onFailure(Exception e, CommandLine command) {
        PrintWriter err = command.getErr();
        if (wantsDebug(command)) {
            e.printStackTrace(err);
        }
        int code = ExitCode.FAILED;
        String message;
        if (e instanceof CliException known) {
            code = known.exitCode();
            message = known.getMessage();
        } else if (e instanceof ConfigException) {
            code = ExitCode.WRONG_USAGE;
            message = "config: " + e.getMessage();
        } else if (e instanceof IOException) {
            message = describe(e) + "; check the path, its permissions and the disk";
        } else {
            message = e + "; this is a defect of ltxfs: run it again with --debug and report what it says";
        }
        err.println("ltxfs: " + message);
        err.flush();
        return code;
    }

    /** What an I/O error says, with the name of its class where its message is only a path. */
    public static String describe(Exception e) {
        if (e instanceof java.nio.file.NoSuchFileException) {
            return e.getMessage() + ": no such file or directory";
        }
        if (e instanceof java.nio.file.AccessDeniedException) {
            return e.getMessage() + ": permission denied";
        }
        return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    }

    private static boolean wantsDebug(CommandLine command) {
        return command.getParseResult() != null && command.getParseResult().hasMatchedOption("--debug");
    }
}
