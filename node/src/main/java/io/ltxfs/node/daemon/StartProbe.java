package io.ltxfs.node.daemon;

import io.ltxfs.objectstore.ObjectStore;
import io.ltxfs.objectstore.ObjectStores;
import io.ltxfs.objectstore.StoreException;
import io.ltxfs.objectstore.probe.ProbeResult;
import io.ltxfs.objectstore.probe.StoreProbe;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds out, once after the start, whether the archive's store really honours conditional writes, in a thread of its own.
 * While the store cannot be asked it waits: what is wrong then is told by the uploads.
 */
final class StartProbe implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(StartProbe.class);
    private static final Duration PAUSE = Duration.ofSeconds(30);
    private static final int RACES = 2;

    private final String url;
    private final Thread thread = new Thread(this::run, "archive-probe");
    private volatile List<String> warnings = List.of();

    private StartProbe(String url) {
        this.url = url;
        thread.setDaemon(true);
    }

    static StartProbe start(String url) {
        StartProbe probe = new StartProbe(url);
        probe.thread.start();
        return probe;
    }

    /** What the store does wrong, and what to do about it. */
    List<String> warnings() {
        return warnings;
    }

    private void run() {
        try {
            while (!ask()) {
                Thread.sleep(PAUSE.toMillis());
            }
        } catch (InterruptedException e) {
            // The node stops.
        }
    }

    /** @return whether it was answered */
    private boolean ask() {
        try (ObjectStore store = ObjectStores.open(url)) {
            ProbeResult result = new StoreProbe(store, new SecureRandom(), RACES).run();
            warnings = result.problems().stream()
                    .map(problem -> "archive " + store.describe() + ": " + problem)
                    .toList();
            warnings.forEach(warning -> LOG.warn("{}", warning));
            return true;
        } catch (StoreException e) {
            LOG.debug("could not probe the archive's store, tries again url={}", url, e);
            return false;
        }
    }

    @Override
    public void close() {
        thread.interrupt();
    }
}
