package io.ltxfs.objectstore.retry;

import io.ltxfs.objectstore.ObjectContent;
import io.ltxfs.objectstore.ObjectInfo;
import io.ltxfs.objectstore.StoreException;
import io.ltxfs.objectstore.StoreException.Kind;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;

/**
 * The bytes of an object over as many connections as it takes. Every byte that comes renews the tries; their time begins
 * with a failure, as a connection that hangs may need long to fail.
 */
final class ResumingStream extends InputStream {
    private final RetryingStore store;
    private final String key;
    private final ObjectInfo info;
    private final long end;
    private InputStream in;
    private long position;
    private boolean closed;

    ResumingStream(RetryingStore store, String key, ObjectContent content) {
        this.store = store;
        this.key = key;
        this.info = content.info();
        this.in = content.stream();
        this.position = content.offset();
        this.end = content.offset() + content.length();
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
        if (closed) {
            throw new IOException(store.describe(key) + ": is closed");
        }
        if (length == 0) {
            return 0;
        }
        if (position == end) {
            return -1;
        }
        Retries retries = null;
        boolean open = true;
        while (true) {
            try {
                if (!open) {
                    in = store.rest(key, info, position, end - position).stream();
                    open = true;
                }
                int count = in.read(bytes, offset, (int) Math.min(length, end - position));
                if (count < 0) {
                    throw new EOFException();
                }
                position += count;
                return count;
            } catch (IOException e) {
                StoreException failure = store.broken(key, e);
                if (open) {
                    open = false;
                    closeQuietly();
                }
                if (failure.kind() == Kind.CONFLICT) {
                    throw failure;
                }
                if (retries == null) {
                    retries = store.retries();
                }
                retries.next(failure);
            }
        }
    }

    private void closeQuietly() {
        try {
            in.close();
        } catch (IOException e) {
            // It has failed already.
        }
    }

    @Override
    public int available() throws IOException {
        return in.available();
    }

    @Override
    public void close() throws IOException {
        closed = true;
        in.close();
    }
}
