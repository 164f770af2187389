package io.ltxfs.node.guard;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.IntConsumer;

/**
 * The app as a child, with the guard's terminal and standard streams.
 *
 * <p>It stays in the guard's process group, so that the terminal is its own; a shell's job control sees one job.
 */
final class AppProcess {
    private final Process process;
    private final MarkedProcesses processes;

    private AppProcess(Process process, String mark) {
        this.process = process;
        this.processes = new MarkedProcesses(process.pid(), mark);
    }

    /**
     * Starts it. Called on the guard's main thread: the kernel sends the app SIGTERM when the thread that made it dies.
     *
     * @param user whom it runs as; empty for the guard's own user
     * @param ended gets the exit code, 128 + signal if it was killed
     * @throws GuardException if the user cannot be found
     * @throws IOException if it cannot be started
     */
    static AppProcess start(List<String> command, Optional<String> user, IntConsumer ended)
            throws GuardException, IOException {
        String mark = UUID.randomUUID().toString();
        List<String> words = new ArrayList<>();
        ProcessBuilder builder = new ProcessBuilder(words);
        Map<String, String> environment = builder.environment();
        environment.put(MarkedProcesses.VARIABLE, mark);
        boolean setpriv = CommandPath.check("setpriv", path()) == 0;
        if (setpriv) {
            words.addAll(List.of("setpriv", "--pdeathsig", "TERM"));
        }
        if (user.isPresent()) {
            UserAccount account = UserAccount.find(user.get());
            if (!setpriv) {
                throw new GuardException(
                        "--user " + user.get(), "setpriv is missing", "install util-linux, or run the app as root");
            }
            words.addAll(List.of("--reuid", account.uid(), "--regid", account.gid(), "--init-groups"));
            environment.put("HOME", account.home());
            environment.put("USER", account.name());
            environment.put("LOGNAME", account.name());
            environment.put("SHELL", account.shell().isEmpty() ? "/bin/sh" : account.shell());
        }
        if (setpriv) {
            words.add("--");
        }
        words.addAll(command);
        Process process = builder.inheritIO().start();
        Thread waiter = new Thread(() -> ended.accept(waitFor(process)), "guard-app");
        waiter.setDaemon(true);
        waiter.start();
        return new AppProcess(process, mark);
    }

    /** The value of PATH that programs are looked up in. */
    static String path() {
        return Optional.ofNullable(System.getenv("PATH")).orElse("/usr/local/bin:/usr/bin:/bin");
    }

    /** The app's first process, and those that belong to it. */
    MarkedProcesses processes() {
        return processes;
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** Sends a signal, by its name without SIG, to the app's first process. */
    void signal(String name) {
        if (name.equals("TERM")) {
            process.destroy();
        } else {
            signal(name, process.pid());
        }
    }

    private static void signal(String name, long pid) {
        try {
            new ProcessBuilder("sh", "-c", "kill -s \"$0\" \"$1\" 2>/dev/null", name, Long.toString(pid))
                    .inheritIO()
                    .start();
        } catch (IOException e) {
            System.err.println("ltxfs: sending SIG" + name + ": " + e.getMessage() + "; send it by hand");
        }
    }

    private static int waitFor(Process process) {
        while (true) {
            try {
                return process.waitFor();
            } catch (InterruptedException e) {
                // this thread exists to wait
            }
        }
    }
}
