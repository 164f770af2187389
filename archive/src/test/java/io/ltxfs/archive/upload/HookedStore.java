package io.ltxfs.archive.upload;

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
import java.util.concurrent.atomic.AtomicLong;

/** A store of which a test may change the answers. */
final class HookedStore extends ForwardingStore {
    /** Called around every call. */
    interface Hook {
        /** Before the call reaches the store. */
        default void before(String call, String key) throws StoreException {}

        /** After it has done what it was asked. */
        default void after(String call, String key) throws StoreException {}
    }

    static final Hook NONE = new Hook() {};

    final AtomicLong calls = new AtomicLong();
    final AtomicLong lists = new AtomicLong();
    final AtomicLong puts = new AtomicLong();
    volatile Hook hook = NONE;

    HookedStore(ObjectStore store) {
        super(store);
    }

    static StoreException unavailable(boolean outcomeUnknown) {
        return new StoreException(StoreException.Kind.UNAVAILABLE, outcomeUnknown, "the store is away", null);
    }

    /** A call of the store. */
    private interface Call<T> {
        T run() throws StoreException;
    }

    private <T> T run(String call, String key, Call<T> action) throws StoreException {
        calls.incrementAndGet();
        Hook now = hook;
        now.before(call, key);
        T result = action.run();
        now.after(call, key);
        return result;
    }

    @Override
    public String put(String key, ObjectBody body, PutOptions options) throws StoreException {
        puts.incrementAndGet();
        return run("put", key, () -> inner.put(key, body, options));
    }

    @Override
    public ObjectInfo head(String key) throws StoreException {
        return run("head", key, () -> inner.head(key));
    }

    @Override
    public ObjectContent get(String key) throws StoreException {
        return run("get", key, () -> inner.get(key));
    }

    @Override
    public ObjectContent get(String key, long offset, long length) throws StoreException {
        return run("get", key, () -> inner.get(key, offset, length));
    }

    @Override
    public ListPage list(String prefix, String startAfter) throws StoreException {
        lists.incrementAndGet();
        return run("list", prefix, () -> inner.list(prefix, startAfter));
    }

    @Override
    public List<String> children(String prefix) throws StoreException {
        return run("children", prefix, () -> inner.children(prefix));
    }

    @Override
    public void delete(String key) throws StoreException {
        run("delete", key, () -> {
            inner.delete(key);
            return key;
        });
    }

    @Override
    public void deleteAll(Collection<String> keys) throws StoreException {
        run("delete", keys.toString(), () -> {
            inner.deleteAll(keys);
            return keys;
        });
    }

    @Override
    public void close() {}
}
