package io.ltxfs.archive.upload;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.archive.Archive;
import io.ltxfs.archive.ArchiveLayout;
import io.ltxfs.archive.ArchiveOptions;
import io.ltxfs.archive.DatabaseArchive;
import io.ltxfs.ltx.PageCoding;
import io.ltxfs.objectstore.ObjectStore;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;

/** A node, an archive, and uploads from the one to the other, which can be killed and started again. */
final class UploadFixture implements AutoCloseable {
    static final Duration LONG = Duration.ofSeconds(60);

    final HookedStore store;
    final Archive archive;
    final TestNode node;
    Uploads uploads;
    private final PageCoding coding;
    volatile long epoch;

    UploadFixture(Path data, ObjectStore store, ArchiveLayout layout, PageCoding coding) throws IOException {
        this.store = new HookedStore(store);
        this.archive = new Archive(this.store, layout);
        this.node = new TestNode(data);
        this.coding = coding;
        this.uploads = open();
    }

    UploadFixture(Path data, ObjectStore store) throws IOException {
        this(data, store, ArchiveLayout.FILES, PageCoding.BLOCK);
    }

    private Uploads open() throws IOException {
        UploadOptions options = new UploadOptions(
                name -> new Placement(Archive.placeOf(name), ArchiveOptions.defaults()),
                node.data,
                "node-1",
                () -> epoch,
                Clock.systemUTC(),
                coding,
                UploadOptions.UPLOADS);
        return Uploads.start(archive, node.feed, node, options, UploadListener.NONE);
    }

    void drain() throws Exception {
        node.flush();
        assertTrue(uploads.drain(LONG), () -> "not drained: " + uploads.warnings());
    }

    /** As after a kill: nothing of what is in memory is written down. */
    void killAndStart() throws IOException {
        uploads.kill();
        node.restart();
        uploads = open();
    }

    /** As after a clean stop. */
    void stopAndStart() throws IOException {
        uploads.close();
        node.restart();
        uploads = open();
    }

    DatabaseArchive database(String name) {
        return archive.database(name);
    }

    /** Everything is there, as the rules of level 0 want it. */
    void check(String name) throws IOException {
        DatabaseArchive db = database(name);
        ArchiveCheck.level0(db);
        ArchiveCheck.everyTransaction(db, node.histories.get(name));
    }

    @Override
    public void close() throws IOException {
        uploads.close();
        node.close();
    }
}
