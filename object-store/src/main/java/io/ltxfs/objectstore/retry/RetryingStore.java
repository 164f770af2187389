package io.ltxfs.objectstore.retry;

import io.ltxfs.objectstore.ForwardingStore;
import io.ltxfs.objectstore.ListPage;
import io.ltxfs.objectstore.MonotonicClock;
import io.ltxfs.objectstore.ObjectBody;
import io.ltxfs.objectstore.ObjectContent;
import io.ltxfs.objectstore.ObjectInfo;
import io.ltxfs.objectstore.ObjectStore;
import io.ltxfs.objectstore.PutOptions;
import io.ltxfs.objectstore.PutOptions.Condition;
import io.ltxfs.objectstore.StoreException;
import io.ltxfs.objectstore.StoreException.Kind;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Random;
import java.util.random.RandomGenerator;

/**
 * A store that tries again what may pass.
 *
 * <p>A conditional put that is sent twice can fail by its own success: the answer to the first one was lost, and the
 * second one finds the object there. So after a try of unknown outcome the object is read back before anything is sent
 * again, and it is ours if bytes and metadata are; then the put has succeeded. Who must tell his own put from an equal
 * one of somebody else puts something into it that nobody else has. If it is neither ours nor what the condition asks
 * for, the put fails with {@link Kind#PRECONDITION_FAILED}, and {@link StoreException#outcomeUnknown} is set: ours may
 * have been there in between.
 *
 * <p>A put that is still on its way when it is given up can be done later. Readers of a history must be able to tell by
 * what is in an object that it came too late.
 *
 * <p>A stream that breaks is opened again where it broke. If the object is another one by then, the stream fails with
 * {@link Kind#CONFLICT}.
 */
public final class RetryingStore extends ForwardingStore {
    private static final int COMPARE_BYTES = 64 << 10;

    interface Call<T> {
        T run() throws StoreException;
    }

    private final RetryPolicy policy;
    private final MonotonicClock clock;
    private final RandomGenerator random;

    /** A store that tries again by the machine's clock. */
    public RetryingStore(ObjectStore inner, RetryPolicy policy) {
        this(inner, policy, MonotonicClock.system(), new Random());
    }

    /**
     * A store that tries again.
     *
     * @param random for the length of pauses; for use by many threads
     */
    public RetryingStore(ObjectStore inner, RetryPolicy policy, MonotonicClock clock, RandomGenerator random) {
        super(inner);
        this.policy = policy;
        this.clock = clock;
        this.random = random;
    }

    Retries retries() {
        return new Retries(policy, clock, random);
    }

    private <T> T retried(Call<T> call) throws StoreException {
        Retries retries = retries();
        while (true) {
            try {
                return call.run();
            } catch (StoreException e) {
                retries.next(e);
            }
        }
    }

    // ------------------------------------------------------------------------------------------------ put

    @Override
    public String put(String key, ObjectBody body, PutOptions options) throws StoreException {
        if (options.condition() instanceof Condition.Always) {
            return retried(() -> inner.put(key, body, options));
        }
        Retries retries = retries();
        while (true) {
            try {
                if (retries.outcomeUnknown()) {
                    ReadBack readBack = readBack(key, body, options);
                    if (readBack.state == State.OURS) {
                        return readBack.etag;
                    }
                    if (readBack.state == State.FOREIGN) {
                        throw new StoreException(
                                Kind.PRECONDITION_FAILED, describe(key) + ": has been changed by somebody else");
                    }
                }
                return inner.put(key, body, options);
            } catch (StoreException e) {
                if (e.kind() == Kind.PRECONDITION_FAILED && retries.outcomeUnknown()) {
                    // Ours may have arrived after it was looked for.
                    ReadBack readBack = retried(() -> readBack(key, body, options));
                    if (readBack.state == State.OURS) {
                        return readBack.etag;
                    }
                }
                retries.next(e);
            }
        }
    }

    private enum State {
        /** The object is as it was before the put. */
        UNTOUCHED,
        OURS,
        FOREIGN
    }

    private record ReadBack(State state, String etag) {}

    private ReadBack readBack(String key, ObjectBody body, PutOptions options) throws StoreException {
        ObjectInfo info;
        try {
            info = inner.head(key);
        } catch (StoreException e) {
            if (e.kind() == Kind.NOT_FOUND) {
                boolean untouched = options.condition() instanceof Condition.Absent;
                return new ReadBack(untouched ? State.UNTOUCHED : State.FOREIGN, "");
            }
            throw e;
        }
        if (info.size() == body.size() && info.metadata().equals(options.metadata())) {
            String etag = etagIfEqual(key, body);
            if (!etag.isEmpty()) {
                return new ReadBack(State.OURS, etag);
            }
        }
        boolean untouched = options.condition() instanceof Condition.Matches matches
                && matches.etag().equals(info.etag());
        return new ReadBack(untouched ? State.UNTOUCHED : State.FOREIGN, info.etag());
    }

    /** The ETag of the object if it has these bytes, else nothing. */
    private String etagIfEqual(String key, ObjectBody body) throws StoreException {
        try (ObjectContent content = inner.get(key)) {
            try (InputStream theirs = content.stream();
                    InputStream ours = body.open()) {
                byte[] a = new byte[COMPARE_BYTES];
                byte[] b = new byte[COMPARE_BYTES];
                while (true) {
                    int length = ours.readNBytes(a, 0, a.length);
                    int other = theirs.readNBytes(b, 0, b.length);
                    if (!Arrays.equals(a, 0, length, b, 0, other)) {
                        return "";
                    }
                    if (length == 0) {
                        return content.info().etag();
                    }
                }
            }
        } catch (StoreException e) {
            if (e.kind() == Kind.NOT_FOUND) {
                return "";
            }
            throw e;
        } catch (IOException e) {
            throw broken(key, e);
        }
    }

    // ------------------------------------------------------------------------------------------------ read

    @Override
    public ObjectInfo head(String key) throws StoreException {
        return retried(() -> inner.head(key));
    }

    @Override
    public ObjectContent get(String key) throws StoreException {
        return resuming(key, retried(() -> inner.get(key)));
    }

    @Override
    public ObjectContent get(String key, long offset, long length) throws StoreException {
        return resuming(key, retried(() -> inner.get(key, offset, length)));
    }

    private ObjectContent resuming(String key, ObjectContent content) {
        return new ObjectContent(
                content.info(), content.offset(), content.length(), new ResumingStream(this, key, content));
    }

    /** Opens the rest of an object that is being read. */
    ObjectContent rest(String key, ObjectInfo expected, long offset, long length) throws StoreException {
        ObjectContent content;
        try {
            content = inner.get(key, offset, length);
        } catch (StoreException e) {
            throw e.kind() == Kind.RANGE ? replaced(key, e) : e;
        }
        ObjectInfo info = content.info();
        if (info.etag().equals(expected.etag()) && info.size() == expected.size() && content.offset() == offset) {
            return content;
        }
        try {
            content.close();
        } catch (IOException e) {
            // It is of no use anyway.
        }
        throw replaced(key, new IOException("its ETag was " + expected.etag() + " and is " + info.etag()));
    }

    private StoreException replaced(String key, IOException cause) {
        return new StoreException(
                Kind.CONFLICT,
                describe(key) + ": was replaced while it was read; read it again from its beginning",
                cause);
    }

    /** The failure of a stream as one of a store. */
    StoreException broken(String key, IOException e) {
        if (e instanceof StoreException known) {
            return known;
        }
        String why = e instanceof EOFException ? "ended early" : String.valueOf(e.getMessage());
        return new StoreException(Kind.UNAVAILABLE, describe(key) + ": reading it failed: " + why + "; try again", e);
    }

    // ------------------------------------------------------------------------------------------------ the rest

    @Override
    public ListPage list(String prefix, String startAfter) throws StoreException {
        return retried(() -> inner.list(prefix, startAfter));
    }

    @Override
    public List<String> children(String prefix) throws StoreException {
        return retried(() -> inner.children(prefix));
    }

    @Override
    public void delete(String key) throws StoreException {
        retried(() -> {
            inner.delete(key);
            return true;
        });
    }

    @Override
    public void deleteAll(Collection<String> keys) throws StoreException {
        retried(() -> {
            inner.deleteAll(keys);
            return true;
        });
    }
}
