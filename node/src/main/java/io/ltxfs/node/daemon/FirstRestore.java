package io.ltxfs.node.daemon;

import io.ltxfs.archive.DatabaseArchive;
import io.ltxfs.archive.DatabaseRecord;
import io.ltxfs.archive.LtxObject;
import io.ltxfs.archive.ObjectFacts;
import io.ltxfs.archive.ObjectFacts.Owner;
import io.ltxfs.archive.plan.Moments;
import io.ltxfs.archive.plan.RestoreTarget;
import io.ltxfs.archive.restore.RestoreResult;
import io.ltxfs.archive.restore.Restorer;
import io.ltxfs.database.DatabaseSet;
import io.ltxfs.database.DatabaseSetOptions;
import io.ltxfs.database.disk.PosixDisk;
import io.ltxfs.database.log.TransactionHeader;
import io.ltxfs.database.log.TransactionHeader.Image;
import io.ltxfs.fusefs.Mount;
import io.ltxfs.ltx.PageChecksum;
import io.ltxfs.ltx.Txid;
import io.ltxfs.node.archive.NodeArchive;
import io.ltxfs.objectstore.ContentHash;
import io.ltxfs.objectstore.StoreException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Fills a data directory that never had a database from the archive, before it is mounted. A file in the directory says
 * that this has begun, until all is there: a start that is interrupted is gone on with by the next one, and an empty
 * directory is never taken for the truth. Dropped databases stay dropped, but their TXIDs go on.
 */
final class FirstRestore {
    private static final Logger LOG = LoggerFactory.getLogger(FirstRestore.class);

    /** Says that a restore has begun. */
    private static final String MARKER = "restoring";

    /** Where files lie until they are complete. */
    private static final String STAGING = "restore";

    /** How many databases are restored at a time; they share the threads that fetch. */
    private static final int DATABASES = 4;

    private static final Duration PROGRESS_EVERY = Duration.ofSeconds(5);

    /** How long a store that cannot be reached is tried again. */
    private static final Duration RETRY = Duration.ofSeconds(10);

    private final Path data;
    private final Path mountPoint;
    private final NodeArchive archive;
    private final DatabaseSetOptions options;
    private final BooleanSupplier stopping;
    private final AtomicInteger done = new AtomicInteger();
    private final Map<String, String> failed = new TreeMap<>();
    private final Map<String, AtomicLong> written = new TreeMap<>();

    private FirstRestore(
            Path data, Path mountPoint, NodeArchive archive, DatabaseSetOptions options, BooleanSupplier stopping) {
        this.data = data;
        this.mountPoint = mountPoint;
        this.archive = archive;
        this.options = options;
        this.stopping = stopping;
    }

    /**
     * Fills the data directory if it is new, or was not filled completely.
     *
     * @param mountPoint whose owner gets what is nobody else's
     * @param stopping whether the node is to stop
     * @throws NodeException if something could not be restored, or the archive cannot be read
     */
    static void runIfDue(
            Path data, Path mountPoint, NodeArchive archive, DatabaseSetOptions options, BooleanSupplier stopping)
            throws NodeException, IOException, InterruptedException {
        FirstRestore restore = new FirstRestore(data, mountPoint, archive, options, stopping);
        if (Files.exists(data.resolve(MARKER)) || restore.isNew()) {
            restore.run();
        }
    }

    /** Whether there never was a database. Plain files in the mount count as something, too. */
    private boolean isNew() throws IOException {
        if (!Files.exists(data.resolve("log"))) {
            return true;
        }
        Path files = data.resolve(DatabaseSet.FILES);
        if (Files.isDirectory(files)) {
            try (DirectoryStream<Path> entries = Files.newDirectoryStream(files)) {
                if (entries.iterator().hasNext()) {
                    return false;
                }
            }
        }
        try (DatabaseSet set = open()) {
            return set.isNew();
        }
    }

    private DatabaseSet open() throws IOException {
        Mount.makeFiles(data, mountPoint);
        return DatabaseSet.open(new PosixDisk(data), options, new StoppedNode.NoMount());
    }

    private void run() throws NodeException, IOException, InterruptedException {
        List<String> names = names();
        Path marker = data.resolve(MARKER);
        if (names.isEmpty()) {
            Files.deleteIfExists(marker);
            return;
        }
        Files.writeString(marker, "from " + archive.describe() + "\n");
        LOG.info("restoring from the archive archive={} databases={}", archive.describe(), names.size());
        long begin = System.nanoTime();
        try (DatabaseSet set = open();
                Restorer restorer = new Restorer(archive.archive())) {
            Files.createDirectories(
                    data.resolve(STAGING),
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            restoreAll(set, restorer, names);
        }
        if (stopping.getAsBoolean()) {
            throw new NodeException(
                    "restore from " + archive.describe(), "was stopped", "start it again: it goes on where it was");
        }
        if (!failed.isEmpty()) {
            StringBuilder all = new StringBuilder();
            failed.forEach((name, why) -> all.append(all.length() == 0 ? "" : "; ")
                    .append(name)
                    .append(": ")
                    .append(why));
            throw new NodeException(
                    "restore from " + archive.describe(),
                    failed.size() + " of " + names.size() + " databases could not be restored: " + all,
                    "run 'ltxfs archive verify', mend the archive or move away what is damaged there, and start again:"
                            + " what has been restored stays. With --archive none it starts without them");
        }
        removeAll(data.resolve(STAGING));
        Files.delete(marker);
        LOG.info(
                "restored from the archive databases={} millis={}",
                names.size(),
                TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin));
    }

    /** The databases of the archive. One that cannot be read is no empty one. */
    private List<String> names() throws NodeException, InterruptedException {
        long deadline = System.nanoTime() + RETRY.toNanos();
        while (true) {
            try {
                return archive.databases();
            } catch (StoreException e) {
                if (e.kind() == StoreException.Kind.NO_STORE && !Files.exists(data.resolve(MARKER))) {
                    return List.of(); // nothing can be in it; the archive's own warnings say the rest
                }
                if (!e.mayPass() || System.nanoTime() > deadline || stopping.getAsBoolean()) {
                    throw unreadable(e);
                }
                LOG.warn("waiting for the archive archive={} error={}", archive.describe(), e.getMessage());
                TimeUnit.SECONDS.sleep(1);
            } catch (IOException e) {
                throw unreadable(e);
            }
        }
    }

    private NodeException unreadable(IOException e) {
        return new NodeException(
                "archive " + archive.describe(),
                String.valueOf(e.getMessage()),
                "the data directory " + data + " is new, and its databases may be in the archive: start again when the"
                        + " archive can be read, or with --archive none to begin without it",
                e);
    }

    private void restoreAll(DatabaseSet set, Restorer restorer, List<String> names) throws InterruptedException {
        AtomicInteger number = new AtomicInteger();
        ExecutorService pool = Executors.newFixedThreadPool(DATABASES, task -> {
            Thread thread = new Thread(task, "first-restore-" + number.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        });
        try {
            List<Future<?>> futures = new ArrayList<>();
            for (String name : names) {
                futures.add(pool.submit(() -> restore(set, restorer, name)));
            }
            for (Future<?> future : futures) {
                await(future, restorer, names.size());
            }
        } finally {
            pool.shutdown();
            if (!pool.awaitTermination(1, TimeUnit.MINUTES)) {
                LOG.warn("restores did not end in time");
            }
        }
    }

    private void await(Future<?> future, Restorer restorer, int count) throws InterruptedException {
        long next = System.nanoTime() + PROGRESS_EVERY.toNanos();
        while (true) {
            try {
                future.get(100, TimeUnit.MILLISECONDS);
                return;
            } catch (TimeoutException e) {
                if (stopping.getAsBoolean()) {
                    restorer.stop();
                }
                if (System.nanoTime() >= next) {
                    next = System.nanoTime() + PROGRESS_EVERY.toNanos();
                    LOG.info("restoring databases={}/{} under way: {}", done.get(), count, underWay());
                }
            } catch (ExecutionException e) {
                throw new IllegalStateException("a restore notes its failure", e.getCause());
            }
        }
    }

    private String underWay() {
        List<String> lines = new ArrayList<>();
        synchronized (written) {
            written.forEach((name, percent) -> lines.add(name + " " + percent.get() + " %"));
        }
        return String.join(", ", lines);
    }

    private void restore(DatabaseSet set, Restorer restorer, String name) {
        if (stopping.getAsBoolean()) {
            return;
        }
        AtomicLong percent = new AtomicLong();
        synchronized (written) {
            written.put(name, percent);
        }
        try {
            restoreOne(set, restorer, name, percent);
            done.incrementAndGet();
        } catch (IOException | RuntimeException e) {
            LOG.debug("could not restore database={}", name, e);
            if (!stopping.getAsBoolean()) {
                synchronized (failed) {
                    failed.put(name, e instanceof IOException ? String.valueOf(e.getMessage()) : e.toString());
                }
            }
        } finally {
            synchronized (written) {
                written.remove(name);
            }
        }
    }

    private void restoreOne(DatabaseSet set, Restorer restorer, String name, AtomicLong percent) throws IOException {
        if (set.find(name).isPresent()) {
            return; // an earlier start has come that far
        }
        DatabaseArchive db = archive.database(name);
        Optional<DatabaseRecord> record = DatabaseRecord.load(db);
        Optional<DatabaseRecord.Drop> drop = lastDrop(record);
        long last = Moments.of(db, false, Set.of()).lastTxid();
        if (drop.isPresent() && Txid.compare(drop.get().txid(), last) >= 0) {
            if (Txid.compare(set.droppedAt(name), drop.get().txid()) < 0) {
                synchronized (this) {
                    set.installDropped(dropped(name, drop.get(), record, checksumBefore(db, drop.get())));
                }
            }
            LOG.info(
                    "left dropped database={} txid={}",
                    name,
                    Txid.format(drop.get().txid()));
            return;
        }
        if (last == 0) {
            return; // claimed, and nothing committed yet
        }
        ArchiveImage image = new ArchiveImage(data, percent);
        byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        String staging = STAGING + "/" + ContentHash.of(bytes, 0, bytes.length);
        RestoreResult result = restorer.restore(db, new RestoreTarget.End(), false, data.resolve(staging), true, image);
        result.warnings().forEach(warning -> LOG.warn("restored with a warning database={} {}", name, warning));
        synchronized (this) {
            makeDirectories(name, image.owner());
            set.install(staging, image.position(name, result, record, Image.FULL));
        }
        LOG.info(
                "restored database={} txid={} time={} bytes={} millis={}",
                name,
                Txid.format(result.txid()),
                result.time().map(Instant::toString).orElse("unknown"),
                result.bytes(),
                result.duration().toMillis());
    }

    private static Optional<DatabaseRecord.Drop> lastDrop(Optional<DatabaseRecord> record) {
        List<DatabaseRecord.Drop> drops = record.map(DatabaseRecord::drops).orElse(List.of());
        return drops.isEmpty() ? Optional.empty() : Optional.of(drops.get(drops.size() - 1));
    }

    /** The database's checksum before it was dropped, by which the archive is known again; 0 if it does not say. */
    private static long checksumBefore(DatabaseArchive db, DatabaseRecord.Drop drop) throws IOException {
        for (LtxObject object : db.list(0, 0)) {
            if (object.maxTxid() == drop.txid() - 1) {
                return ObjectFacts.of(db.store().head(object.key()), db.store().describe(object.key()))
                        .postChecksum();
            }
        }
        return 0;
    }

    private static TransactionHeader dropped(
            String name, DatabaseRecord.Drop drop, Optional<DatabaseRecord> record, long checksumBefore) {
        return new TransactionHeader(
                name,
                drop.txid(),
                record.map(known -> known.epochOf(drop.txid())).orElse(0L),
                drop.timeMillis(),
                0,
                0,
                checksumBefore,
                PageChecksum.EMPTY,
                Image.DROP,
                0,
                0,
                0);
    }

    /** The archive does not know directories: new ones belong to the owner of the first database in them. */
    private void makeDirectories(String name, Owner owner) throws IOException {
        Path files = data.resolve(DatabaseSet.FILES);
        List<Path> missing = new ArrayList<>();
        for (Path path = files.resolve(name).getParent();
                path != null && !path.equals(files) && !Files.exists(path);
                path = path.getParent()) {
            missing.add(0, path);
        }
        for (Path path : missing) {
            Files.createDirectory(path);
            Files.setAttribute(path, "unix:uid", owner.uid());
            Files.setAttribute(path, "unix:gid", owner.gid());
            Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxr-xr-x"));
        }
    }

    private static void removeAll(Path directory) throws IOException {
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
            for (Path entry : entries) {
                Files.delete(entry);
            }
        }
        Files.delete(directory);
    }
}
