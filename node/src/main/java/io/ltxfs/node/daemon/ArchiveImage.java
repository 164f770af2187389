package io.ltxfs.node.daemon;

import io.ltxfs.archive.DatabaseRecord;
import io.ltxfs.archive.ObjectFacts.Owner;
import io.ltxfs.archive.plan.RestorePlan;
import io.ltxfs.archive.restore.RestoreListener;
import io.ltxfs.archive.restore.RestoreResult;
import io.ltxfs.database.DatabaseSet;
import io.ltxfs.database.log.TransactionHeader;
import io.ltxfs.database.log.TransactionHeader.Image;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A database that is being restored from the archive, to be put into a node: hears the plan, and how far it is. */
final class ArchiveImage implements RestoreListener {
    private static final Logger LOG = LoggerFactory.getLogger(ArchiveImage.class);
    private static final int MODE_UNKNOWN = 0644;

    private final Path data;
    private final AtomicLong percent;
    private volatile @Nullable RestorePlan plan;

    ArchiveImage(Path data) {
        this(data, new AtomicLong());
    }

    /** @param percent of the pages that are there */
    ArchiveImage(Path data, AtomicLong percent) {
        this.data = data;
        this.percent = percent;
    }

    @Override
    public void planned(RestorePlan newPlan) {
        plan = newPlan;
    }

    @Override
    public void progress(long pages, long pagesTotal, long bytesFetched) {
        percent.set(pagesTotal == 0 ? 100 : pages * 100 / pagesTotal);
    }

    @Override
    public void note(String line) {
        LOG.warn("{}", line);
    }

    /** The owner that the archive knows, else the mount's. */
    Owner owner() throws IOException {
        RestorePlan last = plan;
        Optional<Owner> known = last == null ? Optional.empty() : last.owner();
        if (known.isPresent()) {
            return known.get();
        }
        Path files = data.resolve(DatabaseSet.FILES);
        return new Owner(
                (Integer) Files.getAttribute(files, "unix:uid"),
                (Integer) Files.getAttribute(files, "unix:gid"),
                MODE_UNKNOWN);
    }

    /** Its page size; 0 before it was planned. */
    int pageSize() {
        RestorePlan last = plan;
        return last == null ? 0 : last.pageSize();
    }

    /** The transaction at which it is, as the log is to say it. */
    TransactionHeader position(String name, RestoreResult result, Optional<DatabaseRecord> record, Image pages)
            throws IOException {
        int pageSize = pageSize();
        Owner owner = owner();
        return new TransactionHeader(
                name,
                result.txid(),
                record.map(known -> known.epochOf(result.txid())).orElse(0L),
                result.time().map(Instant::toEpochMilli).orElse(0L),
                pageSize,
                (int) (result.bytes() / pageSize),
                0,
                result.checksum(),
                pages,
                owner.uid(),
                owner.gid(),
                owner.mode());
    }
}
