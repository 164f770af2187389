package io.ltxfs.archive.plan;

import io.ltxfs.objectstore.ListPage;
import io.ltxfs.objectstore.ObjectBody;
import io.ltxfs.objectstore.ObjectContent;
import io.ltxfs.objectstore.ObjectInfo;
import io.ltxfs.objectstore.ObjectStore;
import io.ltxfs.objectstore.PutOptions;
import io.ltxfs.objectstore.StoreException;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** Another store whose requests are counted. Closing it leaves the other open. */
final class CountingStore implements ObjectStore {
    private final ObjectStore store;
    private final AtomicInteger requests = new AtomicInteger();

    CountingStore(ObjectStore store) {
        this.store = store;
    }

    int requests() {
        return requests.get();
    }

    @Override
    public String put(String key, ObjectBody body, PutOptions options) throws StoreException {
        requests.incrementAndGet();
        return store.put(key, body, options);
    }

    @Override
    public ObjectInfo head(String key) throws StoreException {
        requests.incrementAndGet();
        return store.head(key);
    }

    @Override
    public ObjectContent get(String key) throws StoreException {
        requests.incrementAndGet();
        return store.get(key);
    }

    @Override
    public ObjectContent get(String key, long offset, long length) throws StoreException {
        requests.incrementAndGet();
        return store.get(key, offset, length);
    }

    @Override
    public ListPage list(String prefix, String startAfter) throws StoreException {
        requests.incrementAndGet();
        return store.list(prefix, startAfter);
    }

    @Override
    public List<String> children(String prefix) throws StoreException {
        requests.incrementAndGet();
        return store.children(prefix);
    }

    @Override
    public void delete(String key) throws StoreException {
        requests.incrementAndGet();
        store.delete(key);
    }

    @Override
    public void deleteAll(Collection<String> keys) throws StoreException {
        requests.incrementAndGet();
        store.deleteAll(keys);
    }

    @Override
    public String describe() {
        return store.describe();
    }

    @Override
    public String describe(String key) {
        return store.describe(key);
    }

    @Override
    public boolean isLocal() {
        return store.isLocal();
    }

    @Override
    public void close() {
        // The other store is its owner's.
    }
}
