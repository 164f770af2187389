package io.ltxfs.archive.restore;

import io.ltxfs.archive.Archive;
import io.ltxfs.archive.ArchiveException;
import io.ltxfs.archive.ArchiveException.Kind;
import io.ltxfs.archive.DatabaseArchive;
import io.ltxfs.archive.plan.Moments;
import io.ltxfs.archive.plan.RestorePlan;
import io.ltxfs.archive.plan.RestorePlanner;
import io.ltxfs.archive.plan.RestoreTarget;
import io.ltxfs.ltx.Txid;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Restores databases from an archive, with nothing but the archive. The file has its name only when it is complete,
 * checked and on the disk.
 *
 * <p>What it reads is decided by the page indexes of the plan's objects ({@link PagePicker}): each page comes once, in
 * its newest version. Threads fetch neighbouring pages together, decode them and write them to their places. What is
 * written is noted ({@link Progress}), so that a restore that was killed goes on where it was ({@link Attempt}).
 *
 * <p>The result is checked against the database checksum that the archive has for the target. Where it has none, every
 * object of the plan is read whole and its file checksum verified. An object that is gone makes a new plan; a damaged
 * one does so too, for the same transaction without it, and is reported.
 *
 * <p>Memory: one bit for each page of the database, and for each thread the buffers of one job: about 60 MiB for eight.
 * For use by several threads at once, which share the threads that fetch.
 */
public final class Restorer implements AutoCloseable {
    /** So often a plan may be overtaken by retention. */
    private static final int PLANS_MAX = 6;

    /** So many damaged objects are planned around. */
    private static final int DAMAGED_MAX = 16;

    private final RestoreSettings settings;
    private final WorkerPool pool;
    private volatile boolean stopped;

    /** Restores from an archive, which the caller closes. */
    public Restorer(Archive archive) {
        this(RestoreSettings.of(archive.store()));
    }

    Restorer(RestoreSettings settings) {
        this.settings = settings;
        this.pool = new WorkerPool(settings.threads(), settings.cut().jobBytesMax());
    }

    /** Makes all restores end soon with {@link StoppedException}, with their progress noted. */
    public void stop() {
        stopped = true;
    }

    /**
     * Restores one database.
     *
     * @param nearest take the nearest transaction if the target cannot be had
     * @param output the file to write
     * @param force whether a file that is there may be replaced
     * @throws ArchiveException {@link Kind#NOT_FOUND} if the target cannot be had, {@link Kind#DAMAGED} if it cannot be
     *     had because of damage
     * @throws FileAlreadyExistsException if {@code output} is there and may not be replaced
     * @throws StoppedException after {@link #stop}
     */
    public RestoreResult restore(
            DatabaseArchive db,
            RestoreTarget target,
            boolean nearest,
            Path output,
            boolean force,
            RestoreListener listener)
            throws IOException {
        return new Run(db, target, nearest, output.toAbsolutePath(), force, listener).run();
    }

    /** Says what a restore would read; fetches the page indexes for it. */
    public RestoreEstimate estimate(DatabaseArchive db, RestoreTarget target, boolean nearest) throws IOException {
        RestorePlan plan = RestorePlanner.plan(db, target, nearest);
        return Estimator.estimate(plan, new RangeReader(db.store(), () -> stopped), pool.opens(), settings.cut());
    }

    @Override
    public void close() {
        pool.close();
    }

    /**
     * Sees to it that a file may be written.
     *
     * @param force whether one that is there may be replaced
     */
    static void checkTarget(Path output, boolean force) throws IOException {
        if (Files.isDirectory(output)) {
            throw new FileSystemException(output.toString(), null, "is a directory; name a file in it");
        }
        if (!force && Files.exists(output)) {
            throw new FileAlreadyExistsException(
                    output.toString(), null, "is there already; name another file, or add --force");
        }
        for (String suffix : List.of("-wal", "-journal")) {
            Path beside = output.resolveSibling(output.getFileName() + suffix);
            if (Files.exists(beside) && Files.size(beside) > 0) {
                throw new FileAlreadyExistsException(
                        beside.toString(),
                        null,
                        "is there, and SQLite would apply it to the restored database; close the programs that use "
                                + output.getFileName() + ", and remove it");
            }
        }
    }

    /** One database's restore, with all its plans. */
    private final class Run {
        private final DatabaseArchive db;
        private final RestoreTarget target;
        private final boolean nearest;
        private final Path output;
        private final boolean force;
        private final RestoreListener listener;
        private final long begun = System.nanoTime();
        private final RangeReader reader;
        private final Set<String> gone = new HashSet<>();
        private final Map<String, String> damaged = new LinkedHashMap<>();
        private long planRequests;

        Run(
                DatabaseArchive db,
                RestoreTarget target,
                boolean nearest,
                Path output,
                boolean force,
                RestoreListener listener) {
            this.db = db;
            this.target = target;
            this.nearest = nearest;
            this.output = output;
            this.force = force;
            this.listener = listener;
            this.reader = new RangeReader(db.store(), () -> stopped);
        }

        RestoreResult run() throws IOException {
            checkTarget(output, force);
            RestorePlan plan = plan(target, nearest);
            try (PartialFile file = PartialFile.open(output)) {
                try {
                    return run(file, plan);
                } catch (ArchiveException e) {
                    file.discard(); // what it has is of no use to anybody
                    throw e;
                }
            }
        }

        private RestorePlan plan(RestoreTarget wanted, boolean orNearest) throws IOException {
            RestorePlan plan = reader.retrying(() -> RestorePlanner.plan(db, wanted, orNearest, without()));
            planRequests += plan.requests();
            listener.planned(plan);
            return plan;
        }

        private RestoreResult run(PartialFile file, RestorePlan first) throws IOException {
            RestorePlan plan = first;
            boolean fresh = false;
            while (true) {
                Attempt attempt = new Attempt(plan, describe(), reader, file, pool, settings, listener, () -> stopped);
                try {
                    Attempt.Outcome outcome = attempt.run();
                    if (outcome.matches()) {
                        return commit(file, plan, outcome);
                    }
                    fresh |= outcome.resumedPages() == 0;
                    if (fresh) {
                        plan = withoutDamage(plan, DamageSearch.search(plan, reader, () -> stopped));
                    }
                    file.reset();
                } catch (GoneException e) {
                    gone.add(e.key());
                    if (gone.size() > PLANS_MAX) {
                        throw e;
                    }
                    listener.note(db.store().describe(e.key()) + " is gone: planned again");
                    plan = plan(target, nearest);
                } catch (DamagedObjectException e) {
                    // Parts of an earlier restore may belong to an object that was replaced meanwhile.
                    if (fresh || !attempt.isResumed()) {
                        plan = withoutDamage(plan, Map.of(e.key(), e.what()));
                    }
                    file.reset();
                }
                fresh = true;
            }
        }

        private Set<String> without() {
            Set<String> keys = new HashSet<>(gone);
            keys.addAll(damaged.keySet());
            return keys;
        }

        /** A plan for the same transaction that does without what is damaged. */
        private RestorePlan withoutDamage(RestorePlan plan, Map<String, String> found) throws IOException {
            if (found.isEmpty()) {
                throw new ArchiveException(
                        Kind.DAMAGED,
                        describe() + ": the objects of the plan are whole, but what they make is not what the archive"
                                + " says of transaction " + Txid.format(plan.txid())
                                + ": one of them belongs to another history; run 'ltxfs archive verify', or restore"
                                + " another transaction");
            }
            damaged.putAll(found);
            found.forEach((key, what) -> listener.note(db.store().describe(key) + " is damaged: " + what));
            try {
                if (damaged.size() > DAMAGED_MAX) {
                    throw new ArchiveException(Kind.NOT_FOUND, "more than " + DAMAGED_MAX + " objects are damaged");
                }
                return plan(new RestoreTarget.AtTxid(plan.txid()), false);
            } catch (ArchiveException e) {
                throw new ArchiveException(
                        Kind.DAMAGED,
                        "transaction " + Txid.format(plan.txid()) + " cannot be restored: " + describeDamage()
                                + "; what can: " + Restorable.describe(Moments.of(db, true, without())),
                        e);
            }
        }

        private String describeDamage() {
            return damaged.entrySet().stream()
                    .map(e -> db.store().describe(e.getKey()) + " is damaged (" + e.getValue() + ")")
                    .collect(Collectors.joining(", "));
        }

        private RestoreResult commit(PartialFile file, RestorePlan plan, Attempt.Outcome outcome) throws IOException {
            file.commit(plan.owner(), force);
            List<String> warnings = new ArrayList<>(plan.warnings());
            if (!damaged.isEmpty()) {
                warnings.add(describeDamage() + "; other objects had what was needed; run 'ltxfs archive verify'");
            }
            return new RestoreResult(
                    db.name(),
                    output,
                    plan.txid(),
                    plan.time(),
                    outcome.checksum(),
                    plan.checksum() != 0,
                    outcome.pages() * plan.pageSize(),
                    reader.bytes(),
                    outcome.resumedPages() * plan.pageSize(),
                    planRequests + reader.requests(),
                    Duration.ofNanos(System.nanoTime() - begun),
                    warnings);
        }

        private String describe() {
            return db.store().describe(db.place());
        }
    }
}
