package io.ltxfs.node.roles;

import io.ltxfs.database.Database;
import io.ltxfs.database.DatabaseSet;
import io.ltxfs.database.Position;
import io.ltxfs.database.feed.Transaction;
import io.ltxfs.database.feed.TransactionFeed;
import io.ltxfs.database.log.TransactionHeader;
import io.ltxfs.database.log.TransactionHeader.Image;
import io.ltxfs.ltx.LtxFileName;
import io.ltxfs.ltx.LtxHeader;
import io.ltxfs.ltx.LtxWriter;
import io.ltxfs.ltx.Txid;
import java.io.BufferedOutputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps it as LTX below {@code divergent/DATABASE/EPOCH/}: a file for each transaction, and the whole database where the
 * log does not reach back to the last transaction in common. Nothing is ever removed from there but by people.
 */
public final class LtxDivergence implements Divergence {
    private static final Logger LOG = LoggerFactory.getLogger(LtxDivergence.class);
    private static final String DIRECTORY = "divergent";
    private static final String PARTIAL = ".part";

    private final Path directory;
    private final DatabaseSet databases;
    private volatile Map<String, ClusterView.Divergent> kept;

    /** @param data the data directory */
    public LtxDivergence(Path data, DatabaseSet databases) throws IOException {
        this.directory = data.resolve(DIRECTORY);
        this.databases = databases;
        this.kept = count();
    }

    @Override
    public Map<String, ClusterView.Divergent> kept() {
        return kept;
    }

    @Override
    public synchronized void keep(String database, OptionalLong fork) throws IOException {
        List<Transaction> own = after(database, fork);
        if (own.isEmpty() && fork.isPresent()) {
            return;
        }
        long first = own.isEmpty() ? 0 : own.get(0).txid();
        boolean reachesBack = fork.isPresent() && first == fork.getAsLong() + 1;
        Path last = directory;
        try {
            if (reachesBack) {
                for (Transaction transaction : own) {
                    last = write(transaction);
                }
            } else {
                last = writeAll(database).orElse(directory);
            }
        } finally {
            kept = count();
        }
        LOG.warn(
                "kept transactions that the cluster does not have database={} from={} transactions={} in={}",
                database,
                fork.isPresent() ? Txid.format(fork.getAsLong() + 1) : "the first",
                reachesBack ? own.size() : "all",
                last.getParent());
    }

    /** This node's transactions after one, as far as the log has them. */
    private List<Transaction> after(String database, OptionalLong fork) throws IOException {
        List<Transaction> found = new ArrayList<>();
        if (fork.isEmpty()) {
            return found;
        }
        try (TransactionFeed.Follower follower = databases.feed().follow("divergent", 0, () -> {})) {
            for (Transaction each = follower.next(); each != null; each = follower.next()) {
                if (each.header().database().equals(database)) {
                    if (each.header().jump()) {
                        found.clear(); // another history began
                    }
                    if (Long.compareUnsigned(each.txid(), fork.getAsLong()) > 0) {
                        found.add(each);
                    }
                }
            }
        }
        return found;
    }

    private Path write(Transaction transaction) throws IOException {
        TransactionHeader header = transaction.header();
        LtxHeader ltx = header.txid() == 1
                ? LtxHeader.snapshot(header.pageSize(), header.commit(), 1, header.timeMillis())
                : LtxHeader.delta(
                        header.pageSize(),
                        header.commit(),
                        header.txid(),
                        header.txid(),
                        header.timeMillis(),
                        header.preChecksum());
        return write(header, header.txid(), out -> {
            LtxWriter writer = new LtxWriter(out, ltx);
            try {
                databases.feed().pages(transaction, (pgno, checksum, page) -> {
                    try {
                        writer.writePage(pgno, page, page.position());
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                });
            } catch (UncheckedIOException e) {
                throw e.getCause();
            }
            writer.finish(header.postChecksum());
        });
    }

    /** The whole database as its readers see it. Empty if there is none. */
    private Optional<Path> writeAll(String name) throws IOException {
        Optional<Database> database = databases.find(name);
        if (database.isEmpty() || database.get().position().txid() == 0) {
            return Optional.empty();
        }
        Files.createDirectories(directory);
        Path image = Files.createTempFile(directory, "image", PARTIAL);
        try {
            TransactionHeader header;
            try (FileChannel channel = FileChannel.open(image, StandardOpenOption.WRITE, StandardOpenOption.READ)) {
                header = databases.export(name, 0, channel);
                return Optional.of(write(header, 1, out -> snapshot(header, channel, out)));
            }
        } finally {
            Files.deleteIfExists(image);
        }
    }

    private static void snapshot(TransactionHeader header, FileChannel image, OutputStream out) throws IOException {
        int pageSize = header.pageSize();
        LtxWriter writer =
                new LtxWriter(out, LtxHeader.snapshot(pageSize, header.commit(), header.txid(), header.timeMillis()));
        ByteBuffer page = ByteBuffer.allocate(pageSize);
        for (int pgno = 1; pgno <= header.commit(); pgno++) {
            if (io.ltxfs.ltx.LockPage.pgno(pageSize) == pgno) {
                continue;
            }
            page.clear();
            while (page.hasRemaining() && image.read(page, (long) (pgno - 1) * pageSize + page.position()) > 0) {
                // the rest of the page
            }
            writer.writePage(pgno, page, 0);
        }
        writer.finish(header.postChecksum());
    }

    /** Writes a file. */
    private interface Body {
        void write(OutputStream out) throws IOException;
    }

    private Path write(TransactionHeader header, long minTxid, Body body) throws IOException {
        Path place = directory.resolve(header.database()).resolve("epoch-" + Long.toUnsignedString(header.epoch()));
        Files.createDirectories(place);
        Path file = place.resolve(new LtxFileName(minTxid, header.txid()).toString());
        if (Files.exists(file)) {
            return file; // it was kept before the node was stopped
        }
        Path partial = file.resolveSibling(file.getFileName() + PARTIAL);
        try (FileOutputStream stream = new FileOutputStream(partial.toFile())) {
            BufferedOutputStream buffered = new BufferedOutputStream(stream);
            body.write(buffered);
            buffered.flush();
            stream.getFD().sync();
        }
        Files.move(partial, file, StandardCopyOption.ATOMIC_MOVE);
        try (FileChannel parent = FileChannel.open(place, StandardOpenOption.READ)) {
            parent.force(true);
        }
        return file;
    }

    @Override
    public synchronized void moveAside(String name) throws IOException {
        Optional<TransactionHeader> received = databases.receiver().received(name);
        if (received.isEmpty() || received.get().txid() == 0) {
            return;
        }
        TransactionHeader last = received.get();
        if (last.image() != Image.DROP) {
            keep(name, OptionalLong.empty());
        }
        TransactionHeader gone = new TransactionHeader(
                name,
                0,
                last.epoch(),
                last.timeMillis(),
                last.pageSize(),
                0,
                last.postChecksum(),
                Position.NONE.checksum(),
                Image.DROP,
                last.uid(),
                last.gid(),
                last.mode());
        long lsn = databases.receiver().replace(gone, visitor -> {});
        awaitDurable(lsn);
        LOG.warn("moved a database aside that the cluster does not have database={}", name);
    }

    private void awaitDurable(long lsn) throws IOException {
        CountDownLatch done = new CountDownLatch(1);
        IOException[] failed = {null};
        databases.receiver().flush(lsn, failure -> {
            failed[0] = failure;
            done.countDown();
        });
        try {
            done.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("the node stops", e);
        }
        if (failed[0] != null) {
            throw failed[0];
        }
    }

    private Map<String, ClusterView.Divergent> count() throws IOException {
        Map<String, ClusterView.Divergent> counts = new TreeMap<>();
        if (!Files.isDirectory(directory)) {
            return counts;
        }
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.toList()) {
                if (file.getFileName().toString().endsWith(".ltx") && Files.isRegularFile(file)) {
                    String place =
                            directory.relativize(file.getParent().getParent()).toString();
                    ClusterView.Divergent one = new ClusterView.Divergent(1, Files.size(file));
                    counts.merge(
                            place,
                            one,
                            (a, b) -> new ClusterView.Divergent(a.files() + b.files(), a.bytes() + b.bytes()));
                }
            }
        }
        return counts;
    }
}
