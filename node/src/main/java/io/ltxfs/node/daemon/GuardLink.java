package io.ltxfs.node.daemon;

import io.ltxfs.node.guard.MarkedProcesses;
import io.ltxfs.node.guard.Protocol;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The daemon's end of what it and its guard say to each other; see {@link Protocol}. Safe for all threads. */
public final class GuardLink {
    private static final Logger LOG = LoggerFactory.getLogger(GuardLink.class);

    /** How the node is to stop. */
    record Stop(Cause cause, Duration within) {
        enum Cause {
            /** The guard asked for it. */
            ASKED,
            /** The guard asked for it at once. */
            AT_ONCE,
            /** The guard died: the app is the daemon's to end. */
            GUARD_DIED,
            /** The mount was taken away by somebody else. */
            UNMOUNTED,
            /** The node cannot take part in its cluster. */
            FAILED
        }
    }

    private final InputStream in;
    private final PrintStream out;
    private final CompletableFuture<Stop> stop = new CompletableFuture<>();
    private final CompletableFuture<Stop> stopAtOnce = new CompletableFuture<>();
    private volatile @Nullable MarkedProcesses app;

    GuardLink(InputStream in, PrintStream out) {
        this.in = in;
        this.out = out;
    }

    /** Takes this process' standard streams; what else is printed goes to standard error from here on. */
    public static GuardLink overStandardStreams() {
        GuardLink link = new GuardLink(System.in, System.out);
        System.setOut(System.err);
        return link;
    }

    /** Sends a line to the guard. */
    void send(String word, Map<String, String> values) {
        synchronized (out) {
            out.println(new Protocol.Line(word, values));
            out.flush();
        }
    }

    /** Listens to the guard on a thread of its own. @param reload what SIGHUP does */
    void listen(Runnable reload) {
        Thread thread = new Thread(() -> readLines(reload), "guard-link");
        thread.setDaemon(true);
        thread.start();
    }

    /** Done when the node is to stop. */
    CompletableFuture<Stop> stop() {
        return stop;
    }

    /** Done when the node is to stop at once, whatever it is doing. */
    CompletableFuture<Stop> stopAtOnce() {
        return stopAtOnce;
    }

    /** The app that runs over the mount, if there is one. */
    Optional<MarkedProcesses> app() {
        return Optional.ofNullable(app);
    }

    private void readLines(Runnable reload) {
        try (BufferedReader reader = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                try {
                    onLine(line.split(" "), reload);
                } catch (RuntimeException e) { // the guard would not be heard any more, when it says stop
                    LOG.error("could not do what the guard said word={}", line, e);
                }
            }
        } catch (IOException e) {
            LOG.warn("could not read from the guard error={}", e.toString());
        }
        stop.complete(new Stop(Stop.Cause.GUARD_DIED, Duration.ZERO));
    }

    private void onLine(String[] words, Runnable reload) {
        switch (words[0]) {
            case "app" -> app = new MarkedProcesses(Long.parseLong(words[1]), words[2]);
            case "stop" -> stop.complete(new Stop(Stop.Cause.ASKED, Duration.ofMillis(Long.parseLong(words[1]))));
            case "stop-now" -> {
                Stop now = new Stop(Stop.Cause.AT_ONCE, Duration.ZERO);
                stop.complete(now);
                stopAtOnce.complete(now);
            }
            case "reload" -> reload.run();
            default -> LOG.debug("ignored a word of the guard word={}", words[0]);
        }
    }
}
