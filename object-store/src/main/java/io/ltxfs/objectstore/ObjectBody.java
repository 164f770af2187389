package io.ltxfs.objectstore;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** The bytes of an object to put. Can be read more than once. */
public interface ObjectBody {
    /** How many bytes. */
    long size();

    /** Opens them from the first one. */
    InputStream open() throws IOException;

    /** Bytes in memory. */
    static ObjectBody of(byte[] bytes) {
        return of(bytes, 0, bytes.length);
    }

    /** Some bytes of an array. */
    static ObjectBody of(byte[] bytes, int offset, int length) {
        return new ObjectBody() {
            @Override
            public long size() {
                return length;
            }

            @Override
            public InputStream open() {
                return new ByteArrayInputStream(bytes, offset, length);
            }
        };
    }

    /** A file that does not change meanwhile. */
    static ObjectBody of(Path file) throws IOException {
        long size = Files.size(file);
        return new ObjectBody() {
            @Override
            public long size() {
                return size;
            }

            @Override
            public InputStream open() throws IOException {
                return Files.newInputStream(file);
            }
        };
    }
}
