package io.ltxfs.node.replication;

import com.google.protobuf.ByteString;
import io.ltxfs.database.log.TransactionHeader;
import io.ltxfs.database.receive.PageSource;
import io.ltxfs.replicationproto.TransactionChunk;
import io.ltxfs.replicationproto.TransactionHead;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Puts transactions together from their chunks, those of several databases at a time. What does not fit into a bounded
 * memory goes to files that go away by themselves. For one thread.
 */
final class Assembly implements AutoCloseable {
    private static final int OPEN_MAX = 64;
    private static final long MEMORY_BYTES = 8 << 20;
    private static final AtomicLong FILES = new AtomicLong();

    /** A transaction whose last chunk has not come. */
    private static final class Part {
        final TransactionHead head;
        final TransactionHeader header;
        ByteString bytes = ByteString.EMPTY;

        @Nullable
        FileChannel file;

        Part(TransactionHead head, TransactionHeader header) {
            this.head = head;
            this.header = header;
        }
    }

    /** Takes a transaction; its pages can be read until this returns. */
    @FunctionalInterface
    interface Taker {
        void take(TransactionHeader header, PageSource pages) throws IOException;
    }

    private final Path directory;
    private final Map<String, Part> open = new HashMap<>();
    private long memory;

    /** @param directory for files; made if it is not there */
    Assembly(Path directory) {
        this.directory = directory;
    }

    /** Takes a chunk; with the last one of a transaction, gives the transaction away. */
    void add(TransactionChunk chunk, Taker taker) throws IOException {
        if (chunk.getLtx().size() > Messages.CHUNK_BYTES) {
            throw new IOException(
                    "a chunk of " + chunk.getLtx().size() + " bytes came, " + Messages.CHUNK_BYTES + " are the most");
        }
        Part part = chunk.hasHead() ? begin(chunk.getHead()) : open.get(chunk.getDatabase());
        if (part == null) {
            throw new IOException(
                    Messages.brief(chunk.getDatabase()) + ": a chunk came of a transaction that had not begun");
        }
        append(part, chunk.getLtx());
        if (chunk.getLast()) {
            String database = part.header.database();
            try {
                finish(part, taker);
            } finally {
                discard(database);
            }
        }
    }

    private Part begin(TransactionHead head) throws IOException {
        Part part = new Part(head, Messages.header(head));
        if (open.size() >= OPEN_MAX) {
            throw new IOException("more than " + OPEN_MAX + " transactions are open at a time");
        }
        if (open.putIfAbsent(head.getDatabase(), part) != null) {
            throw new IOException(
                    head.getDatabase() + ": a transaction begins before the one before it has come whole");
        }
        return part;
    }

    private void append(Part part, ByteString bytes) throws IOException {
        if (part.file == null && memory + bytes.size() <= MEMORY_BYTES) {
            part.bytes = part.bytes.concat(bytes);
            memory += bytes.size();
            return;
        }
        if (part.file == null) {
            part.file = spill(part);
        }
        write(part.file, bytes);
    }

    private FileChannel spill(Part part) throws IOException {
        Files.createDirectories(directory);
        Path path = directory.resolve("receive-" + FILES.incrementAndGet());
        FileChannel file = FileChannel.open(
                path,
                StandardOpenOption.CREATE,
                StandardOpenOption.TRUNCATE_EXISTING,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE);
        part.file = file;
        // Nobody finds it, and it is gone when the process is.
        Files.delete(path);
        write(file, part.bytes);
        memory -= part.bytes.size();
        part.bytes = ByteString.EMPTY;
        return file;
    }

    private static void write(FileChannel file, ByteString bytes) throws IOException {
        for (ByteBuffer buffer : bytes.asReadOnlyByteBufferList()) {
            while (buffer.hasRemaining()) {
                file.write(buffer);
            }
        }
    }

    private static void finish(Part part, Taker taker) throws IOException {
        taker.take(part.header, LtxForm.pages(part.header, part.head.getPages(), () -> read(part)));
    }

    private static InputStream read(Part part) throws IOException {
        FileChannel file = part.file;
        if (file == null) {
            return part.bytes.newInput();
        }
        file.position(0);
        InputStream unclosed = new java.io.FilterInputStream(Channels.newInputStream(file)) {
            @Override
            public void close() {
                // The pages may be asked for again.
            }
        };
        return new BufferedInputStream(unclosed, Messages.CHUNK_BYTES);
    }

    /** Forgets what has come of a database. */
    void discard(String database) {
        Part part = open.remove(database);
        if (part != null) {
            memory -= part.bytes.size();
            close(part);
        }
    }

    private static void close(Part part) {
        try {
            if (part.file != null) {
                part.file.close();
            }
        } catch (IOException e) {
            // It is gone with the process at the latest.
        }
    }

    /** Forgets everything. */
    @Override
    public void close() {
        open.values().forEach(Assembly::close);
        open.clear();
        memory = 0;
    }
}
