package io.ltxfs.archive.restore;

import io.ltxfs.archive.ArchiveException;
import io.ltxfs.archive.ArchiveException.Kind;
import io.ltxfs.archive.plan.RestorePlan;
import io.ltxfs.archive.plan.Step;
import io.ltxfs.ltx.Crc64;
import io.ltxfs.ltx.LockPage;
import io.ltxfs.ltx.PageChecksum;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * One try to bring a partial file to a plan's end. It goes on from what an earlier one has left, where that may be:
 *
 * <p><em>Where the checksum at the target is known</em>, a page that was the newest one at an earlier transaction is
 * still the newest one unless a file that came later has it. So whatever plan wrote it, it counts; the checksum over all
 * pages, those of the earlier try too, has the last word.
 *
 * <p><em>Where it is not known</em>, the files' own checksums are all there is. They need every frame, and so the
 * earlier try must have had the same plan.
 *
 * <p>In both cases the earlier try's pages are read first, and those that are not what it wrote are fetched again.
 */
final class Attempt {
    /** How many jobs wait for a thread, for each thread. */
    private static final int WAITING_JOBS = 2;

    private final RestorePlan plan;
    private final String place;
    private final RangeReader reader;
    private final PartialFile file;
    private final WorkerPool pool;
    private final RestoreSettings settings;
    private final PagePicker.Cut cut;
    private final RestoreListener listener;
    private final BooleanSupplier stopped;
    private final List<LtxSource> sources;
    private final boolean whole;
    private final int pageSize;
    private final JobRunner runner;
    private final Semaphore permits;
    private final int permitsMax;
    private boolean resumed;
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

    /**
     * Makes one.
     *
     * @param place the database's archive as people write it
     */
    Attempt(
            RestorePlan plan,
            String place,
            RangeReader reader,
            PartialFile file,
            WorkerPool pool,
            RestoreSettings settings,
            RestoreListener listener,
            BooleanSupplier stopped) {
        this.plan = plan;
        this.place = place;
        this.reader = reader;
        this.file = file;
        this.pool = pool;
        this.settings = settings;
        this.cut = settings.cut();
        this.listener = listener;
        this.stopped = stopped;
        this.sources = LtxSource.of(plan);
        this.whole = plan.checksum() == 0;
        this.pageSize = plan.pageSize();
        this.runner = new JobRunner(file, pageSize, whole);
        this.permitsMax = (1 + WAITING_JOBS) * pool.workers();
        this.permits = new Semaphore(permitsMax);
    }

    /**
     * What came out.
     *
     * @param pages the database's size in pages
     * @param checksum the database's checksum
     * @param resumedPages how many pages an earlier try had written
     * @param matches whether the checksum is the one that the plan promises
     */
    record Outcome(long pages, long checksum, long resumedPages, boolean matches) {}

    /**
     * Writes every page. The file is not synced; what is noted in its ledger is.
     *
     * @throws GoneException if an object is not there any more
     * @throws DamagedObjectException if one is damaged
     */
    Outcome run() throws IOException {
        try (SourceOpener opener = new SourceOpener(reader, sources, pageSize, pool.opens())) {
            OpenSource newest = opener.next();
            long pages = newest.commit();
            if (pages == 0) {
                throw new ArchiveException(
                        Kind.NOT_FOUND, plan.database() + " was dropped by the transaction that was asked for");
            }
            Ledger.Start start = new Ledger.Start(identity(), plan.txid(), pages, pageSize);
            Optional<Ledger.Start> before = Ledger.start(file.ledger()).filter(old -> continues(old, start));
            if (before.isEmpty() || file.size() == 0) {
                before = Optional.empty();
                file.reset();
            }
            resumed = before.isPresent();
            return run(opener, newest, start, before);
        }
    }

    /** Whether it went on from an earlier try. */
    boolean isResumed() {
        return resumed;
    }

    private boolean continues(Ledger.Start old, Ledger.Start start) {
        return whole
                ? old.equals(start)
                : old.identity().equals(start.identity())
                        && old.pageSize() == start.pageSize()
                        && Long.compareUnsigned(old.txid(), start.txid()) <= 0;
    }

    private Outcome run(SourceOpener opener, OpenSource newest, Ledger.Start start, Optional<Ledger.Start> before)
            throws IOException {
        long pages = start.pages();
        @Nullable Ledger ledger = null;
        Earlier earlier = new Earlier(before, before.isPresent() && before.get().equals(start));
        if (before.isPresent()) {
            Ledger old = Ledger.resume(file.ledger(), done -> lookAgain(done, earlier));
            drain();
            checkGoingOn();
            if (earlier.same) {
                ledger = old;
            } else {
                old.close();
                ledger = Ledger.create(file.ledger(), start);
            }
        }
        if (before.isEmpty()) {
            file.checkSpace(pages * pageSize);
        }
        file.resize(pages * pageSize);
        try (Progress progress = new Progress(file, start, settings.stepBytes(), ledger)) {
            try {
                return run(opener, newest, pages, progress, earlier);
            } catch (IOException | RuntimeException e) {
                failure.compareAndSet(null, e);
                drain();
                progress.save();
                throw e;
            }
        }
    }

    /** What an earlier try has left, as far as it is still in the file. */
    private final class Earlier {
        private final Optional<Ledger.Start> start;

        /** Whether it was on its way to the same end. */
        private final boolean same;

        // Guarded by this.
        private final PageBitmap pages;
        private final Map<String, Ledger.Done> parts = new HashMap<>();
        private long xor;

        Earlier(Optional<Ledger.Start> start, boolean same) throws ArchiveException {
            this.start = start;
            this.same = same;
            this.pages = new PageBitmap(start.map(Ledger.Start::pages).orElse(0L));
        }

        synchronized void add(Ledger.Done done, long pagesXor) {
            if (whole) {
                parts.put(done.source() + " " + done.sequence(), done);
                return;
            }
            for (int run = 0; run < done.runs().count(); run++) {
                for (int i = 0; i < done.runs().length(run); i++) {
                    pages.add(done.runs().first(run) + i);
                }
            }
            xor ^= pagesXor;
        }

        synchronized Ledger.@Nullable Done part(int source, int sequence) {
            return parts.get(source + " " + sequence);
        }
    }

    /** Reads pages that an earlier try has written, to see that they are what it wrote. */
    private void lookAgain(Ledger.Done done, Earlier earlier) throws IOException {
        submit(() -> {
            JobRunner.Pages found = runner.readBack(done.runs(), pool.buffers());
            if (found.digest() == done.digest()) {
                earlier.add(done, found.xor());
            }
        });
    }

    private Outcome run(SourceOpener opener, OpenSource newest, long pages, Progress progress, Earlier earlier)
            throws IOException {
        PageBitmap taken = new PageBitmap(pages);
        long lockPgno = Integer.toUnsignedLong(LockPage.pgno(pageSize));
        long needed = lockPgno <= pages ? pages - 1 : pages;
        Picked picked = new Picked(progress, earlier, needed);
        PagePicker picker = new PagePicker(taken, pages, pageSize, whole, cut, picked);
        boolean merge = !whole && earlier.start.isPresent();
        long kept = 0;
        for (int i = sources.size() - 1; i >= 0; i--) {
            if (!whole && taken.count() == needed) {
                break;
            }
            if (merge
                    && Long.compareUnsigned(
                                    sources.get(i).toTxid(),
                                    earlier.start.orElseThrow().txid())
                            <= 0) {
                kept = keep(earlier, taken, picker.limit(), picked, progress);
                merge = false;
            }
            picked.begin(i);
            picker.pick(i == sources.size() - 1 ? newest : opener.next());
        }
        await(progress, needed);
        if (taken.count() < needed) {
            long absent = taken.firstAbsent(1);
            absent = absent == lockPgno ? taken.firstAbsent(lockPgno + 1) : absent;
            throw new DamagedObjectException(
                    sources.get(sources.size() - 1).key(),
                    "page " + absent + " of the database's " + pages
                            + " is neither in it nor in any object that the plan has before it");
        }
        long checksum = PageChecksum.FLAG | progress.checksum();
        return new Outcome(pages, checksum, kept + picked.resumed(), whole || checksum == plan.checksum());
    }

    /** Keeps the pages of an earlier try that nothing newer has. */
    private long keep(Earlier earlier, PageBitmap taken, long limit, Picked picked, Progress progress)
            throws IOException {
        PageRuns runs = new PageRuns();
        long kept = 0;
        int pagesMax = Math.max((cut.jobBytesMax() << 2) / pageSize, 1);
        long last = Math.min(limit, earlier.start.orElseThrow().pages());
        for (long pgno = 1; pgno <= last; pgno++) {
            if (earlier.pages.contains(pgno) && taken.add(pgno)) {
                kept++;
                if (!earlier.same) {
                    runs.add(pgno);
                }
                if (runs.pages() == pagesMax) {
                    picked.keep(runs);
                    runs = new PageRuns();
                }
            }
        }
        if (runs.pages() > 0) {
            picked.keep(runs);
        }
        if (earlier.same) {
            progress.found(earlier.xor, kept);
        }
        return kept;
    }

    /** What makes two tries tries of the same thing. */
    private String identity() {
        if (!whole) {
            return "pages of " + place;
        }
        StringBuilder steps = new StringBuilder();
        for (Step step : plan.steps()) {
            steps.append(step.key()).append(' ').append(step.bytes()).append('\n');
        }
        byte[] text = steps.toString().getBytes(StandardCharsets.UTF_8);
        return String.format(
                "files of %s: %d, %016x, in parts of %d", place, sources.size(), Crc64.of(text), cut.jobBytesMax());
    }

    /** Hands jobs to the threads. */
    private final class Picked implements PagePicker.Sink {
        private final Progress progress;
        private final Earlier earlier;
        private final long needed;
        private @Nullable SourceCheck check;
        private int index;
        private long resumedPages;

        Picked(Progress progress, Earlier earlier, long needed) {
            this.needed = needed;
            this.progress = progress;
            this.earlier = earlier;
        }

        /** The jobs that follow are of this LTX file. */
        void begin(int source) {
            index = source;
            check = null;
        }

        long resumed() {
            return resumedPages;
        }

        private SourceCheck check(OpenSource source) {
            if (check == null) {
                check = new SourceCheck(source);
            }
            return check;
        }

        @Override
        public void fetch(FetchJob job) throws IOException {
            int source = index;
            @Nullable SourceCheck whom = whole ? check(job.source()) : null;
            Ledger.@Nullable Done before = earlier.part(source, job.sequence());
            listener.progress(progress.pages(), needed, reader.bytes());
            if (whom != null && before != null) {
                resumedPages += before.runs().pages();
                progress.found(before.xor(), before.runs().pages());
                whom.part(job.sequence(), before.crc(), before.crcBytes());
                return;
            }
            submit(() -> {
                JobRunner.Fetched fetched = runner.fetch(job, pool.buffers());
                progress.written(new Ledger.Done(
                        source,
                        job.sequence(),
                        fetched.pages().xor(),
                        fetched.pages().digest(),
                        fetched.crc(),
                        fetched.crcBytes(),
                        job.runs()));
                if (whom != null) {
                    whom.part(job.sequence(), fetched.crc(), fetched.crcBytes());
                }
            });
        }

        @Override
        public void end(OpenSource source, int jobs, long indexCrc) throws IOException {
            if (whole) {
                check(source).end(jobs, indexCrc);
            }
        }

        void keep(PageRuns runs) throws IOException {
            submit(() -> {
                JobRunner.Pages pages = runner.readBack(runs, pool.buffers());
                progress.written(new Ledger.Done(-1, 0, pages.xor(), pages.digest(), 0, 0, runs));
            });
        }
    }

    private interface Job {
        void run() throws IOException;
    }

    private void submit(Job job) throws IOException {
        acquire(1);
        boolean begun = false;
        try {
            checkGoingOn();
            pool.execute(() -> {
                try {
                    if (failure.get() == null && !stopped.getAsBoolean()) {
                        job.run();
                    }
                } catch (IOException | RuntimeException | Error e) {
                    failure.compareAndSet(null, e);
                } finally {
                    permits.release();
                }
            });
            begun = true;
        } finally {
            if (!begun) {
                permits.release(); // else whoever waits for the jobs would wait for this one
            }
        }
    }

    private void acquire(int count) throws IOException {
        try {
            permits.acquire(count);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoppedException();
        }
    }

    private void checkGoingOn() throws IOException {
        @Nullable Throwable failed = failure.get();
        if (failed instanceof IOException e) {
            throw e;
        }
        if (failed instanceof RuntimeException e) {
            throw e;
        }
        if (failed instanceof Error e) {
            throw e;
        }
        if (stopped.getAsBoolean()) {
            throw new StoppedException();
        }
    }

    /** Waits for the jobs, and says how far they are. */
    private void await(Progress progress, long needed) throws IOException {
        for (int i = 0; i < permitsMax; i++) {
            acquire(1);
            listener.progress(progress.pages(), needed, reader.bytes());
        }
        permits.release(permitsMax);
        checkGoingOn();
    }

    /** Waits until no job runs. */
    private void drain() {
        permits.acquireUninterruptibly(permitsMax);
        permits.release(permitsMax);
    }
}
