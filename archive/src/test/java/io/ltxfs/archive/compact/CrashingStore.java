package io.ltxfs.archive.compact;

import io.ltxfs.objectstore.ForwardingStore;
import io.ltxfs.objectstore.ListPage;
import io.ltxfs.objectstore.ObjectBody;
import io.ltxfs.objectstore.ObjectContent;
import io.ltxfs.objectstore.ObjectInfo;
import io.ltxfs.objectstore.ObjectStore;
import io.ltxfs.objectstore.PutOptions;
import io.ltxfs.objectstore.StoreException;
import java.util.Collection;
import java.util.List;

/** Dies at one call, before it or after it, of a batch of deletes also in the middle, and answers nothing afterwards. */
final class CrashingStore extends ForwardingStore {
    private final long deadly;
    private final int moment;
    private long calls;

    /** The process is dead. */
    static final class Crash extends RuntimeException {
        private static final long serialVersionUID = 1;
    }

    /**
     * @param deadly which call is the last, 1 for the first; 0 for none
     * @param moment 0: before it; 1: after it; 2: in its middle
     */
    CrashingStore(ObjectStore store, long deadly, int moment) {
        super(store);
        this.deadly = deadly;
        this.moment = moment;
    }

    long calls() {
        return calls;
    }

    private void before() {
        calls++;
        if (deadly != 0 && (calls > deadly || calls == deadly && moment == 0)) {
            throw new Crash();
        }
    }

    private void after() {
        if (calls == deadly) {
            throw new Crash();
        }
    }

    @Override
    public String put(String key, ObjectBody body, PutOptions options) throws StoreException {
        before();
        String etag = inner.put(key, body, options);
        after();
        return etag;
    }

    @Override
    public ObjectInfo head(String key) throws StoreException {
        before();
        return inner.head(key);
    }

    @Override
    public ObjectContent get(String key) throws StoreException {
        before();
        return inner.get(key);
    }

    @Override
    public ObjectContent get(String key, long offset, long length) throws StoreException {
        before();
        return inner.get(key, offset, length);
    }

    @Override
    public ListPage list(String prefix, String startAfter) throws StoreException {
        before();
        return inner.list(prefix, startAfter);
    }

    @Override
    public List<String> children(String prefix) throws StoreException {
        before();
        return inner.children(prefix);
    }

    @Override
    public void delete(String key) throws StoreException {
        before();
        inner.delete(key);
        after();
    }

    @Override
    public void deleteAll(Collection<String> keys) throws StoreException {
        before();
        if (calls == deadly && moment == 2) {
            inner.deleteAll(List.copyOf(keys).subList(0, keys.size() / 2));
        } else {
            inner.deleteAll(keys);
        }
        after();
    }

    @Override
    public void close() {}
}
