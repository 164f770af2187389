package io.ltxfs.objectstore;

import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/** A store that is another store, for those that change some of its calls. */
public abstract class ForwardingStore implements ObjectStore {
    /** The store that does the work. */
    protected final ObjectStore inner;

    /** Closes the inner store with itself. */
    protected ForwardingStore(ObjectStore inner) {
        this.inner = inner;
    }

    @Override
    public String put(String key, ObjectBody body, PutOptions options) throws StoreException {
        return inner.put(key, body, options);
    }

    @Override
    public ObjectInfo head(String key) throws StoreException {
        return inner.head(key);
    }

    @Override
    public ObjectContent get(String key) throws StoreException {
        return inner.get(key);
    }

    @Override
    public ObjectContent get(String key, long offset, long length) throws StoreException {
        return inner.get(key, offset, length);
    }

    @Override
    public ListPage list(String prefix, String startAfter) throws StoreException {
        return inner.list(prefix, startAfter);
    }

    @Override
    public List<String> children(String prefix) throws StoreException {
        return inner.children(prefix);
    }

    @Override
    public void delete(String key) throws StoreException {
        inner.delete(key);
    }

    @Override
    public void deleteAll(Collection<String> keys) throws StoreException {
        inner.deleteAll(keys);
    }

    @Override
    public String describe() {
        return inner.describe();
    }

    @Override
    public String describe(String key) {
        return inner.describe(key);
    }

    @Override
    public boolean isLocal() {
        return inner.isLocal();
    }

    @Override
    public Optional<Path> directory() {
        return inner.directory();
    }

    @Override
    public void close() {
        inner.close();
    }
}
