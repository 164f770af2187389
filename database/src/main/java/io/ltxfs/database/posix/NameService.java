package io.ltxfs.database.posix;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The users and groups of the system, as its name service knows them: also those that are not in {@code /etc/passwd}.
 * Asks the program {@code getent}, and not for longer than {@value #LIMIT_SECONDS} s, for a directory server may not
 * answer.
 */
public final class NameService {
    private static final int LIMIT_SECONDS = 10;

    private NameService() {}

    /**
     * Looks an entry up.
     *
     * @param database {@code passwd} or {@code group}
     * @param key a name or a number
     * @return the fields of its line, as passwd(5) and group(5) name them; empty if there is none
     * @throws IOException if {@code getent} cannot be run or does not answer in time
     */
    public static Optional<List<String>> find(String database, String key) throws IOException {
        return ask(List.of("getent", database, "--", key), Duration.ofSeconds(LIMIT_SECONDS));
    }

    static Optional<List<String>> ask(List<String> command, Duration limit) throws IOException {
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        // Of the handle: the process's own method closes the stream that is being read, too.
        AtomicBoolean late = new AtomicBoolean();
        CompletableFuture<Void> watchdog = CompletableFuture.runAsync(
                () -> {
                    late.set(true);
                    process.toHandle().destroyForcibly();
                },
                CompletableFuture.delayedExecutor(limit.toMillis(), TimeUnit.MILLISECONDS));
        String line = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        watchdog.cancel(false);
        if (late.get()) {
            throw new IOException(command.get(0) + " did not answer within " + limit.toMillis() + " ms");
        }
        return line.isEmpty() ? Optional.empty() : Optional.of(List.of(line.split(":", -1)));
    }
}
