package io.ltxfs.archive.compact;

import io.ltxfs.archive.ArchiveException;
import io.ltxfs.archive.BundleObject;
import io.ltxfs.archive.DatabaseArchive;
import io.ltxfs.archive.LtxObject;
import io.ltxfs.archive.ObjectFacts;
import io.ltxfs.archive.upload.Spool;
import io.ltxfs.ltx.LtxFormatException;
import io.ltxfs.ltx.LtxReader;
import io.ltxfs.ltx.LtxSummary;
import io.ltxfs.ltx.PageChecksum;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Makes an object of a level out of objects of the level below, and for level 1 the bundle that belongs to it. What is
 * read is verified as it is read; what is put is read back.
 */
final class LevelMaker {
    private final DatabaseArchive database;
    private final CompactionTools tools;
    private final ObjectPut put;
    private final ObjectVerifier verifier;
    private final CompactionReport report;
    private final Epochs epochs;

    LevelMaker(DatabaseArchive database, CompactionTools tools, CompactionReport report, Epochs epochs) {
        this.database = database;
        this.epochs = epochs;
        this.tools = tools;
        this.put = new ObjectPut(database);
        this.verifier = new ObjectVerifier(database);
        this.report = report;
    }

    /**
     * Makes an object. It joins fewer sources than were planned where the page size changes, or where a history begins
     * anew.
     *
     * @throws ArchiveException if a source is damaged and nothing else has its transactions, or if sources do not belong
     *     together; then nothing was put
     */
    LtxObject make(CompactionPlan.Step step, Holdings holdings) throws IOException {
        List<Probe> sources = beginning(step);
        Replacements replacements = new Replacements(database, tools.spool(), holdings);
        try {
            return make(step.level(), sources, holdings, replacements, Set.of());
        } catch (LtxFormatException e) {
            return makeWithoutDamaged(step.level(), sources, holdings, replacements, e);
        } catch (ArchiveException e) {
            if (e.kind() != ArchiveException.Kind.DAMAGED) {
                throw e;
            }
            return makeWithoutDamaged(step.level(), sources, holdings, replacements, e);
        }
    }

    private LtxObject makeWithoutDamaged(
            int level, List<Probe> sources, Holdings holdings, Replacements replacements, IOException cause)
            throws IOException {
        Set<LtxObject> damaged = new HashSet<>();
        for (Probe source : sources) {
            try {
                verifier.verify(source.object());
            } catch (ArchiveException e) {
                damaged.add(source.object());
                report.warn(String.valueOf(e.getMessage()));
            }
        }
        List<Probe> joined = level == 1 ? withGoodBundles(sources, holdings) : sources;
        if (damaged.isEmpty() && joined.equals(sources)) {
            throw cause;
        }
        return make(level, joined, holdings, replacements, damaged);
    }

    /** An object of level 0 whose bundle is damaged is not joined with others: their bundle could not have all. */
    private List<Probe> withGoodBundles(List<Probe> sources, Holdings holdings) throws IOException {
        for (int i = 0; i < sources.size(); i++) {
            LtxObject object = sources.get(i).object();
            BundleObject bundle =
                    holdings.bundle(object.minTxid(), object.maxTxid()).orElse(null);
            if (bundle == null) {
                continue;
            }
            try {
                verifier.verify(bundle);
            } catch (ArchiveException e) {
                report.warn(String.valueOf(e.getMessage()));
                return sources.subList(0, Math.max(i, 1));
            }
        }
        return sources;
    }

    private LtxObject make(
            int level, List<Probe> sources, Holdings holdings, Replacements replacements, Set<LtxObject> damaged)
            throws IOException {
        Probe first = sources.get(0);
        Probe last = sources.get(sources.size() - 1);
        long min = first.object().minTxid();
        long max = last.object().maxTxid();
        ObjectFacts facts = Probe.joined(first, last);
        if (level == 1 && sources.size() > 1 && first.hasChecksums()) {
            putBundle(min, max, facts, sources, holdings);
        }
        try (Spool.Item item = tools.spool().create();
                Merger merger = new Merger(tools.spool())) {
            for (Probe source : sources) {
                if (damaged.contains(source.object())) {
                    replacements.add(source.object(), merger);
                } else {
                    merger.add(new ObjectInput(database, source.object()));
                }
            }
            LtxSummary summary = merger.finish(item, tools.coding());
            return putObject(level, min, max, facts, item, summary);
        }
    }

    private void putBundle(long min, long max, ObjectFacts facts, List<Probe> sources, Holdings holdings)
            throws IOException {
        try (Spool.Item item = tools.spool().create()) {
            new BundleMaker(database, holdings).write(sources, item);
            putBundle(min, max, facts, item);
        }
    }

    /** Puts a bundle and reads it back. */
    void putBundle(long min, long max, ObjectFacts facts, Spool.Item item) throws IOException {
        String key = database.bundleKey(min, max);
        BundleObject bundle = new BundleObject(min, max, key, item.body().size(), time(facts));
        boolean created = put.put(key, item, facts, () -> verifier.verify(bundle));
        tools.verified().add(key);
        report.made(key, RetentionPlan.BUNDLE, min, max, bundle.size(), created);
    }

    /** Puts an object of a level and reads it back. */
    LtxObject putObject(int level, long min, long max, ObjectFacts facts, Spool.Item item, LtxSummary summary)
            throws IOException {
        return putObject(level, min, max, facts, item, summary.header().commit(), OptionalLong.of(summary.pages()));
    }

    /**
     * Puts an object of a level and reads it back.
     *
     * @param commit the database's size in pages (unsigned)
     * @param pages how many pages the object has, if it was counted
     */
    LtxObject putObject(
            int level, long min, long max, ObjectFacts facts, Spool.Item item, int commit, OptionalLong pages)
            throws IOException {
        String key = database.key(level, min, max);
        LtxObject object = new LtxObject(level, min, max, key, item.body().size(), time(facts));
        boolean created = put.put(key, item, facts, () -> {
            ObjectVerifier.Found found = verifier.verify(object);
            LtxSummary summary = found.summary();
            if (summary.header().commit() != commit || pages.isPresent() && pages.getAsLong() != summary.pages()) {
                throw Source.damaged(
                        database.store(),
                        key,
                        "it is another one than was put: " + summary.pages() + " pages of "
                                + Integer.toUnsignedString(summary.header().commit()));
            }
            return found.facts();
        });
        tools.verified().add(key);
        report.made(key, level, min, max, object.size(), created);
        return object;
    }

    private static Instant time(ObjectFacts facts) {
        return facts.timestamp().orElse(Instant.EPOCH);
    }

    /** What an object says of itself, if it is part of the history. */
    Probe probe(LtxObject object) throws IOException {
        Probe probe = Probe.of(database, object);
        epochs.check(object.key(), probe.facts(), object.maxTxid());
        return probe;
    }

    /** The sources that belong into one object. */
    private List<Probe> beginning(CompactionPlan.Step step) throws IOException {
        List<Probe> sources = new ArrayList<>();
        Probe before = null;
        for (LtxObject object : step.sources()) {
            Probe source = probe(object);
            if (before != null && !belongs(before, source, step.level())) {
                break;
            }
            sources.add(source);
            before = source;
        }
        return sources;
    }

    private boolean belongs(Probe before, Probe source, int level) throws ArchiveException {
        if (!before.facts().lineage().equals(source.facts().lineage())) {
            if (before.facts().lineage().isPresent() && source.facts().lineage().isPresent()) {
                throw foreign(
                        source,
                        "it belongs to another history (lineage "
                                + source.facts().lineage().get() + ") than the object before it");
            }
            return false;
        }
        if (source.header().pageSize() != before.header().pageSize()
                || source.startsOver()
                || level == 1 && source.hasChecksums() != before.hasChecksums()) {
            return false;
        }
        long after = before.facts().postChecksum();
        long pre = source.facts().preChecksum();
        boolean overlaps = source.object().minTxid() != before.object().maxTxid() + 1;
        if (after != 0 && pre != 0 && after != pre && !overlaps) {
            throw foreign(
                    source,
                    "it begins at the database checksum " + PageChecksum.format(pre)
                            + ", and the object before it ends at " + PageChecksum.format(after));
        }
        return true;
    }

    private ArchiveException foreign(Probe source, String why) {
        return new ArchiveException(
                ArchiveException.Kind.FOREIGN,
                database.store().describe(source.object().key()) + ": " + why
                        + "; nothing is joined over this point, see 'ltxfs archive verify'");
    }

    /** An object of the archive as an input of a merge. */
    static final class ObjectInput implements Merger.Input {
        private final DatabaseArchive database;
        private final LtxObject object;
        private @Nullable Source source;

        ObjectInput(DatabaseArchive database, LtxObject object) {
            this.database = database;
            this.object = object;
        }

        @Override
        public LtxReader open() throws IOException {
            source = Source.open(database, object);
            return source.reader();
        }

        @Override
        public void close() throws IOException {
            if (source != null) {
                source.close();
            }
        }
    }
}
