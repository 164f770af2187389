package io.ltxfs.archive.compact;

import io.ltxfs.objectstore.ObjectContent;
import io.ltxfs.objectstore.ObjectInfo;
import io.ltxfs.objectstore.ObjectStore;
import io.ltxfs.objectstore.StoreException;
import java.io.IOException;
import java.io.InputStream;

/**
 * An object from its first byte. A connection that breaks is opened again where it broke, some times: a merge reads its
 * inputs slowly, and stores close connections that are idle.
 */
final class ResumingStream extends InputStream {
    private static final int REOPENED_MAX = 5;

    private final ObjectStore store;
    private final String key;
    private final ObjectInfo info;
    private InputStream in;
    private long offset;
    private int reopened;

    ResumingStream(ObjectStore store, String key) throws IOException {
        ObjectContent content = store.get(key);
        this.store = store;
        this.key = key;
        this.info = content.info();
        this.in = content.stream();
    }

    ObjectInfo info() {
        return info;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] bytes, int from, int length) throws IOException {
        while (true) {
            try {
                int read = in.read(bytes, from, length);
                if (read > 0) {
                    offset += read;
                }
                return read;
            } catch (IOException e) {
                reopen(e);
            }
        }
    }

    private void reopen(IOException cause) throws IOException {
        if (reopened++ == REOPENED_MAX || offset >= info.size()) {
            throw cause;
        }
        in.close();
        ObjectContent content = store.get(key, offset, info.size() - offset);
        in = content.stream();
        if (content.info().size() != info.size() || !content.info().etag().equals(info.etag())) {
            throw new StoreException(
                    StoreException.Kind.PROTOCOL,
                    store.describe(key) + ": it changed while it was read; objects of an archive never change");
        }
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
