package io.ltxfs.archive.service;

import io.ltxfs.archive.Archive;
import io.ltxfs.archive.ArchiveService;
import io.ltxfs.archive.compact.CompactionSettings;
import io.ltxfs.archive.compact.Compactions;
import io.ltxfs.archive.compact.FreeSpace;
import io.ltxfs.archive.upload.LeaseTerm;
import io.ltxfs.archive.upload.LocalDatabases;
import io.ltxfs.archive.upload.NewLineage;
import io.ltxfs.archive.upload.UploadCounters;
import io.ltxfs.archive.upload.UploadOptions;
import io.ltxfs.archive.upload.Uploads;
import io.ltxfs.database.feed.TransactionFeed;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The archive of a node's own databases. */
public final class LocalArchiveService implements ArchiveService {
    private final Archive archive;
    private final Uploads uploads;
    private final Compactions compactions;

    private LocalArchiveService(Archive archive, Uploads uploads, Compactions compactions) {
        this.archive = archive;
        this.uploads = uploads;
        this.compactions = compactions;
    }

    /**
     * Starts to archive, in the background. Makes no request: a store that is away is waited for.
     *
     * @param archive closed by {@link #close}
     * @throws IOException if the data directory cannot be used
     */
    public static LocalArchiveService start(
            Archive archive, TransactionFeed feed, LocalDatabases databases, UploadOptions options) throws IOException {
        Optional<FreeSpace> room = FreeSpace.of(archive.store().directory(), options.dataDirectory());
        Archive limited = room.map(limit -> new Archive(new RoomStore(archive.store(), limit), archive.layout()))
                .orElse(archive);
        CompactionSettings settings = new CompactionSettings(
                options.placement(),
                options.dataDirectory(),
                options.clock(),
                options.coding(),
                new LeaseTerm(options.epoch()),
                room);
        Compactions compactions = Compactions.start(limited, feed, settings);
        try {
            Uploads uploads = Uploads.start(limited, feed, databases, options, compactions);
            return new LocalArchiveService(archive, uploads, compactions);
        } catch (IOException | RuntimeException e) {
            compactions.close();
            throw e;
        }
    }

    @Override
    public Progress progress(String database) {
        Progress progress = uploads.progress(database);
        List<String> warnings = new ArrayList<>(progress.warnings());
        warnings.addAll(compactions.warnings(database));
        return new Progress(progress.txid(), progress.pending(), progress.ageMillis(), warnings);
    }

    @Override
    public List<String> warnings() {
        return uploads.warnings();
    }

    @Override
    public Counts counts() {
        UploadCounters counters = uploads.counters();
        return new Counts(
                counters.puts(), counters.bytes(), counters.failures(), compactions.made(), compactions.deleted());
    }

    /**
     * Begins a new history of a database, even where the archive holds another one, which is moved aside.
     *
     * @return where the old one is, as people write it; empty if there was none
     */
    public String begin(String database, NewLineage.Progress progress) throws IOException, InterruptedException {
        return uploads.begin(database, progress);
    }

    @Override
    public long epochSeen() {
        return uploads.epochSeen();
    }

    @Override
    public void whenArchived(String database, long txid, Runnable done) {
        uploads.whenArchived(database, txid, done);
    }

    @Override
    public boolean drain(Duration timeout) throws InterruptedException {
        return uploads.drain(timeout);
    }

    @Override
    public void close() {
        uploads.close();
        compactions.close();
        archive.close();
    }
}
