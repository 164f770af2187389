package io.ltxfs.archive.restore;

import io.ltxfs.archive.plan.RestorePlan;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.ExecutorService;

/** Counts what a restore would fetch. */
final class Estimator implements PagePicker.Sink {
    private long bytes;
    private long requests;

    private Estimator() {}

    static RestoreEstimate estimate(RestorePlan plan, RangeReader reader, ExecutorService opens, PagePicker.Cut cut)
            throws IOException {
        Estimator counter = new Estimator();
        List<LtxSource> sources = LtxSource.of(plan);
        long pages = 0;
        try (SourceOpener opener = new SourceOpener(reader, sources, plan.pageSize(), opens)) {
            PagePicker picker = null;
            for (int i = sources.size() - 1; i >= 0; i--) {
                OpenSource source = opener.next();
                if (picker == null) {
                    pages = source.commit();
                    boolean whole = plan.checksum() == 0;
                    picker = new PagePicker(new PageBitmap(pages), pages, plan.pageSize(), whole, cut, counter);
                }
                picker.pick(source);
            }
        } catch (DamagedObjectException e) {
            throw e.asArchiveException(reader);
        }
        return new RestoreEstimate(
                plan,
                pages * plan.pageSize(),
                reader.bytes() + counter.bytes,
                plan.requests() + reader.requests() + counter.requests);
    }

    @Override
    public void fetch(FetchJob job) {
        if (job.source().bytes() == null) {
            bytes += job.length();
            requests++;
        }
    }

    @Override
    public void end(OpenSource source, int jobs, long indexCrc) {
        // Nothing to count.
    }
}
