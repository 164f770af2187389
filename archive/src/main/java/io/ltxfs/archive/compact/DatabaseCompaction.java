package io.ltxfs.archive.compact;

import io.ltxfs.archive.ArchiveException;
import io.ltxfs.archive.ArchiveLayout;
import io.ltxfs.archive.ArchiveOptions;
import io.ltxfs.archive.BundleObject;
import io.ltxfs.archive.DatabaseArchive;
import io.ltxfs.archive.LtxObject;
import io.ltxfs.archive.fence.StaleObjects;
import io.ltxfs.archive.upload.Encoder;
import io.ltxfs.database.disk.DiskException;
import io.ltxfs.ltx.LtxFormatException;
import io.ltxfs.ltx.Txid;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Compaction and retention of one database's archive. No node is needed, and none is disturbed: objects are created,
 * never replaced, and only what was read back replaces anything.
 *
 * <p>Remembers where each level ends, so that runs after the first one list what is new only. Not for use by several
 * threads at once.
 */
public final class DatabaseCompaction {
    private static final Logger LOG = LoggerFactory.getLogger(DatabaseCompaction.class);

    /** How much longer than level 0 is kept the beginnings of level 1 are remembered. */
    private static final int REMEMBERED_FACTOR = 3;

    /** How many objects are remembered to be right; then they are looked at anew. */
    private static final int RIGHT_MAX = 20_000;

    private final DatabaseArchive database;
    private final ArchiveOptions options;
    private final RetentionRules rules;
    private final CompactionTools tools;
    /** How many intervals something waits for its level. */
    private final int patience;

    private final LongSupplier epoch;
    /** Objects that were looked at and were not put by a deposed primary. */
    private final Set<String> right = new HashSet<>();
    /** The newest object of each level; empty before the first whole run. */
    private final Map<Integer, LtxObject> newest = new HashMap<>();
    /** Of level 1, those that may cover what is left of level 0. */
    private final List<LtxObject> recent = new ArrayList<>();

    private boolean known;

    private DatabaseCompaction(
            DatabaseArchive database, ArchiveOptions options, CompactionTools tools, int patience, LongSupplier epoch) {
        this.epoch = epoch;
        this.database = database;
        this.options = options;
        this.rules = RetentionRules.of(options);
        this.tools = tools;
        this.patience = patience;
    }

    /** Compaction by whoever archives the database. Makes no request. */
    public DatabaseCompaction(DatabaseArchive database, ArchiveOptions options, CompactionTools tools) {
        this(database, options, tools, () -> 0);
    }

    /**
     * Compaction by the primary of a cluster. Makes no request.
     *
     * @param epoch of the lease (unsigned), asked when a run begins; 0 without a lease
     */
    DatabaseCompaction(DatabaseArchive database, ArchiveOptions options, CompactionTools tools, LongSupplier epoch) {
        this(database, options, tools, 1, epoch);
    }

    /**
     * Compaction beside a node that may archive the database at this moment. Leaves to it what has not waited for twice the
     * interval of its level: two that made objects of a level at the same time would make some that overlap.
     */
    public static DatabaseCompaction besideOthers(
            DatabaseArchive database, ArchiveOptions options, CompactionTools tools) {
        return new DatabaseCompaction(database, options, tools, 2, () -> 0);
    }

    /** The database's archive. */
    DatabaseArchive database() {
        return database;
    }

    /** Whether a run has seen the whole archive. */
    boolean isKnown() {
        return known;
    }

    /**
     * Runs everything that is due once: the levels, a snapshot, retention. What is wrong with the archive is a warning of
     * the report.
     *
     * @throws IOException if the store fails; what was done is done, and the next run goes on
     */
    public CompactionReport run() throws IOException {
        CompactionReport report = new CompactionReport(database.name());
        Epochs epochs = Epochs.read(database, epoch.getAsLong());
        moveStaleAside(epochs);
        LevelMaker maker = new LevelMaker(database, tools, report, epochs);
        known = false;
        Holdings holdings = Holdings.read(database);
        Instant now = tools.clock().instant();
        for (int level = 1; level <= options.levels().size(); level++) {
            holdings = makeLevelIfDue(level, holdings, now, maker, report);
        }
        makeSnapshot(holdings, now, maker, report);
        Holdings after = Holdings.read(database);
        remember(after);
        RetentionPlan plan = RetentionPlan.of(after, now, rules);
        new Retention(database, tools, report, epochs).run(plan);
        plan.nextAt().ifPresent(report::nextAt);
        known = true;
        return report;
    }

    /** What a deposed primary put does not take part, and Litestream is not to see it either. */
    private void moveStaleAside(Epochs epochs) throws IOException {
        long mine = epoch.getAsLong();
        if (mine != 0 && epochs.several()) {
            List<String> looked = new StaleObjects(database, mine)
                    .moveAll(key -> right.contains(key) || tools.verified().contains(key));
            if (right.size() + looked.size() > RIGHT_MAX) {
                right.clear();
            }
            right.addAll(looked);
        }
    }

    /** Deletes what may be deleted, and makes nothing. */
    CompactionReport runRetention() throws IOException {
        CompactionReport report = new CompactionReport(database.name());
        RetentionPlan plan =
                RetentionPlan.of(Holdings.read(database), tools.clock().instant(), rules);
        new Retention(database, tools, report, Epochs.read(database, epoch.getAsLong())).run(plan);
        plan.nextAt().ifPresent(report::nextAt);
        known = false;
        return report;
    }

    private void remember(Holdings holdings) {
        newest.clear();
        for (int level = 0; level <= ArchiveLayout.SNAPSHOT_LEVEL; level++) {
            int at = level;
            holdings.newest(level).ifPresent(object -> newest.put(at, object));
        }
        recent.clear();
        holdings.level(0).stream()
                .findFirst()
                .ifPresent(first -> holdings.level(1).stream()
                        .filter(object -> Txid.compare(object.maxTxid(), first.minTxid()) >= 0)
                        .forEach(recent::add));
    }

    /**
     * Makes the next objects of the lowest levels out of what is new there; nothing before a whole run.
     *
     * @param levels up to which level
     * @param log what was uploaded since level 1 ends, as the log has it
     */
    CompactionReport runLevels(int levels, LogRange log, Encoder encoder) throws IOException {
        CompactionReport report = new CompactionReport(database.name());
        if (!known || options.levels().isEmpty()) {
            log.take(0);
            return report;
        }
        Epochs epochs = Epochs.read(database, epoch.getAsLong());
        LevelMaker maker = new LevelMaker(database, tools, report, epochs);
        Instant now = tools.clock().instant();
        if (!makeFromLog(log, encoder, maker, report)) {
            makeNew(1, now, maker, report);
        }
        for (int level = 2; level <= levels; level++) {
            makeNew(level, now, maker, report);
        }
        if (levels > 1) {
            retainLevelZero(now, report, epochs);
        }
        return report;
    }

    private boolean makeFromLog(LogRange log, Encoder encoder, LevelMaker maker, CompactionReport report)
            throws IOException {
        LtxObject before = newest.get(1);
        Optional<LogRange.Taken> taken = log.take(before == null ? 1 : before.maxTxid() + 1);
        if (taken.isEmpty()) {
            return false;
        }
        try {
            Instant after = before == null ? Instant.EPOCH : before.modified();
            made(new LogLevelOne(database, tools, encoder, maker).make(taken.get(), after));
            return true;
        } catch (DiskException e) {
            LOG.debug("the log does not have it any more: database={} reason=\"{}\"", database.name(), e.getMessage());
            return false;
        } catch (ArchiveException e) {
            report.warn(String.valueOf(e.getMessage()));
            return true;
        }
    }

    private void made(LtxObject object) {
        newest.put(object.level(), object);
        if (object.level() == 1) {
            recent.add(object);
        }
    }

    private void makeNew(int level, Instant now, LevelMaker maker, CompactionReport report) throws IOException {
        List<List<LtxObject>> levels = new ArrayList<>();
        for (int i = 0; i <= ArchiveLayout.SNAPSHOT_LEVEL; i++) {
            levels.add(newest.containsKey(i) ? List.of(newest.get(i)) : List.of());
        }
        if (level > 1 && newest.containsKey(level)) {
            // Somebody else may have made the next ones.
            List<LtxObject> made = new ArrayList<>(levels.get(level));
            made.addAll(database.list(level, newest.get(level).maxTxid() + 1));
            levels.set(level, made);
            Holdings.furthest(made).ifPresent(object -> newest.put(level, object));
        }
        long from = newest.containsKey(level) ? newest.get(level).maxTxid() + 1 : 0;
        levels.set(level - 1, database.list(level - 1, from));
        List<BundleObject> bundles = level == 1 ? database.listBundles(from) : List.of();
        makeLevelIfDue(level, new Holdings(levels, bundles), now, maker, report);
    }

    /** Deletes of level 0 what is old, without a look at the rest. */
    private void retainLevelZero(Instant now, CompactionReport report, Epochs epochs) throws IOException {
        Instant old = now.minus(rules.levelZero().multipliedBy(REMEMBERED_FACTOR));
        while (recent.size() > 1 && recent.get(0).modified().isBefore(old)) {
            recent.remove(0);
        }
        if (recent.isEmpty()) {
            return;
        }
        List<List<LtxObject>> levels = new ArrayList<>();
        levels.add(database.list(0, 0));
        levels.add(recent);
        for (int i = 2; i <= ArchiveLayout.SNAPSHOT_LEVEL; i++) {
            levels.add(List.of());
        }
        Holdings holdings =
                new Holdings(levels, database.listBundles(recent.get(0).minTxid()));
        new Retention(database, tools, report, epochs).run(RetentionPlan.of(holdings, now, rules));
    }

    private Holdings makeLevelIfDue(int level, Holdings known, Instant now, LevelMaker maker, CompactionReport report)
            throws IOException {
        Holdings holdings = known;
        while (true) {
            CompactionPlan.Next next = CompactionPlan.next(level, holdings);
            if (next.missingTxid() != 0) {
                report.warn(database.store().describe(database.levelPrefix(level - 1)) + ": transaction "
                        + Txid.format(next.missingTxid())
                        + " is missing; level " + level
                        + " ends before it until a snapshot reaches beyond it, see 'ltxfs archive verify'");
            }
            if (next.step().isEmpty() || !isDue(next.step().get(), now, report)) {
                return holdings;
            }
            Optional<LtxObject> made = make(next.step().get(), holdings, maker, report);
            if (made.isEmpty()) {
                return holdings;
            }
            made(made.get());
            holdings = holdings.with(made.get());
        }
    }

    /** Whether the oldest object that waits to be joined has waited long enough; in level 1 of our own none waits. */
    private boolean isDue(CompactionPlan.Step step, Instant now, CompactionReport report) {
        if (step.level() == 1 && patience == 1) {
            return true;
        }
        Duration interval = options.levels().get(step.level() - 1).multipliedBy(patience);
        Instant due = step.sources().get(0).modified().plus(interval);
        if (due.isAfter(now)) {
            report.nextAt(due);
            return false;
        }
        return true;
    }

    private Optional<LtxObject> make(
            CompactionPlan.Step step, Holdings holdings, LevelMaker maker, CompactionReport report) throws IOException {
        try {
            return Optional.of(maker.make(step, holdings));
        } catch (ArchiveException e) {
            report.warn(String.valueOf(e.getMessage()));
            return Optional.empty();
        } catch (LtxFormatException e) {
            report.warn(cannotBeMade(database.key(step.level(), step.minTxid(), step.maxTxid()), e));
            return Optional.empty();
        }
    }

    private String cannotBeMade(String key, LtxFormatException e) {
        return database.store().describe(key) + ": cannot be made: " + e.getMessage()
                + "; 'ltxfs archive verify' says what can be restored";
    }

    private void makeSnapshot(Holdings holdings, Instant now, LevelMaker maker, CompactionReport report)
            throws IOException {
        Optional<Instant> due = holdings.newest(ArchiveLayout.SNAPSHOT_LEVEL)
                .or(() -> holdings.level(1).stream().findFirst())
                .map(base -> base.modified().plus(options.snapshotsEvery()));
        long txid = CompactionPlan.snapshotTxid(holdings);
        if (txid == 0 || due.isEmpty()) {
            return;
        }
        if (due.get().isAfter(now)) {
            report.nextAt(due.get());
            return;
        }
        try {
            new SnapshotMaker(database, tools, maker).make(txid, holdings);
        } catch (ArchiveException e) {
            report.warn(String.valueOf(e.getMessage()));
        } catch (LtxFormatException e) {
            report.warn(cannotBeMade(database.key(ArchiveLayout.SNAPSHOT_LEVEL, 1, txid), e));
        }
    }
}
