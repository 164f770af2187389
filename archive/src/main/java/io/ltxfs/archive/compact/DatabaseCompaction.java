package io.ltxfs.archive.compact;

import io.ltxfs.archive.ArchiveException;
import io.ltxfs.archive.ArchiveLayout;
import io.ltxfs.archive.ArchiveOptions;
import io.ltxfs.archive.DatabaseArchive;
import io.ltxfs.archive.LtxObject;
import io.ltxfs.ltx.LtxFormatException;
import io.ltxfs.ltx.Txid;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * Compaction and retention of one database's archive, from objects alone. No node is needed, and none is disturbed:
 * objects are created, never replaced, and only what was read back replaces anything.
 */
public final class DatabaseCompaction {
    private final DatabaseArchive database;
    private final ArchiveOptions options;
    private final RetentionRules rules;
    private final CompactionTools tools;

    /** Compaction of a database. Makes no request. */
    public DatabaseCompaction(DatabaseArchive database, ArchiveOptions options, CompactionTools tools) {
        this(database, options, RetentionRules.of(options), tools);
    }

    DatabaseCompaction(DatabaseArchive database, ArchiveOptions options, RetentionRules rules, CompactionTools tools) {
        this.database = database;
        this.options = options;
        this.rules = rules;
        this.tools = tools;
    }

    /**
     * Runs everything that is due once: the levels, a snapshot, retention. What is wrong with the archive is a warning of
     * the report.
     *
     * @throws IOException if the store fails; what was done is done, and the next run goes on
     */
    public CompactionReport run() throws IOException {
        CompactionReport report = new CompactionReport(database.name());
        LevelMaker maker = new LevelMaker(database, tools, report);
        Holdings holdings = Holdings.read(database);
        Instant now = tools.clock().instant();
        for (int level = 1; level <= options.levels().size(); level++) {
            if (level == 1 || isDue(level, holdings, now)) {
                holdings = makeLevel(level, holdings, maker, report);
            }
        }
        makeSnapshot(holdings, maker, report);
        new Retention(database, tools, report).run(RetentionPlan.of(Holdings.read(database), now, rules));
        return report;
    }

    /** Whether the oldest object that waits to be joined has waited for the level's interval. */
    private boolean isDue(int level, Holdings holdings, Instant now) {
        Duration interval = options.levels().get(level - 1);
        return CompactionPlan.next(level, holdings)
                .step()
                .map(step -> !step.sources().get(0).modified().plus(interval).isAfter(now))
                .orElse(false);
    }

    private Holdings makeLevel(int level, Holdings known, LevelMaker maker, CompactionReport report)
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
            if (next.step().isEmpty()) {
                return holdings;
            }
            Optional<LtxObject> made = make(next.step().get(), holdings, maker, report);
            if (made.isEmpty()) {
                return holdings;
            }
            holdings = holdings.with(made.get());
        }
    }

    private Optional<LtxObject> make(
            CompactionPlan.Step step, Holdings holdings, LevelMaker maker, CompactionReport report) throws IOException {
        try {
            return Optional.of(maker.make(step, holdings));
        } catch (ArchiveException e) {
            report.warn(String.valueOf(e.getMessage()));
            return Optional.empty();
        } catch (LtxFormatException e) {
            report.warn(database.store().describe(database.key(step.level(), step.minTxid(), step.maxTxid()))
                    + ": cannot be made: " + e.getMessage() + "; 'ltxfs archive verify' says what can be restored");
            return Optional.empty();
        }
    }

    private void makeSnapshot(Holdings holdings, LevelMaker maker, CompactionReport report) throws IOException {
        Optional<Instant> base = holdings.newest(ArchiveLayout.SNAPSHOT_LEVEL)
                .or(() -> holdings.level(1).stream().findFirst())
                .map(LtxObject::modified);
        Instant now = tools.clock().instant();
        boolean due =
                base.isPresent() && !base.get().plus(options.snapshotsEvery()).isAfter(now);
        long txid = due ? CompactionPlan.snapshotTxid(holdings) : 0;
        if (txid == 0) {
            return;
        }
        try {
            new SnapshotMaker(database, tools, maker).make(txid, holdings);
        } catch (ArchiveException e) {
            report.warn(String.valueOf(e.getMessage()));
        } catch (LtxFormatException e) {
            report.warn(database.store().describe(database.key(ArchiveLayout.SNAPSHOT_LEVEL, 1, txid))
                    + ": cannot be made: " + e.getMessage() + "; 'ltxfs archive verify' says what can be restored");
        }
    }
}
