package io.ltxfs.node.guard;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** {@code ltxfs run}: starts a guard for the daemon that the arguments describe. */
public final class GuardMain {
    /** The hidden command whose process the guard looks after. */
    public static final String DAEMON_COMMAND = "daemon";

    private static final String DEFAULT_HEAP = "256m";

    private GuardMain() {}

    /** Whether the arguments of {@code ltxfs run} ask for help only. */
    public static boolean asksForHelp(List<String> args) {
        return own(args).stream().anyMatch(arg -> arg.equals("--help") || arg.equals("-h"));
    }

    /**
     * Runs until daemon and app have ended.
     *
     * @param args the arguments after {@code run}; those after {@code --} are the app's command
     * @param mainClass the class whose {@code daemon} command is the daemon
     * @return the exit code
     */
    public static int run(List<String> args, Class<?> mainClass) throws InterruptedException {
        int separator = args.indexOf("--");
        List<String> app = separator < 0 ? List.of() : args.subList(separator + 1, args.size());
        if (separator >= 0 && app.isEmpty()) {
            System.err.println("ltxfs: run: there is no command after --; name one, or leave -- out");
            return 2;
        }
        Guard guard = new Guard(GuardSettings.of(daemonCommand(own(args), mainClass), app));
        Signals.take(guard::signal);
        return guard.run();
    }

    private static List<String> own(List<String> args) {
        int separator = args.indexOf("--");
        return separator < 0 ? args : args.subList(0, separator);
    }

    /** The JVM of the daemon, in a session of its own: the terminal's keys are for the app. */
    private static List<String> daemonCommand(List<String> args, Class<?> mainClass) {
        List<String> words = new ArrayList<>();
        if (CommandPath.check("setsid", AppProcess.path()) == 0) {
            words.add("setsid");
        }
        words.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        words.addAll(List.of("-XX:+UseSerialGC", "-XX:-UsePerfData", "-XX:+ExitOnOutOfMemoryError", "-Xshare:auto"));
        words.add("-Xmx" + environment("LTXFS_HEAP").orElse(DEFAULT_HEAP));
        if (Runtime.version().feature() >= 24) {
            words.add("--sun-misc-unsafe-memory-access=allow");
        }
        String archive = System.getProperty("ltxfs.cds", "");
        if (!archive.isEmpty()) {
            words.addAll(List.of("-XX:SharedArchiveFile=" + archive, "-Dltxfs.cds=" + archive, "-Xlog:disable"));
        }
        environment("LTXFS_JVM").ifPresent(options -> words.addAll(Arrays.asList(options.split("\\s+"))));
        String classPath = System.getProperty("java.class.path");
        if (classPath.endsWith(".jar") && classPath.indexOf(':') < 0) {
            words.addAll(List.of("-jar", classPath)); // its manifest allows native access
        } else {
            words.addAll(List.of("-cp", classPath, mainClass.getName()));
        }
        words.add(DAEMON_COMMAND);
        words.addAll(args);
        return words;
    }

    private static Optional<String> environment(String name) {
        return Optional.ofNullable(System.getenv(name)).map(String::strip).filter(value -> !value.isEmpty());
    }
}
