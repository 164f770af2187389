package io.ltxfs.objectstore;

import java.io.IOException;
import java.io.InputStream;

/**
 * An object, or a range of it, being read.
 *
 * @param info the whole object, with its metadata
 * @param offset of the first byte that {@code stream} gives
 * @param length how many bytes it gives
 * @param stream the bytes; ends early only with an exception
 */
public record ObjectContent(ObjectInfo info, long offset, long length, InputStream stream) implements AutoCloseable {
    /** Reads what is left. */
    public byte[] readAll() throws IOException {
        return stream.readAllBytes();
    }

    @Override
    public void close() throws IOException {
        stream.close();
    }
}
