package io.ltxfs.lease;

import io.ltxfs.objectstore.ObjectBody;
import io.ltxfs.objectstore.ObjectContent;
import io.ltxfs.objectstore.ObjectStore;
import io.ltxfs.objectstore.PutOptions;
import io.ltxfs.objectstore.StoreException;
import java.io.IOException;
import java.util.Optional;

/** The lease object in a store: the requests of a {@link LeaseMachine} carried out on it. */
public final class LeaseObject {
    /** Its key, below the place that {@code lease.url} names. */
    public static final String KEY = "ltxfs-lease.json";

    private static final int BYTES_MAX = 64 * 1024;

    private final ObjectStore store;

    /** The lease object of a store whose own retries are off: they would turn a put that was done into a refusal. */
    public LeaseObject(ObjectStore store) {
        this.store = store;
    }

    /** Carries a request out, and waits for its answer. */
    public LeaseAnswer ask(LeaseRequest request) {
        try {
            if (request instanceof LeaseRequest.Create create) {
                return new LeaseAnswer.Stored(store.put(KEY, body(create.record()), PutOptions.create()));
            }
            if (request instanceof LeaseRequest.Replace replace) {
                return new LeaseAnswer.Stored(
                        store.put(KEY, body(replace.record()), PutOptions.ifMatch(replace.etag())));
            }
            Lease.Seen seen = read();
            return new LeaseAnswer.Found(seen.etag(), seen.record());
        } catch (StoreException e) {
            return answer(e);
        } catch (IOException e) {
            return new LeaseAnswer.Unknown(String.valueOf(e.getMessage()));
        }
    }

    private static LeaseAnswer answer(StoreException e) {
        return switch (e.kind()) {
            case NOT_FOUND -> new LeaseAnswer.Missing();
            case PRECONDITION_FAILED -> new LeaseAnswer.Refused();
            default ->
                e.outcomeUnknown()
                        ? new LeaseAnswer.Unknown(String.valueOf(e.getMessage()))
                        : new LeaseAnswer.NotDone(String.valueOf(e.getMessage()));
        };
    }

    /**
     * Reads what the object says.
     *
     * @throws StoreException {@link StoreException.Kind#NOT_FOUND} if there is none
     * @throws IOException if it cannot be read, is damaged, or of a newer format
     */
    public Lease.Seen read() throws IOException {
        try (ObjectContent content = store.get(KEY)) {
            if (content.length() > BYTES_MAX) {
                throw new IOException(store.describe(KEY) + ": " + content.length() + " bytes are no lease");
            }
            byte[] bytes = content.readAll();
            return new Lease.Seen(
                    LeaseJson.read(bytes, store.describe(KEY)), content.info().etag());
        }
    }

    /** The object as people write it. */
    public String describe() {
        return store.describe(KEY);
    }

    /** Whether there is an object that cannot be read as a lease, also one of a newer format. */
    public boolean isDamaged() {
        return etagOfDamaged().isPresent();
    }

    /** The ETag of an object that cannot be read as a lease; empty if there is none, or it can be read, or nobody knows. */
    public Optional<String> etagOfDamaged() {
        try {
            String etag = store.head(KEY).etag();
            try {
                read();
                return Optional.empty();
            } catch (StoreException e) {
                return Optional.empty();
            } catch (IOException e) {
                return Optional.of(etag);
            }
        } catch (StoreException e) {
            return Optional.empty();
        }
    }

    private static ObjectBody body(LeaseRecord record) {
        return ObjectBody.of(LeaseJson.write(record));
    }
}
