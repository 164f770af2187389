package io.ltxfs.objectstore;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/** A store that counts its calls and the bytes that go through it. */
public final class CountingStore extends ForwardingStore {

    /**
     * What one kind of call has come to.
     *
     * @param calls how many began
     * @param failures how many of them failed
     * @param bytes of objects: put, or read so far
     */
    public record Count(long calls, long failures, long bytes) {}

    private static final class Counter {
        final LongAdder calls = new LongAdder();
        final LongAdder failures = new LongAdder();
        final LongAdder bytes = new LongAdder();
    }

    private interface Call<T> {
        T run() throws StoreException;
    }

    private final Map<Operation, Counter> counters = new EnumMap<>(Operation.class);

    /** Counts what goes to a store. */
    public CountingStore(ObjectStore inner) {
        super(inner);
        for (Operation operation : Operation.values()) {
            counters.put(operation, new Counter());
        }
    }

    /** What a kind of call has come to. */
    public Count count(Operation operation) {
        Counter counter = counter(operation);
        return new Count(counter.calls.sum(), counter.failures.sum(), counter.bytes.sum());
    }

    /** All calls together. */
    public Count total() {
        long calls = 0;
        long failures = 0;
        long bytes = 0;
        for (Operation operation : Operation.values()) {
            Count count = count(operation);
            calls += count.calls();
            failures += count.failures();
            bytes += count.bytes();
        }
        return new Count(calls, failures, bytes);
    }

    private Counter counter(Operation operation) {
        Counter counter = counters.get(operation);
        if (counter == null) {
            throw new IllegalArgumentException("no such operation: " + operation);
        }
        return counter;
    }

    private <T> T counted(Operation operation, Call<T> call) throws StoreException {
        Counter counter = counter(operation);
        counter.calls.increment();
        boolean done = false;
        try {
            T result = call.run();
            done = true;
            return result;
        } finally {
            if (!done) {
                counter.failures.increment();
            }
        }
    }

    @Override
    public String put(String key, ObjectBody body, PutOptions options) throws StoreException {
        String etag = counted(Operation.PUT, () -> inner.put(key, body, options));
        counter(Operation.PUT).bytes.add(body.size());
        return etag;
    }

    @Override
    public ObjectInfo head(String key) throws StoreException {
        return counted(Operation.HEAD, () -> inner.head(key));
    }

    @Override
    public ObjectContent get(String key) throws StoreException {
        return counting(counted(Operation.GET, () -> inner.get(key)));
    }

    @Override
    public ObjectContent get(String key, long offset, long length) throws StoreException {
        return counting(counted(Operation.GET, () -> inner.get(key, offset, length)));
    }

    private ObjectContent counting(ObjectContent content) {
        LongAdder bytes = counter(Operation.GET).bytes;
        return new ObjectContent(
                content.info(), content.offset(), content.length(), new CountingStream(content.stream(), bytes));
    }

    @Override
    public ListPage list(String prefix, String startAfter) throws StoreException {
        return counted(Operation.LIST, () -> inner.list(prefix, startAfter));
    }

    @Override
    public List<String> children(String prefix) throws StoreException {
        return counted(Operation.CHILDREN, () -> inner.children(prefix));
    }

    @Override
    public void delete(String key) throws StoreException {
        counted(Operation.DELETE, () -> {
            inner.delete(key);
            return true;
        });
    }

    @Override
    public void deleteAll(Collection<String> keys) throws StoreException {
        counted(Operation.DELETE, () -> {
            inner.deleteAll(keys);
            return true;
        });
    }

    private static final class CountingStream extends FilterInputStream {
        private final LongAdder bytes;

        CountingStream(InputStream in, LongAdder bytes) {
            super(in);
            this.bytes = bytes;
        }

        @Override
        public int read() throws IOException {
            int value = in.read();
            bytes.add(value < 0 ? 0 : 1);
            return value;
        }

        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            int count = in.read(buffer, offset, length);
            bytes.add(Math.max(0, count));
            return count;
        }
    }
}
