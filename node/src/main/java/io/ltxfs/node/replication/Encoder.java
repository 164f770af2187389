package io.ltxfs.node.replication;

import com.google.protobuf.ByteString;
import io.ltxfs.database.feed.Transaction;
import io.ltxfs.database.feed.TransactionFeed;
import io.ltxfs.database.log.TransactionHeader;
import io.ltxfs.replicationproto.TransactionHead;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Makes the bytes of transactions once for all replicas. Small ones are kept a while, in a bounded memory. A large one is
 * written to a file first, by a thread of its own: read from the log as fast as a slow replica takes it, it would keep the
 * log from being trimmed, and the sender from sending anything else.
 */
final class Encoder implements AutoCloseable {
    private static final long SMALL_BYTES = 1 << 20;
    private static final long KEPT_BYTES = 16 << 20;
    private static final int THREADS = 2;

    /** A large transaction that somebody sends. */
    private static final class Shared {
        final CompletableFuture<Encoded> encoded = new CompletableFuture<>();
        int users;
    }

    private final TransactionFeed feed;
    private final Path directory;
    private final ExecutorService threads;
    private final AtomicLong files = new AtomicLong();
    private final LinkedHashMap<Long, Encoded> kept = new LinkedHashMap<>(16, 0.75f, true);
    private final Map<Long, Shared> large = new HashMap<>();
    private long keptBytes;

    /** @param directory for large ones; made if it is not there */
    Encoder(TransactionFeed feed, Path directory) {
        this.feed = feed;
        this.directory = directory;
        ThreadPoolExecutor pool = new ThreadPoolExecutor(
                THREADS,
                THREADS,
                10,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(),
                Threads.daemon("replication-encode"));
        pool.allowCoreThreadTimeOut(true);
        threads = pool;
    }

    /** A transaction that is being sent; to be released. */
    final class Use implements AutoCloseable {
        private final long lsn;
        private final CompletableFuture<Encoded> encoded;
        private final @Nullable Shared shared;
        private boolean released;

        private Use(long lsn, CompletableFuture<Encoded> encoded, @Nullable Shared shared) {
            this.lsn = lsn;
            this.encoded = encoded;
            this.shared = shared;
        }

        boolean isLarge() {
            return shared != null;
        }

        /** Whether {@link #get} does not wait. */
        boolean ready() {
            return encoded.isDone();
        }

        /** Its bytes; waits for them. */
        Encoded get() throws IOException {
            try {
                return encoded.join();
            } catch (CompletionException e) {
                if (e.getCause() instanceof IOException failure) {
                    throw new IOException(failure.getMessage(), failure);
                }
                throw e;
            }
        }

        /** May be called again. */
        @Override
        public void close() {
            if (shared != null && !released) {
                released = true;
                release(lsn, shared);
            }
        }
    }

    /** Whether a transaction is one that takes its time. */
    static boolean isLarge(Transaction transaction) {
        return (long) transaction.pages() * transaction.header().pageSize() > SMALL_BYTES;
    }

    /**
     * Gets a transaction's bytes; those of a small one are there at once.
     *
     * @param wake run when those of a large one are there
     */
    Use use(Transaction transaction, Runnable wake) throws IOException {
        long lsn = transaction.entry().lsn();
        if (!isLarge(transaction)) {
            return new Use(lsn, CompletableFuture.completedFuture(small(lsn, transaction)), null);
        }
        Shared shared;
        synchronized (this) {
            shared = large.get(lsn);
            if (shared == null) {
                shared = new Shared();
                large.put(lsn, shared);
                Shared made = shared;
                boolean begun = false;
                try {
                    threads.execute(() -> encode(transaction, made));
                    begun = true;
                } finally {
                    if (!begun) {
                        large.remove(lsn, shared); // others would wait for it
                    }
                }
            }
            shared.users++;
        }
        shared.encoded.whenComplete((encoded, failure) -> wake.run());
        return new Use(lsn, shared.encoded, shared);
    }

    private synchronized Encoded small(long lsn, Transaction transaction) throws IOException {
        Encoded encoded = kept.get(lsn);
        if (encoded == null) {
            List<ByteString> parts = new ArrayList<>();
            ChunkStream out = new ChunkStream(parts::add);
            write(transaction, out);
            out.end();
            encoded = new Encoded(head(transaction), List.copyOf(parts));
            kept.put(lsn, encoded);
            keptBytes += encoded.size();
            for (var oldest = kept.entrySet().iterator(); keptBytes > KEPT_BYTES && oldest.hasNext(); ) {
                keptBytes -= oldest.next().getValue().size();
                oldest.remove();
            }
        }
        return encoded;
    }

    private void encode(Transaction transaction, Shared shared) {
        try {
            Files.createDirectories(directory);
            Path path = directory.resolve("send-" + files.incrementAndGet());
            FileChannel file = FileChannel.open(
                    path,
                    StandardOpenOption.CREATE,
                    StandardOpenOption.TRUNCATE_EXISTING,
                    StandardOpenOption.READ,
                    StandardOpenOption.WRITE);
            try {
                // Nobody finds it, and it is gone when the process is.
                Files.delete(path);
                OutputStream out = new BufferedOutputStream(Channels.newOutputStream(file), Messages.CHUNK_BYTES);
                write(transaction, out);
                out.flush();
            } catch (Throwable e) {
                file.close();
                throw e;
            }
            done(transaction.entry().lsn(), shared, new Encoded(head(transaction), file));
        } catch (Throwable e) { // the root of the thread's work: replicas wait for its end
            synchronized (this) {
                large.remove(transaction.entry().lsn(), shared);
            }
            shared.encoded.completeExceptionally(new CompletionException(
                    e instanceof IOException ? e : new IOException("encoding failed: " + e, e)));
        }
    }

    private void done(long lsn, Shared shared, Encoded encoded) {
        synchronized (this) {
            if (shared.users > 0) {
                shared.encoded.complete(encoded);
                return;
            }
            large.remove(lsn, shared);
        }
        encoded.discard();
    }

    private synchronized void release(long lsn, Shared shared) {
        shared.users--;
        if (shared.users == 0 && shared.encoded.isDone()) {
            large.remove(lsn, shared);
            if (!shared.encoded.isCompletedExceptionally()) {
                shared.encoded.join().discard();
            }
        }
    }

    private void write(Transaction transaction, OutputStream out) throws IOException {
        if (transaction.pages() > 0) {
            LtxForm.write(transaction.header(), visitor -> feed.pages(transaction, visitor), out);
        }
    }

    private static TransactionHead head(Transaction transaction) {
        TransactionHeader header = transaction.header();
        TransactionHead.Image image = switch (header.image()) {
            case FULL -> TransactionHead.Image.FULL;
            case DROP -> TransactionHead.Image.DROP;
            default -> TransactionHead.Image.DELTA;
        };
        return Messages.head(header, image, transaction.pages());
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }
}
