package io.ltxfs.archive.verify;

import io.ltxfs.archive.ArchiveException;
import io.ltxfs.archive.ArchiveLayout;
import io.ltxfs.archive.BundleObject;
import io.ltxfs.archive.DatabaseArchive;
import io.ltxfs.archive.DatabaseRecord;
import io.ltxfs.archive.LtxObject;
import io.ltxfs.archive.plan.Moments;
import io.ltxfs.objectstore.ListPage;
import io.ltxfs.objectstore.ObjectInfo;
import io.ltxfs.objectstore.StoreException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Checks the archive of one database: every object by itself ({@link ObjectCheck}), bundles against the objects of
 * levels that have the same transactions, and how all fit together ({@link FitCheck}). Reads only. Objects that
 * retention deletes meanwhile are passed over.
 */
public final class ArchiveVerifier {
    private final DatabaseArchive db;
    private final VerifyOptions options;
    private final VerifyProgress progress;
    private final List<Problem> problems = Collections.synchronizedList(new ArrayList<>());
    private final List<Checked> checked = Collections.synchronizedList(new ArrayList<>());
    private final AtomicInteger done = new AtomicInteger();
    private final AtomicInteger whole = new AtomicInteger();
    private final AtomicLong bytes = new AtomicLong();
    private final ObjectCheck check;

    private ArchiveVerifier(DatabaseArchive db, VerifyOptions options, VerifyProgress progress) {
        this.db = db;
        this.options = options;
        this.progress = progress;
        this.check = new ObjectCheck(db.store(), problems::add);
    }

    /**
     * Checks a database's archive.
     *
     * @throws StoreException if the store fails; nothing is said of the archive then
     */
    public static VerifyReport verify(DatabaseArchive db, VerifyOptions options, VerifyProgress progress)
            throws IOException, InterruptedException {
        return new ArchiveVerifier(db, options, progress).run();
    }

    private VerifyReport run() throws IOException, InterruptedException {
        FitCheck fit = new FitCheck(problems::add);
        List<List<LtxObject>> levels = new ArrayList<>();
        Set<String> known = new HashSet<>();
        for (int level = 0; level <= ArchiveLayout.SNAPSHOT_LEVEL; level++) {
            List<LtxObject> objects = db.list(level, 0);
            levels.add(objects);
            fit.level(objects, db.levelPrefix(level));
            objects.forEach(object -> known.add(object.key()));
        }
        List<BundleObject> bundles = db.listBundles(0);
        bundles.forEach(bundle -> known.add(bundle.key()));
        nesting(fit, levels);
        foreign(known);
        Optional<DatabaseRecord> record = record();
        checkAll(levels, bundles);
        fit.history(checked, record, db.recordKey(), options.now());
        Set<String> unusable =
                problems.stream().filter(Problem::unusable).map(Problem::key).collect(Collectors.toSet());
        List<Problem> sorted = new ArrayList<>(Set.copyOf(problems));
        sorted.sort(Comparator.comparing(Problem::key).thenComparing(Problem::text));
        return new VerifyReport(
                db.name(),
                known.size() + (record.isPresent() ? 1 : 0),
                whole.get(),
                bytes.get(),
                sorted,
                moments(unusable));
    }

    /** What can be restored; nothing as long as the record is damaged, which every restore reads first. */
    private Moments moments(Set<String> unusable) throws IOException {
        return unusable.contains(db.recordKey()) ? new Moments(List.of(), 0) : Moments.of(db, true, unusable);
    }

    private static void nesting(FitCheck fit, List<List<LtxObject>> levels) {
        List<LtxObject> lower = levels.get(0);
        for (int level = 1; level < ArchiveLayout.SNAPSHOT_LEVEL; level++) {
            if (!levels.get(level).isEmpty()) {
                fit.nesting(lower, levels.get(level));
                lower = levels.get(level);
            }
        }
    }

    /** What lies where only our objects may be, and is none: Litestream lists it, at any depth. */
    private void foreign(Set<String> known) throws StoreException {
        for (int level = 0; level <= ArchiveLayout.SNAPSHOT_LEVEL; level++) {
            foreign(db.levelPrefix(level), known);
        }
        foreign(db.bundlePrefix(), known);
    }

    private void foreign(String prefix, Set<String> known) throws StoreException {
        String after = "";
        for (boolean more = true; more; ) {
            ListPage page = db.store().list(prefix, after);
            for (ObjectInfo info : page.objects()) {
                after = info.key();
                if (!known.contains(info.key())) {
                    // It may have come since the objects were listed.
                    boolean ours = info.key().substring(prefix.length()).matches("[0-9a-f]{16}-[0-9a-f]{16}\\.ltxb?");
                    if (!ours) {
                        problems.add(Problem.misplaced(info.key(), "it is no object of an archive; move it away"));
                    }
                }
            }
            more = page.more() && !page.objects().isEmpty();
        }
    }

    private Optional<DatabaseRecord> record() throws IOException {
        try {
            return DatabaseRecord.load(db);
        } catch (ArchiveException e) {
            if (e.kind() != ArchiveException.Kind.DAMAGED) {
                throw e;
            }
            problems.add(Problem.damaged(db.recordKey(), String.valueOf(e.getMessage())));
        } catch (StoreException e) {
            if (e.kind() != StoreException.Kind.PROTOCOL) {
                throw e;
            }
            problems.add(Problem.damaged(db.recordKey(), String.valueOf(e.getMessage())));
        }
        return Optional.empty();
    }

    /** An object of a level, a bundle, or both of the same transactions: they are compared. */
    private record Work(
            @Nullable LtxObject object, @Nullable BundleObject bundle) {
        long bytes() {
            return (object == null ? 0 : object.size()) + (bundle == null ? 0 : bundle.size());
        }

        int objects() {
            return (object == null ? 0 : 1) + (bundle == null ? 0 : 1);
        }
    }

    private void checkAll(List<List<LtxObject>> levels, List<BundleObject> bundles)
            throws IOException, InterruptedException {
        List<Work> works = works(levels, bundles);
        Set<Work> wholly = wholly(works);
        int objects = works.stream().mapToInt(Work::objects).sum();
        long all = wholly.stream().mapToLong(Work::bytes).sum();
        AtomicInteger number = new AtomicInteger();
        ExecutorService pool = Executors.newFixedThreadPool(
                options.threads(), task -> new Thread(task, "verify-" + number.incrementAndGet()));
        try {
            List<Future<?>> futures = new ArrayList<>();
            for (Work work : works) {
                boolean readWhole = wholly.contains(work);
                futures.add(pool.submit(() -> {
                    try {
                        check(work, readWhole);
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                    done.addAndGet(work.objects());
                    progress.at(done.get(), objects, bytes.get(), all);
                }));
            }
            for (Future<?> future : futures) {
                future.get();
            }
        } catch (ExecutionException e) {
            if (e.getCause() instanceof UncheckedIOException io) {
                throw io.getCause();
            }
            throw new IllegalStateException(e.getCause());
        } finally {
            pool.shutdownNow();
        }
    }

    private static List<Work> works(List<List<LtxObject>> levels, List<BundleObject> bundles) {
        Map<List<Long>, BundleObject> byRange = new HashMap<>();
        bundles.forEach(bundle -> byRange.put(List.of(bundle.minTxid(), bundle.maxTxid()), bundle));
        List<Work> works = new ArrayList<>();
        for (List<LtxObject> level : levels) {
            for (LtxObject object : level) {
                boolean paired = object.level() <= 1;
                works.add(
                        new Work(object, paired ? byRange.remove(List.of(object.minTxid(), object.maxTxid())) : null));
            }
        }
        byRange.values().forEach(bundle -> works.add(new Work(null, bundle)));
        return works;
    }

    private Set<Work> wholly(List<Work> works) {
        if (options.quick()) {
            return Set.of();
        }
        if (options.sample().isEmpty()) {
            return new HashSet<>(works);
        }
        List<Work> shuffled = new ArrayList<>(works);
        Collections.shuffle(shuffled);
        return new HashSet<>(shuffled.subList(0, Math.min(options.sample().getAsInt(), shuffled.size())));
    }

    private void check(Work work, boolean readWhole) throws IOException {
        boolean compare = readWhole && work.objects() == 2;
        PageSums merged = compare ? new PageSums() : null;
        PageSums single = compare ? new PageSums() : null;
        Optional<Checked> object = Optional.empty();
        Optional<Checked> bundle = Optional.empty();
        if (work.object() != null) {
            object = check.ltx(work.object(), readWhole, merged);
            object.ifPresent(checked::add);
        }
        if (work.bundle() != null) {
            bundle = check.bundle(work.bundle(), readWhole, single);
            bundle.ifPresent(checked::add);
        }
        if (readWhole) {
            whole.addAndGet(work.objects());
            bytes.addAndGet(work.bytes());
        }
        if (merged != null && single != null && object.isPresent() && bundle.isPresent()) {
            int page = merged.difference(single);
            if (page != 0) {
                problems.add(Problem.damaged(
                        bundle.get().key(),
                        "page " + Integer.toUnsignedString(page) + " differs from "
                                + object.get().key() + ", which has the same transactions"));
            }
        }
    }
}
