package io.ltxfs.archive.upload;

import io.ltxfs.objectstore.ObjectBody;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Where objects wait while they are made: small ones in memory, larger ones in files below the data directory, which are
 * removed when they are closed, and at the next start. For use by many threads at once.
 */
public final class Spool {
    /** Below the data directory. */
    public static final String DIRECTORY = "archive-spool";

    static final int MEMORY_BYTES = 1 << 20;
    private static final int FILE_BUFFER_BYTES = 1 << 16;

    private final Path directory;
    private final AtomicLong next = new AtomicLong();

    /** Empties the spool of a data directory that nobody else uses. */
    public Spool(Path dataDirectory) throws IOException {
        this.directory = Files.createDirectories(dataDirectory.resolve(DIRECTORY));
        try (DirectoryStream<Path> left = Files.newDirectoryStream(directory)) {
            for (Path file : left) {
                Files.deleteIfExists(file);
            }
        }
    }

    /** A new, empty object. */
    public Item create() {
        return new Item();
    }

    /** An object that is being made, then put. Not for use by several threads at once. */
    public final class Item extends OutputStream {
        private final Memory memory = new Memory();
        private @Nullable Path file;
        private @Nullable OutputStream out;

        private Item() {}

        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int from, int length) throws IOException {
            if (memory.size() + length > MEMORY_BYTES) {
                spill();
            }
            if (out != null) {
                out.write(bytes, from, length);
            } else {
                memory.write(bytes, from, length);
            }
        }

        /** Takes what is in memory to a file. */
        void spill() throws IOException {
            if (out == null) {
                Path to = directory.resolve(Long.toString(next.incrementAndGet()));
                file = to;
                OutputStream opened = new BufferedOutputStream(
                        Files.newOutputStream(to, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                        FILE_BUFFER_BYTES);
                out = opened;
                memory.writeTo(opened);
                memory.clear();
            }
        }

        @Override
        public void flush() throws IOException {
            if (out != null) {
                out.flush();
            }
        }

        /** What was written until now. Nothing more may be written. */
        public ObjectBody body() throws IOException {
            flush();
            return file != null ? ObjectBody.of(file) : memory.body();
        }

        /** Gives up what it takes. */
        @Override
        public void close() throws IOException {
            memory.clear();
            if (out != null) {
                out.close();
            }
            if (file != null) {
                Files.deleteIfExists(file);
            }
        }
    }

    /** Bytes in memory that are given away without a copy. */
    private static final class Memory extends ByteArrayOutputStream {
        ObjectBody body() {
            return ObjectBody.of(buf, 0, count);
        }

        void clear() {
            buf = new byte[0];
            count = 0;
        }
    }
}
