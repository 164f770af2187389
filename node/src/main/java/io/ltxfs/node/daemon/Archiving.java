package io.ltxfs.node.daemon;

import io.ltxfs.archive.ArchiveService;
import io.ltxfs.archive.ArchiveService.Progress;
import io.ltxfs.archive.service.LocalArchiveService;
import io.ltxfs.archive.upload.LocalDatabases;
import io.ltxfs.archive.upload.Placement;
import io.ltxfs.archive.upload.UploadOptions;
import io.ltxfs.database.Database;
import io.ltxfs.database.DatabaseSet;
import io.ltxfs.node.archive.NodeArchive;
import io.ltxfs.node.config.ConfigException;
import io.ltxfs.node.config.LtxfsConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The archive of a running node. Opened before the node serves, which makes no request; worked on in the background while
 * the node is the primary; drained when it stops. What is wrong with the store is a warning, and never keeps the node from
 * serving.
 */
final class Archiving implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Archiving.class);

    /** Names, in the data directory, the archive's directory that was used last. */
    private static final String USED = "archive-used";

    /** How many databases a message names. */
    private static final int NAMED_MAX = 10;

    private final LtxfsConfig config;
    private volatile Optional<NodeArchive> archive;
    private volatile @Nullable ArchiveService service;

    /** Those who want to be told of the archive before it is worked on; as many as commits wait. */
    private final List<Consumer<ArchiveService>> awaiting = new ArrayList<>();

    private volatile @Nullable StartProbe probe;
    private volatile boolean storeIsClosed;

    /** Why nothing is archived, if it is not. */
    private volatile String failure = "";

    private Archiving(LtxfsConfig config, Optional<NodeArchive> archive) {
        this.config = config;
        this.archive = archive;
    }

    /**
     * Opens the archive that is configured, if there is one.
     *
     * @throws ConfigException if its URL is wrong
     */
    static Archiving open(LtxfsConfig config) {
        if (config.archive().url().isNone()) {
            return new Archiving(config, Optional.empty());
        }
        try {
            return new Archiving(
                    config,
                    Optional.of(NodeArchive.open(config, config.archive().url().text())));
        } catch (IllegalArgumentException e) {
            throw new ConfigException(
                    "archive.url",
                    String.valueOf(e.getMessage()),
                    "write none, file:///dir, an absolute path, or s3://bucket/prefix");
        }
    }

    /** The archive; empty if there is none. */
    Optional<NodeArchive> archive() {
        return archive;
    }

    /**
     * Makes the archive's directory, if it is one: always below the data directory, elsewhere if it was never used
     * before. One that was used and is missing may lie on a disk that is not mounted.
     */
    void makeDirectory() {
        Optional<Path> directory = config.archive().url().directory();
        if (directory.isEmpty()) {
            return;
        }
        Path path = directory.get();
        Path note = config.data().resolve(USED);
        try {
            boolean used = Files.exists(note) && Files.readString(note).equals(path.toString());
            if (!Files.exists(path) && (!used || path.startsWith(config.data()))) {
                Files.createDirectories(
                        path, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
                LOG.info("made the archive's directory path={}", path);
            }
            if (!used && Files.isDirectory(path)) {
                Files.writeString(note, path.toString());
            }
        } catch (IOException e) {
            LOG.warn("could not make the archive's directory path={} error={}", path, e.toString());
        }
    }

    /**
     * Begins to archive, as the primary. Makes no request on this thread.
     *
     * @param epoch of the lease, at the moment that it is asked; 0 without a lease
     */
    synchronized void start(DatabaseSet databases, LongSupplier epoch) {
        if (archive.isEmpty() || service != null) {
            return;
        }
        if (storeIsClosed) {
            archive =
                    Optional.of(NodeArchive.open(config, config.archive().url().text()));
            storeIsClosed = false;
        }
        failure = "";
        UploadOptions options = new UploadOptions(
                this::placement,
                config.data(),
                config.node().id(),
                epoch,
                Clock.systemUTC(),
                config.archive().pageCoding(),
                config.archive().uploads());
        try {
            ArchiveService started = LocalArchiveService.start(
                    archive.get().archive(), databases.feed(), LocalDatabases.of(databases), options);
            List<Consumer<ArchiveService>> waiting;
            synchronized (awaiting) {
                service = started;
                waiting = List.copyOf(awaiting);
                awaiting.clear();
            }
            waiting.forEach(each -> each.accept(started));
            LOG.info("archiving archive={}", archive.get().describe());
            if (config.archive().url().directory().isEmpty() && probe == null) {
                probe = StartProbe.start(config.archive().url().text());
            }
        } catch (IOException e) {
            LOG.error("could not begin to archive archive={}", archive.get().describe(), e);
            failure = "archive " + archive.get().describe() + ": nothing is archived: " + e.getMessage()
                    + "; check the data directory and start the node again";
        }
    }

    private Placement placement(String database) {
        return new Placement(config.archivePlaceOf(database), config.archiveFor(database));
    }

    /** Ends archiving without uploading what is left: another node is the primary, or will be. */
    synchronized void cease() {
        ArchiveService running = service;
        synchronized (awaiting) {
            service = null;
            awaiting.clear();
        }
        if (running != null) {
            running.close(); // and the store with it
            storeIsClosed = true;
            LOG.info("ceased archiving");
        }
    }

    /** Uploads what is left, and goes on. @return whether all has reached the archive within the time */
    boolean drain(Duration within, CompletableFuture<?> atOnce) throws InterruptedException {
        ArchiveService running = service;
        return running == null || drain(running, within, atOnce);
    }

    /** Tells when the archive has a transaction of a database; never if archiving ends before. */
    void whenArchived(String database, long txid, Runnable then) {
        ArchiveService running;
        synchronized (awaiting) {
            running = service;
            if (running == null) {
                awaiting.add(started -> started.whenArchived(database, txid, then));
                return;
            }
        }
        running.whenArchived(database, txid, then);
    }

    /** How far a database's archive is; empty if nothing is archived. */
    Optional<Progress> progress(String database) {
        return Optional.ofNullable(service).map(running -> running.progress(database));
    }

    /** What is wrong with the archive as a whole, and what to do; a line each. */
    List<String> warnings() {
        if (!failure.isEmpty()) {
            return List.of(failure);
        }
        List<String> warnings = new ArrayList<>();
        Optional.ofNullable(probe).map(StartProbe::warnings).ifPresent(warnings::addAll);
        Optional.ofNullable(service).map(ArchiveService::warnings).ifPresent(warnings::addAll);
        return warnings;
    }

    /** What was done since the start; empty if nothing is archived. */
    Optional<ArchiveService.Counts> counts() {
        return Optional.ofNullable(service).map(ArchiveService::counts);
    }

    /**
     * Uploads what is left, and stops.
     *
     * @param atOnce when it is done, nothing is waited for any longer
     * @return whether all has reached the archive; if not, it was said what has not
     */
    boolean stop(DatabaseSet databases, Duration within, CompletableFuture<?> atOnce) throws InterruptedException {
        ArchiveService running = service;
        if (running == null) {
            return true;
        }
        long deadline = System.nanoTime() + within.toNanos();
        boolean drained = drain(running, within, atOnce);
        // The service's word is about what the log has given it; the databases have the last one.
        while (drained && isBehind(databases, running)) {
            long left = deadline - System.nanoTime();
            if (left <= 0 || atOnce.isDone()) {
                drained = false;
            } else {
                LOG.info("drained the archive, and there was more: drains again");
                TimeUnit.MILLISECONDS.sleep(20);
                drained = drain(running, Duration.ofNanos(left), atOnce);
            }
        }
        if (!drained) {
            String behind = describe(databases, running);
            System.err.println("ltxfs: archive " + config.archive().url().text() + ": not all has reached it: " + behind
                    + "; keep the data directory " + config.data()
                    + ": the next start goes on from there. See 'ltxfs doctor' for what is wrong with the archive");
        }
        close();
        return drained;
    }

    /** On a thread of its own, so that a second signal to stop ends it. */
    private static boolean drain(ArchiveService running, Duration within, CompletableFuture<?> atOnce)
            throws InterruptedException {
        CompletableFuture<Boolean> done = new CompletableFuture<>();
        Thread thread = new Thread(
                () -> {
                    try {
                        done.complete(running.drain(within));
                    } catch (InterruptedException e) {
                        done.complete(false);
                    } catch (RuntimeException | Error e) {
                        LOG.error("could not drain the archive", e);
                        done.complete(false);
                    }
                },
                "archive-drain");
        thread.setDaemon(true);
        thread.start();
        try {
            // A little longer than it was told: its own answer is the better one.
            CompletableFuture.anyOf(done, atOnce).get(within.toMillis() + 500, TimeUnit.MILLISECONDS);
        } catch (java.util.concurrent.ExecutionException | java.util.concurrent.TimeoutException e) {
            LOG.debug("the drain did not end in time", e);
        }
        thread.interrupt();
        return done.getNow(false);
    }

    private static boolean isBehind(DatabaseSet databases, ArchiveService running) {
        for (Database database : databases.all()) {
            long txid = database.position().txid();
            if (Long.compareUnsigned(txid, running.progress(database.name()).txid()) > 0) {
                return true;
            }
        }
        return false;
    }

    private static String describe(DatabaseSet databases, ArchiveService running) {
        List<String> behind = new ArrayList<>();
        for (Database database : databases.all()) {
            Progress progress = running.progress(database.name());
            if (progress.pending() > 0) {
                behind.add(database.name() + " is " + behind(progress));
            }
        }
        behind.sort(null);
        if (behind.isEmpty()) {
            return String.join(", ", running.warnings());
        }
        int more = behind.size() - NAMED_MAX;
        return String.join(", ", behind.subList(0, Math.min(NAMED_MAX, behind.size())))
                + (more > 0 ? ", and " + more + " more" : "");
    }

    /** How far an archive is behind, in words. */
    static String behind(Progress progress) {
        return progress.pending()
                + (progress.pending() == 1 ? " transaction (" : " transactions (")
                + String.format("%.1f s) behind", progress.ageMillis() / 1000.0);
    }

    @Override
    public synchronized void close() {
        StartProbe probing = probe;
        if (probing != null) {
            probing.close();
        }
        cease();
        if (!storeIsClosed) {
            archive.ifPresent(NodeArchive::close);
        }
        storeIsClosed = true;
    }
}
