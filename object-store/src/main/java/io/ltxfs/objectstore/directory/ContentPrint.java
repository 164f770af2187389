package io.ltxfs.objectstore.directory;

import io.ltxfs.objectstore.ContentHash;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/**
 * What a content is recognised by without reading all of it: its hash if it is small, else the hash of its size, its
 * first and its last bytes. Files with a header and a checksum at their end, as LTX files have, differ there whenever
 * they differ at all.
 */
final class ContentPrint {
    /** Up to this size the print is the hash of the content, and so its ETag. */
    static final int WHOLE_BYTES_MAX = 64 << 10;

    private static final int END_BYTES = WHOLE_BYTES_MAX / 2;

    private ContentPrint() {}

    static boolean isWhole(long size) {
        return size <= WHOLE_BYTES_MAX;
    }

    static String of(FileChannel file, long size) throws IOException {
        ContentHash hash = new ContentHash();
        if (isWhole(size)) {
            hash.update(read(file, 0, (int) size));
        } else {
            hash.update(ByteBuffer.allocate(Long.BYTES).putLong(0, size));
            hash.update(read(file, 0, END_BYTES));
            hash.update(read(file, size - END_BYTES, END_BYTES));
        }
        return hash.finish();
    }

    /** The hash of the whole content. */
    static String whole(FileChannel file, long size) throws IOException {
        ContentHash hash = new ContentHash();
        for (long at = 0; at < size; ) {
            ByteBuffer bytes = read(file, at, (int) Math.min(1 << 20, size - at));
            at += bytes.remaining();
            hash.update(bytes);
        }
        return hash.finish();
    }

    private static ByteBuffer read(FileChannel file, long offset, int length) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(length);
        while (buffer.hasRemaining()) {
            if (file.read(buffer, offset + buffer.position()) < 0) {
                throw new EOFException("the file became shorter while it was read");
            }
        }
        return buffer.flip();
    }
}
