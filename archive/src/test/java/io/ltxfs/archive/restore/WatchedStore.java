package io.ltxfs.archive.restore;

import io.ltxfs.objectstore.ForwardingStore;
import io.ltxfs.objectstore.ObjectContent;
import io.ltxfs.objectstore.ObjectStore;
import io.ltxfs.objectstore.StoreException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicLong;

/** A store whose reads are counted, and can be made to fail. */
final class WatchedStore extends ForwardingStore {
    /** Is asked before each range is read. */
    interface Watch {
        /** How many bytes of it come before the connection breaks; -1: all of them. */
        long before(String key, long offset, long length) throws StoreException;
    }

    static final Watch NOTHING = (key, offset, length) -> -1;

    private final AtomicLong bytes = new AtomicLong();
    private volatile Watch watch = NOTHING;

    WatchedStore(ObjectStore store) {
        super(store);
    }

    void watch(Watch newWatch) {
        watch = newWatch;
    }

    /** Bytes of ranges that were opened since the last call. */
    long bytes() {
        return bytes.getAndSet(0);
    }

    @Override
    public ObjectContent get(String key, long offset, long length) throws StoreException {
        long breaks = watch.before(key, offset, length);
        ObjectContent content = inner.get(key, offset, length);
        bytes.addAndGet(content.length());
        if (breaks < 0) {
            return content;
        }
        return new ObjectContent(
                content.info(), content.offset(), content.length(), new FilterInputStream(content.stream()) {
                    private long left = breaks;

                    @Override
                    public int read() throws IOException {
                        throw new UnsupportedOperationException();
                    }

                    @Override
                    public int read(byte[] to, int at, int count) throws IOException {
                        if (left == 0) {
                            throw new IOException("connection reset");
                        }
                        int got = super.read(to, at, (int) Math.min(count, left));
                        left -= Math.max(got, 0);
                        return got;
                    }
                });
    }
}
