package io.ltxfs.objectstore.directory;

import io.ltxfs.objectstore.ContentHash;
import io.ltxfs.objectstore.ObjectBody;
import io.ltxfs.objectstore.StoreException;
import io.ltxfs.objectstore.StoreException.Kind;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;

/**
 * A content on its way into the store: a temporary file, durable, that only needs its name.
 *
 * @param file the temporary file
 * @param size in bytes
 * @param print what the content is recognised by
 * @param etag hash of the content
 * @param modified the file's time of modification
 */
record Staged(Path file, long size, String print, String etag, Instant modified) {
    private static final int BUFFER_BYTES = 256 << 10;

    /** Writes a body into a new file. */
    static Staged write(Path file, String object, ObjectBody body, Instant modified) throws IOException {
        boolean done = false;
        try (FileChannel channel = FileChannel.open(
                file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE, StandardOpenOption.READ)) {
            ContentHash hash = new ContentHash();
            long size = copy(object, body, channel, hash);
            String etag = hash.finish();
            String print = ContentPrint.isWhole(size) ? etag : ContentPrint.of(channel, size);
            Files.setLastModifiedTime(file, FileTime.from(modified));
            channel.force(true);
            done = true;
            return new Staged(file, size, print, etag, modified);
        } finally {
            if (!done) {
                Files.deleteIfExists(file);
            }
        }
    }

    private static long copy(String object, ObjectBody body, FileChannel to, ContentHash hash) throws IOException {
        byte[] bytes = new byte[(int) Math.max(1, Math.min(BUFFER_BYTES, body.size() + 1))];
        long size = 0;
        try (InputStream in = openSource(object, body)) {
            for (int length; size <= body.size() && (length = readSource(object, in, bytes)) > 0; ) {
                hash.update(bytes, 0, length);
                ByteBuffer buffer = ByteBuffer.wrap(bytes, 0, length);
                while (buffer.hasRemaining()) {
                    to.write(buffer);
                }
                size += length;
            }
        }
        if (size != body.size()) {
            throw new StoreException(
                    Kind.SOURCE, object + ": not " + body.size() + " bytes came, as announced; nothing was stored");
        }
        return size;
    }

    private static InputStream openSource(String object, ObjectBody body) throws StoreException {
        try {
            return body.open();
        } catch (IOException e) {
            throw sourceFailed(object, e);
        }
    }

    private static int readSource(String object, InputStream in, byte[] bytes) throws StoreException {
        try {
            return in.readNBytes(bytes, 0, bytes.length);
        } catch (IOException e) {
            throw sourceFailed(object, e);
        }
    }

    private static StoreException sourceFailed(String object, IOException e) {
        return new StoreException(
                Kind.SOURCE,
                object + ": the bytes to put cannot be read: " + DiskErrors.reason(e) + "; nothing was stored",
                e);
    }
}
