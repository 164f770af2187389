package io.ltxfs.archive.restore;

import io.ltxfs.archive.ArchiveException;
import io.ltxfs.objectstore.ObjectContent;
import io.ltxfs.objectstore.ObjectStore;
import io.ltxfs.objectstore.StoreException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BooleanSupplier;

/**
 * Reads ranges of objects, and tries again what may pass: {@value #TRIES} times, with pauses that grow to
 * {@value #PAUSE_MILLIS_MAX} ms. A range that broke off goes on where it did. For use by many threads.
 */
final class RangeReader {
    private static final int TRIES = 8;
    private static final long PAUSE_MILLIS_MIN = 100;
    private static final long PAUSE_MILLIS_MAX = 5_000;
    private static final int COPY_BYTES = 64 * 1024;
    private static final ThreadLocal<byte[]> COPY = ThreadLocal.withInitial(() -> new byte[COPY_BYTES]);

    private final ObjectStore store;
    private final BooleanSupplier stopped;
    private final LongAdder requests = new LongAdder();
    private final LongAdder bytes = new LongAdder();

    /**
     * Reads from a store.
     *
     * @param stopped whether to give up instead of trying again
     */
    RangeReader(ObjectStore store, BooleanSupplier stopped) {
        this.store = store;
        this.stopped = stopped;
    }

    /** An object as people write it. */
    String describe(String key) {
        return store.describe(key);
    }

    /** How many requests were made. */
    long requests() {
        return requests.sum();
    }

    /** How many bytes came. */
    long bytes() {
        return bytes.sum();
    }

    /** Reads exactly so many bytes. */
    byte[] read(String key, long offset, int length) throws IOException {
        ByteBuffer into = ByteBuffer.allocate(length);
        read(key, offset, into);
        return into.array();
    }

    /**
     * Fills a buffer from its position to its limit.
     *
     * @throws GoneException if there is no such object
     * @throws DamagedObjectException if it ends before
     */
    void read(String key, long offset, ByteBuffer into) throws IOException {
        int start = into.position();
        try {
            retrying(() -> {
                readOnce(key, offset + into.position() - start, into);
                return into;
            });
        } catch (StoreException e) {
            if (e.kind() == StoreException.Kind.NOT_FOUND) {
                throw new GoneException(key, e);
            }
            throw e.kind() == StoreException.Kind.RANGE ? cut(key, offset + into.position() - start) : e;
        }
    }

    /** What may be tried again. */
    @FunctionalInterface
    interface Request<T> {
        T make() throws IOException;
    }

    /** Makes a request, and again if it failed in a way that may pass. */
    <T> T retrying(Request<T> request) throws IOException {
        long pause = PAUSE_MILLIS_MIN;
        for (int tries = 1; ; tries++) {
            try {
                return request.make();
            } catch (DamagedObjectException | GoneException | ArchiveException | StoppedException e) {
                throw e;
            } catch (IOException e) {
                boolean mayPass = !(e instanceof StoreException store) || store.mayPass();
                if (!mayPass || tries == TRIES || stopped.getAsBoolean()) {
                    throw e;
                }
            }
            pause = pause(pause);
        }
    }

    private void readOnce(String key, long offset, ByteBuffer into) throws IOException {
        requests.increment();
        Optional<Path> file = store.file(key);
        if (file.isPresent()) {
            readFile(key, file.get(), offset, into);
            return;
        }
        try (ObjectContent content = store.get(key, offset, into.remaining())) {
            if (content.length() < into.remaining()) {
                throw cut(key, content.info().size());
            }
            InputStream stream = content.stream();
            byte[] copy = into.hasArray() ? into.array() : COPY.get();
            while (into.hasRemaining()) {
                int count = into.hasArray()
                        ? stream.read(copy, into.arrayOffset() + into.position(), into.remaining())
                        : stream.read(copy, 0, Math.min(copy.length, into.remaining()));
                if (count < 0) {
                    throw new IOException(store.describe(key) + " broke off");
                }
                if (into.hasArray()) {
                    into.position(into.position() + count);
                } else {
                    into.put(copy, 0, count);
                }
                bytes.add(count);
            }
        }
    }

    /** What a store of files would do, without its look at the object's metadata and without a copy. */
    private void readFile(String key, Path file, long offset, ByteBuffer into) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS)) {
            long at = offset;
            while (into.hasRemaining()) {
                int count = channel.read(into, at);
                if (count < 0) {
                    throw cut(key, channel.size());
                }
                at += count;
                bytes.add(count);
            }
        } catch (NoSuchFileException e) {
            throw new GoneException(key, e);
        }
    }

    private static DamagedObjectException cut(String key, long at) {
        return new DamagedObjectException(key, "it ends at byte " + at + ", where there must be more");
    }

    private static long pause(long millis) throws IOException {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoppedException();
        }
        return Math.min(2 * millis, PAUSE_MILLIS_MAX);
    }
}
