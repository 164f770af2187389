package io.ltxfs.integrationtests;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** Runs other programs, always within a bound. */
final class Programs {
    private Programs() {}

    /** What a program left: exit code, 124 if it had to be killed, and what it printed. */
    record Output(int exitCode, String out, String err) {
        /** Its standard output, if it succeeded. */
        String orFail() {
            if (exitCode != 0) {
                throw new AssertionError("exit code " + exitCode + "\n" + out + "\n" + err);
            }
            return out.strip();
        }
    }

    /** Runs a program to its end, or kills it after {@code limit}. */
    static Output run(Duration limit, Map<String, String> environment, List<String> command) {
        try {
            Path out = Files.createTempFile("ltxfs-out", "");
            Path err = Files.createTempFile("ltxfs-err", "");
            try {
                ProcessBuilder builder = new ProcessBuilder(command)
                        .redirectInput(Path.of("/dev/null").toFile())
                        .redirectOutput(out.toFile())
                        .redirectError(err.toFile());
                builder.environment().putAll(environment);
                Process process = builder.start();
                int code = 124;
                if (process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
                    code = process.exitValue();
                } else {
                    process.descendants().forEach(ProcessHandle::destroyForcibly);
                    process.destroyForcibly();
                    endsWithin(process.toHandle(), Duration.ofSeconds(60));
                }
                return new Output(code, Files.readString(out), Files.readString(err));
            } finally {
                Files.delete(out);
                Files.delete(err);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new AssertionError("interrupted", e);
        }
    }

    static Output run(Duration limit, String... command) {
        return run(limit, Map.of(), List.of(command));
    }

    /** Runs one of this module's Python programs. */
    static Output python(Duration limit, String program, String... arguments) {
        List<String> command =
                new ArrayList<>(List.of("python3", pythonProgram(program).toString()));
        command.addAll(List.of(arguments));
        return run(limit, Map.of(), command);
    }

    static Path pythonProgram(String program) {
        return Repository.module().resolve("src/test/python").resolve(program);
    }

    /** Waits for a process's end; fails, naming its state, if it hangs. */
    static void endsWithin(ProcessHandle process, Duration limit) {
        try {
            process.onExit().get(limit.toMillis(), TimeUnit.MILLISECONDS);
        } catch (java.util.concurrent.TimeoutException e) {
            throw new AssertionError("process " + process.pid() + " hangs: " + describe(process.pid()), e);
        } catch (InterruptedException | java.util.concurrent.ExecutionException e) {
            throw new AssertionError(e);
        }
    }

    /** Its command, its state and where in the kernel it waits. */
    static String describe(long pid) {
        StringBuilder text = new StringBuilder();
        for (String file : List.of("cmdline", "stat", "wchan", "stack")) {
            try {
                text.append(Files.readString(Path.of("/proc", Long.toString(pid), file))
                                .replace('\0', ' ')
                                .strip())
                        .append(" | ");
            } catch (IOException e) {
                text.append(file).append(" unreadable | ");
            }
        }
        return text.toString();
    }

    /** Takes every step, whichever fails; fails afterwards if one did. */
    static void doAll(List<Runnable> steps) {
        List<Throwable> failures = new ArrayList<>();
        for (Runnable step : steps) {
            try {
                step.run();
            } catch (RuntimeException | AssertionError e) {
                failures.add(e);
            }
        }
        if (!failures.isEmpty()) {
            AssertionError failure = new AssertionError("not all could be ended", failures.get(0));
            failures.stream().skip(1).forEach(failure::addSuppressed);
            throw failure;
        }
    }

    /** Deletes a directory with all that is in it, if it exists; what still comes and goes in it meanwhile, too. */
    static void deleteAll(Path directory) {
        await("nothing to be left of " + directory)
                .atMost(Duration.ofSeconds(60))
                .pollDelay(Duration.ZERO)
                .ignoreExceptions()
                .until(() -> {
                    deleteOnce(directory);
                    return !Files.exists(directory);
                });
    }

    private static void deleteOnce(Path directory) throws IOException {
        if (!Files.exists(directory)) {
            return;
        }
        try (Stream<Path> paths = Files.walk(directory)) {
            for (Path path : paths.sorted(java.util.Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        }
    }
}
