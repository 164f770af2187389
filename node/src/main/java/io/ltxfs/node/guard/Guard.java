package io.ltxfs.node.guard;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Looks after one daemon and one app, from the start of both to the end of both.
 *
 * <p>A daemon that is killed leaves its app reading stale pages without an error, and a dead mount that every path
 * runs into. So a process that does nothing else outlives it: it ends the app with all that the app started, aborts
 * the kernel's connection, detaches the mount, and starts both again or exits. In the other direction the daemon sees
 * the end of its input when the guard dies, ends the app and stops.
 *
 * <p>Everything that happens is an event in one queue, handled by the thread that calls {@link #run}. That thread also
 * starts the processes and must live as long as they do.
 */
final class Guard {
    private sealed interface Event {
        record DaemonSaid(int generation, Protocol.Line line) implements Event {}

        record DaemonEnded(int generation, int code) implements Event {}

        record AppEnded(int generation, int code) implements Event {}

        record SignalCame(String name) implements Event {}
    }

    private enum Phase {
        /** The daemon recovers and mounts. */
        STARTING,
        /** The mount is there; the app, if any, runs. */
        SERVING,
        /** The daemon died; it is started again when {@link Guard#nextStep} is reached. */
        BACKING_OFF,
        /** The app was asked to end, and is killed at {@link Guard#nextStep}. */
        ENDING_APP,
        /** The app has ended; what it left in the background is killed at {@link Guard#nextStep}. */
        ENDING_LEFTOVERS,
        /** The daemon was asked to stop, and is killed at {@link Guard#nextStep}. */
        ENDING_DAEMON
    }

    /** ltxfs itself failed; not to be taken for the app's own code. */
    static final int FAILED_WITH_APP = 125;

    private static final int FAILED = 1;
    private static final int WRONG_USAGE = 2;
    private static final long LEFTOVER_POLL_NANOS = Duration.ofMillis(20).toNanos();
    private static final Duration LEFTOVER_MAX = Duration.ofSeconds(2);

    /** What of the stop's time is kept for the daemon: a quarter, at most this. */
    private static final Duration DAEMON_SHARE_MAX = Duration.ofSeconds(5);

    private final GuardSettings settings;
    private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();

    private Phase phase = Phase.STARTING;
    private int generation;
    private @Nullable DaemonProcess daemon;
    private @Nullable AppProcess app;
    private OptionalInt appCode = OptionalInt.empty();
    private OptionalInt result = OptionalInt.empty();

    /** What the daemon told about its configuration. */
    private Map<String, String> config = Map.of();

    private OptionalInt connection = OptionalInt.empty();
    private boolean everReady;
    private int restarts;
    private long readyAt;
    private long stopDeadline;
    private long nextStep;
    private int stopSignal;

    Guard(GuardSettings settings) {
        this.settings = settings;
    }

    /** Tells of a signal; from any thread. */
    void signal(String name) {
        events.add(new Event.SignalCame(name));
    }

    /** Runs until all has ended. @return the exit code */
    int run() throws InterruptedException {
        startDaemon();
        while (result.isEmpty()) {
            Event event = nextEvent();
            if (event == null) {
                onTime();
            } else if (event instanceof Event.SignalCame came) {
                onSignal(came.name());
            } else if (event instanceof Event.DaemonSaid said && said.generation() == generation) {
                onLine(said.line());
            } else if (event instanceof Event.DaemonEnded ended && ended.generation() == generation) {
                onDaemonEnded(ended.code());
            } else if (event instanceof Event.AppEnded ended && ended.generation() == generation) {
                onAppEnded(ended.code());
            }
        }
        return result.getAsInt();
    }

    private @Nullable Event nextEvent() throws InterruptedException {
        if (phase == Phase.STARTING || phase == Phase.SERVING) {
            return events.take();
        }
        long wait = nextStep - System.nanoTime();
        if (phase == Phase.ENDING_LEFTOVERS) {
            wait = Math.min(wait, LEFTOVER_POLL_NANOS);
        }
        return events.poll(Math.max(wait, 0), TimeUnit.NANOSECONDS);
    }

    /** Nothing came until the next step was due, or it is time to look whether the leftovers have gone. */
    private void onTime() {
        boolean due = System.nanoTime() >= nextStep;
        switch (phase) {
            case BACKING_OFF -> startDaemon();
            case ENDING_APP -> {
                say("the app has not ended in time: killing it");
                killApp();
            }
            case ENDING_LEFTOVERS -> {
                AppProcess ended = app;
                if (due && ended != null) {
                    ended.processes().kill();
                }
                if (due || ended == null || ended.processes().alive().isEmpty()) {
                    stopDaemon();
                }
            }
            case ENDING_DAEMON -> {
                say("the node has not stopped in time: killing it");
                killDaemon();
            }
            default -> {}
        }
    }

    private void onLine(Protocol.Line line) {
        switch (line.word()) {
            case "config" -> config = line.values();
            case "mounted" ->
                connection =
                        OptionalInt.of(Integer.parseInt(line.value("connection").orElse("0")));
            case "ready" -> onReady();
            case "stop" -> stop(15);
            default -> {}
        }
    }

    private void onReady() {
        if (phase != Phase.STARTING) {
            return;
        }
        phase = Phase.SERVING;
        everReady = true;
        readyAt = System.nanoTime();
        if (!settings.app().isEmpty()) {
            startApp();
        }
    }

    private void startApp() {
        String program = settings.app().get(0);
        int found = CommandPath.check(program, AppProcess.path());
        if (found != 0) {
            String why = found == CommandPath.NOT_FOUND ? "not found" : "is not an executable file";
            say(program + ": " + why + "; check the name and the PATH");
            appFailed(found);
            return;
        }
        int current = generation;
        try {
            app = AppProcess.start(
                    settings.app(),
                    Optional.ofNullable(config.get("user")).filter(user -> !user.isEmpty()),
                    code -> events.add(new Event.AppEnded(current, code)));
        } catch (GuardException e) {
            say(e.getMessage());
            appFailed(FAILED_WITH_APP);
            return;
        } catch (IOException e) {
            say(program + ": cannot be started: " + e.getMessage() + "; check that it is a program for this machine");
            appFailed(CommandPath.NOT_RUNNABLE);
            return;
        }
        send("app " + app.processes().pid() + " " + app.processes().mark());
    }

    private void appFailed(int code) {
        appCode = OptionalInt.of(code);
        stopDeadline = System.nanoTime() + stopTimeout().toNanos();
        stopDaemon();
    }

    private void onSignal(String name) {
        switch (name) {
            case "HUP" -> send("reload");
            case "TERM" -> stop(15);
            case "INT" -> {
                if (phase != Phase.SERVING || app == null) {
                    stop(2);
                } else if (!Signals.terminalSignalsGroup()) {
                    app.signal(name);
                }
            }
            default -> {
                if (app != null && app.isAlive()) {
                    app.signal(name);
                }
            }
        }
    }

    /** The first call stops in order, the second at once. */
    private void stop(int signal) {
        if (phase == Phase.BACKING_OFF) {
            result = OptionalInt.of(settings.app().isEmpty() ? FAILED : 128 + signal);
            return;
        }
        if (phase != Phase.STARTING && phase != Phase.SERVING) {
            if (stopSignal == 0) {
                stopSignal = signal; // the app has ended by itself, perhaps by this very key of the terminal
                return;
            }
            say("stopping at once");
            killApp();
            send("stop-now");
            phase = Phase.ENDING_DAEMON;
            nextStep = System.nanoTime() + Protocol.GRACE.toNanos();
            return;
        }
        stopSignal = signal;
        stopDeadline = System.nanoTime() + stopTimeout().toNanos();
        if (app != null && app.isAlive()) {
            phase = Phase.ENDING_APP;
            nextStep = stopDeadline - daemonShare().toNanos();
            app.signal("TERM");
        } else {
            stopDaemon();
        }
    }

    private void onAppEnded(int code) {
        appCode = OptionalInt.of(code);
        if (phase == Phase.ENDING_DAEMON) {
            return;
        }
        if (phase == Phase.SERVING) {
            stopDeadline = System.nanoTime() + stopTimeout().toNanos();
        }
        AppProcess ended = app;
        if (ended == null || ended.processes().alive().isEmpty()) {
            stopDaemon();
            return;
        }
        ended.processes().terminate();
        phase = Phase.ENDING_LEFTOVERS;
        long most = Math.min(LEFTOVER_MAX.toNanos(), stopTimeout().toNanos() / 4);
        nextStep = Math.min(System.nanoTime() + most, stopDeadline);
    }

    private void stopDaemon() {
        phase = Phase.ENDING_DAEMON;
        long remaining = Math.max(
                stopDeadline - System.nanoTime(), Duration.ofMillis(500).toNanos());
        send("stop " + TimeUnit.NANOSECONDS.toMillis(remaining));
        nextStep = System.nanoTime() + remaining + Protocol.GRACE.toNanos();
    }

    private void onDaemonEnded(int code) {
        daemon = null;
        if (phase == Phase.ENDING_DAEMON) {
            if (code != 0) {
                cleanUp();
            }
            finish(code);
            return;
        }
        boolean mounted = connection.isPresent();
        cleanUp();
        if (phase == Phase.ENDING_APP || phase == Phase.ENDING_LEFTOVERS) {
            finish(FAILED);
        } else if (!everReady && !(mounted && code > 128)) {
            result = OptionalInt.of(code == WRONG_USAGE ? code : failed(code));
        } else {
            onDaemonDied(code);
        }
    }

    private void onDaemonDied(int code) {
        if (code == 0 && settings.app().isEmpty()) {
            say("the mount was taken away by another process: stopped");
            result = OptionalInt.of(0);
            return;
        }
        String how = code > 128 ? "was killed by signal " + (code - 128) : "ended with code " + code;
        String ended = settings.app().isEmpty() ? "" : "; the app was ended with it";
        if (phase == Phase.SERVING
                && System.nanoTime() - readyAt > settings.steadyAfter().toNanos()) {
            restarts = 0;
        }
        boolean restart = !"exit".equals(config.get("on-daemon-death"));
        if (!restart) {
            say("the node " + how + ended + "; start it again, or set on-daemon-death: restart");
            result = OptionalInt.of(failed(code));
        } else if (restarts >= settings.restartsMax()) {
            say("the node " + how + ended + ", after " + restarts
                    + " restarts; read the log above, and run 'ltxfs doctor'");
            result = OptionalInt.of(failed(code));
        } else {
            say("the node " + how + ended + "; starting again");
            generation++; // the end of the app that was killed is no news
            phase = Phase.BACKING_OFF;
            nextStep = System.nanoTime() + settings.backOff().toNanos() * (1L << restarts);
            restarts++;
        }
    }

    /** After the daemon's death: nobody waits for it, nothing of the app runs, no path leads to its mount. */
    private void cleanUp() {
        connection.ifPresent(DeadMount::abort);
        killApp();
        if (connection.isPresent()) {
            Optional.ofNullable(config.get("mount")).ifPresent(mount -> DeadMount.detach(Path.of(mount)));
        }
        connection = OptionalInt.empty();
    }

    private void finish(int daemonCode) {
        if (settings.app().isEmpty()) {
            result = OptionalInt.of(daemonCode == 0 ? 0 : FAILED);
        } else if (appCode.isEmpty()) {
            boolean appWasKilled = app != null;
            result = OptionalInt.of(appWasKilled ? 128 + 9 : stopSignal != 0 ? 128 + stopSignal : FAILED_WITH_APP);
        } else {
            boolean hidden = daemonCode != 0 && appCode.getAsInt() == 0;
            result = OptionalInt.of(hidden ? FAILED_WITH_APP : appCode.getAsInt());
        }
    }

    private int failed(int code) {
        if (!settings.app().isEmpty()) {
            return FAILED_WITH_APP;
        }
        return code == 0 || code > 128 ? FAILED : code;
    }

    private void startDaemon() {
        generation++;
        phase = Phase.STARTING;
        app = null;
        appCode = OptionalInt.empty();
        int current = generation;
        try {
            daemon = DaemonProcess.start(
                    settings.daemon(),
                    line -> events.add(new Event.DaemonSaid(current, line)),
                    code -> events.add(new Event.DaemonEnded(current, code)));
        } catch (IOException e) {
            say("starting the node: " + e.getMessage() + "; check the Java installation");
            result = OptionalInt.of(failed(FAILED));
        }
    }

    private void killApp() {
        if (app != null) {
            app.processes().kill();
        }
    }

    private void killDaemon() {
        nextStep = System.nanoTime() + Protocol.GRACE.toNanos();
        connection.ifPresent(DeadMount::abort);
        if (daemon != null) {
            daemon.kill();
        }
    }

    private void send(String line) {
        if (daemon != null) {
            daemon.send(line);
        }
    }

    private Duration stopTimeout() {
        return Duration.ofMillis(Long.parseLong(config.getOrDefault("stop-timeout", "20000")));
    }

    private Duration daemonShare() {
        Duration quarter = stopTimeout().dividedBy(4);
        return quarter.compareTo(DAEMON_SHARE_MAX) < 0 ? quarter : DAEMON_SHARE_MAX;
    }

    private static void say(String message) {
        System.err.println("ltxfs: " + message);
    }
}
