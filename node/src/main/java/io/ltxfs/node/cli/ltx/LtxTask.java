package io.ltxfs.node.cli.ltx;

import io.ltxfs.ltx.LtxError;
import io.ltxfs.ltx.LtxFormatException;
import io.ltxfs.node.cli.Cli;
import io.ltxfs.node.cli.CliException;
import io.ltxfs.node.cli.ExitCode;
import io.ltxfs.node.cli.GlobalOptions;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** What the commands on LTX files have in common: where they print, and how their failures read. */
abstract class LtxTask implements Callable<Integer> {
    @Mixin
    GlobalOptions global = new GlobalOptions();

    @Spec
    @SuppressWarnings("NullAway.Init")
    CommandSpec spec;

    /** Does the work. @return the exit code */
    abstract int run(PrintWriter out) throws IOException;

    @Override
    public final Integer call() throws IOException {
        PrintWriter out = spec.commandLine().getOut();
        try {
            return run(out);
        } catch (LtxFormatException e) {
            throw new CliException(
                    ExitCode.DATA_WRONG, "ltx " + spec.name(), String.valueOf(e.getMessage()), next(e.error()), e);
        } catch (NoSuchFileException e) {
            throw new CliException(ExitCode.NOT_FOUND, "ltx " + spec.name(), Cli.describe(e), "check the path", e);
        } finally {
            out.flush();
        }
    }

    /** One line on standard error about a file of several, the others go on. */
    final void complain(Path file, IOException e) {
        PrintWriter err = spec.commandLine().getErr();
        err.println("ltxfs: " + file + ": " + reason(e) + "; "
                + (e instanceof LtxFormatException format ? next(format.error()) : "check the path"));
        err.flush();
    }

    /** What is wrong, without the file's name where the exception's message is nothing else. */
    static String reason(IOException e) {
        return e instanceof NoSuchFileException ? "no such file or directory" : Cli.describe(e);
    }

    /** Refuses to write where something is, unless that is wanted. */
    final void checkOutput(Path output, boolean force) {
        if (!force && Files.exists(output)) {
            throw new CliException(
                    ExitCode.FAILED, output.toString(), "is there already", "name another file, or add --force");
        }
    }

    private static String next(LtxError error) {
        return switch (error) {
            case PRE_APPLY_MISMATCH -> "apply the files before this one first, or begin with a snapshot";
            case NON_CONTIGUOUS -> "name the files oldest first, and leave none out";
            case NOT_A_SNAPSHOT -> "begin with a file whose first transaction is 0000000000000001";
            case PAGE_SIZE_MISMATCH -> "only files of one page size can be joined";
            case GROWTH_PAGE_MISSING -> "add --fill to write the zeros that applying one by one would leave";
            case POST_APPLY_NOT_EMPTY -> "a deletion is kept with its checksums only";
            case BAD_DATABASE, BAD_PAGE_SIZE -> "name a SQLite database that is not encrypted";
            default -> "get the file again from where it came from";
        };
    }
}
