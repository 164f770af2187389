package io.ltxfs.node.cli;

import io.ltxfs.node.config.ConfigLoader;
import io.ltxfs.node.config.ConfigRequest;
import io.ltxfs.node.daemon.WarmUp;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** Loads what commands and node load, for the archive of classes that the launcher makes. Changes nothing. */
@Command(name = "warm-up", hidden = true)
final class WarmUpCommand implements Callable<Integer> {
    @Override
    public Integer call() throws Exception {
        CommandLine line = Cli.commandLine();
        PrintWriter nowhere = new PrintWriter(Writer.nullWriter());
        line.setOut(nowhere);
        line.setErr(nowhere);
        for (String[] args : List.of(
                new String[] {"--help"},
                new String[] {"version"},
                new String[] {"run", "--help"},
                new String[] {"config", "show", "--json"},
                new String[] {"status", "--data", "/nonexistent"},
                new String[] {"export", "x", "--data", "/nonexistent", "-o", "/nonexistent/x"})) {
            line.execute(args);
        }
        Path dir = Files.createTempDirectory("ltxfs-warm-up");
        try {
            RestoreWarmUp.run(line, dir);
        } finally {
            try (Stream<Path> files = Files.walk(dir)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.deleteIfExists(file);
                }
            }
        }
        Class.forName("io.ltxfs.node.guard.Guard");
        Class.forName("io.ltxfs.node.guard.AppProcess");
        WarmUp.run(ConfigLoader.load(ConfigRequest.ofProcess(Optional.empty(), List.of("http.listen=127.0.0.1:0"))));
        return ExitCode.DONE;
    }
}
