package io.ltxfs.node.daemon;

import io.ltxfs.archive.DatabaseArchive;
import io.ltxfs.archive.DatabaseRecord;
import io.ltxfs.archive.fence.ArchiveFence;
import io.ltxfs.archive.fence.Reached;
import io.ltxfs.archive.plan.RestoreTarget;
import io.ltxfs.archive.restore.RestoreResult;
import io.ltxfs.archive.restore.Restorer;
import io.ltxfs.database.DatabaseSet;
import io.ltxfs.database.log.TransactionHeader;
import io.ltxfs.database.log.TransactionHeader.Image;
import io.ltxfs.database.receive.PageSource;
import io.ltxfs.ltx.LockPage;
import io.ltxfs.ltx.PageChecksum;
import io.ltxfs.node.archive.NodeArchive;
import io.ltxfs.node.cluster.Event.ArchivePlace;
import io.ltxfs.node.cluster.Standing.Place;
import io.ltxfs.node.config.LtxfsConfig;
import io.ltxfs.node.replication.EpochGate;
import io.ltxfs.node.roles.ClusterArchive;
import io.ltxfs.objectstore.ContentHash;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The archive of a cluster's node: read by one that becomes the primary, written by the one that is. Reading has a store
 * of its own, since the one that is written through is closed with the role.
 */
final class ClusterArchiveSide implements ClusterArchive, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ClusterArchiveSide.class);
    private static final String STAGING = "from-archive";

    private final LtxfsConfig config;
    private final DatabaseSet databases;
    private final Archiving archiving;
    private final Optional<NodeArchive> archive;

    ClusterArchiveSide(LtxfsConfig config, DatabaseSet databases, Archiving archiving) {
        this.config = config;
        this.databases = databases;
        this.archiving = archiving;
        this.archive = config.archive().url().isNone()
                ? Optional.empty()
                : Optional.of(NodeArchive.open(config, config.archive().url().text()));
    }

    private NodeArchive archive() throws IOException {
        return archive.orElseThrow(() -> new IOException("there is no archive: archive.url is none"));
    }

    private ArchiveFence fence() throws IOException {
        return new ArchiveFence(
                archive().archive(), config::archivePlaceOf, config.node().id(), config.data());
    }

    @Override
    public Map<String, ArchivePlace> read() throws IOException {
        List<String> names = archive().databases();
        Map<String, ArchivePlace> places = new HashMap<>();
        try (ArchiveFence fence = fence()) {
            for (Map.Entry<String, Reached> each : fence.reached(names).entrySet()) {
                Reached reached = each.getValue();
                if (reached.txid() != 0) {
                    places.put(
                            each.getKey(),
                            new ArchivePlace(new Place(reached.txid(), reached.checksum()), reached.epoch()));
                }
            }
        }
        return places;
    }

    @Override
    public void claim(long epoch) throws IOException {
        Map<String, Long> next = new HashMap<>();
        databases.receiver().received().forEach((name, last) -> next.put(name, last.txid() + 1));
        try (ArchiveFence fence = fence()) {
            fence.claim(epoch, next);
        }
    }

    @Override
    public void fetch(String name, boolean conform, EpochGate.Term term) throws IOException, InterruptedException {
        DatabaseArchive db = archive().database(name);
        Optional<DatabaseRecord> record = DatabaseRecord.load(db);
        Optional<TransactionHeader> last = databases.receiver().received(name);
        long received = last.map(TransactionHeader::txid).orElse(0L);
        Optional<DatabaseRecord.Drop> drop = record.flatMap(known -> known.dropAfter(conform ? 0 : received));
        Reached reached;
        try (ArchiveFence fence = fence()) {
            reached = fence.reached(List.of(name)).get(name);
        }
        if (reached == null || reached.txid() == 0) {
            return;
        }
        if (reached.dropped() && drop.isPresent()) {
            take(droppedHeader(name, drop.get(), record), visitor -> {}, term);
            return;
        }
        byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        Path directory = config.data().resolve(STAGING);
        Files.createDirectories(directory);
        Path file = directory.resolve(ContentHash.of(bytes, 0, bytes.length));
        ArchiveImage image = new ArchiveImage(config.data());
        try (Restorer restorer = new Restorer(archive().archive())) {
            RestoreResult result = restorer.restore(db, new RestoreTarget.End(), false, file, true, image);
            // Pages of another size, or of a database that is not there, cannot be told apart: all are taken then.
            boolean onTop = last.filter(before -> before.commit() != 0 && before.pageSize() == image.pageSize())
                    .isPresent();
            TransactionHeader header = image.position(name, result, record, onTop ? Image.DELTA : Image.FULL);
            if (!conform && Long.compareUnsigned(header.txid(), received) <= 0) {
                return;
            }
            try (FileChannel content = FileChannel.open(file, StandardOpenOption.READ)) {
                take(
                        header,
                        changed(header, content, onTop ? databases.receiver().pageChecksums(name) : new long[0]),
                        term);
            }
            LOG.info(
                    "took what the archive has database={} txid={} bytes={}",
                    name,
                    StatusDocument.hex(header.txid()),
                    result.bytes());
        } finally {
            Files.deleteIfExists(file);
        }
    }

    private TransactionHeader droppedHeader(String name, DatabaseRecord.Drop drop, Optional<DatabaseRecord> record) {
        return new TransactionHeader(
                name,
                drop.txid(),
                record.map(known -> known.epochOf(drop.txid())).orElse(0L),
                drop.timeMillis(),
                0,
                0,
                0,
                PageChecksum.EMPTY,
                Image.DROP,
                0,
                0,
                0);
    }

    /** The pages that are not what this node has. */
    private static PageSource changed(TransactionHeader header, FileChannel content, long[] own) {
        return visitor -> {
            int pageSize = header.pageSize();
            int lockPage = LockPage.pgno(pageSize);
            ByteBuffer page = ByteBuffer.allocate(pageSize);
            for (int pgno = 1; pgno <= header.commit(); pgno++) {
                if (pgno == lockPage) {
                    continue;
                }
                page.clear();
                while (page.hasRemaining() && content.read(page, (long) (pgno - 1) * pageSize + page.position()) > 0) {
                    // the rest of the page
                }
                page.flip();
                long checksum = PageChecksum.of(pgno, page.array(), 0, pageSize);
                if (pgno > own.length || own[pgno - 1] != checksum) {
                    visitor.page(pgno, checksum, page);
                }
            }
        };
    }

    /** What came of the archive may be older than what this node has got under a later epoch meanwhile. */
    private void take(TransactionHeader header, PageSource pages, EpochGate.Term term)
            throws IOException, InterruptedException {
        long[] lsn = {0};
        term.run(() -> lsn[0] = databases.receiver().replace(header, pages));
        CountDownLatch done = new CountDownLatch(1);
        IOException[] failed = {null};
        databases.receiver().flush(lsn[0], failure -> {
            failed[0] = failure;
            done.countDown();
        });
        done.await();
        if (failed[0] != null) {
            throw failed[0];
        }
    }

    @Override
    public void begin(LongSupplier epoch) {
        archiving.start(databases, epoch);
    }

    @Override
    public void cease() {
        archiving.cease();
    }

    @Override
    public void whenArchived(String database, long txid, Runnable then) {
        archiving.whenArchived(database, txid, then);
    }

    @Override
    public void close() {
        archive.ifPresent(NodeArchive::close);
    }
}
