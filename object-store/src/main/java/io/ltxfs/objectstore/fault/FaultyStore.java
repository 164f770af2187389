package io.ltxfs.objectstore.fault;

import io.ltxfs.objectstore.ForwardingStore;
import io.ltxfs.objectstore.ListPage;
import io.ltxfs.objectstore.MonotonicClock;
import io.ltxfs.objectstore.ObjectBody;
import io.ltxfs.objectstore.ObjectContent;
import io.ltxfs.objectstore.ObjectInfo;
import io.ltxfs.objectstore.ObjectStore;
import io.ltxfs.objectstore.Operation;
import io.ltxfs.objectstore.PutOptions;
import io.ltxfs.objectstore.StoreException;
import io.ltxfs.objectstore.StoreException.Kind;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.List;
import java.util.Queue;

/**
 * A store to which happens what happens to stores: requests and answers are lost, come late or twice, are refused, or
 * break in the middle. It stays consistent: what it answers is true, as far as it answers.
 */
public final class FaultyStore extends ForwardingStore {

    private interface Call<T> {
        T run() throws StoreException;
    }

    private final FaultPlan plan;
    private final MonotonicClock clock;
    /** Requests that are still on their way; guarded by itself. */
    private final Queue<Call<?>> late = new ArrayDeque<>();

    /** A store with faults. */
    public FaultyStore(ObjectStore inner, FaultPlan plan, MonotonicClock clock) {
        super(inner);
        this.plan = plan;
        this.clock = clock;
    }

    /**
     * Lets the requests arrive that were {@link Fault.Late}, in their order. What the store answers then, nobody hears.
     *
     * @return how many were done
     */
    public int land() {
        int done = 0;
        while (true) {
            Call<?> call;
            synchronized (late) {
                call = late.poll();
            }
            if (call == null) {
                return done;
            }
            try {
                call.run();
                done++;
            } catch (StoreException e) {
                // Its condition does not hold any more.
            }
        }
    }

    @Override
    public String put(String key, ObjectBody body, PutOptions options) throws StoreException {
        Fault fault = fault(Operation.PUT, key);
        return written(fault, describe(key), () -> inner.put(key, body, options));
    }

    @Override
    public ObjectInfo head(String key) throws StoreException {
        fault(Operation.HEAD, key);
        return inner.head(key);
    }

    @Override
    public ObjectContent get(String key) throws StoreException {
        Fault fault = fault(Operation.GET, key);
        return broken(fault, inner.get(key));
    }

    @Override
    public ObjectContent get(String key, long offset, long length) throws StoreException {
        Fault fault = fault(Operation.GET, key);
        return broken(fault, inner.get(key, offset, length));
    }

    private ObjectContent broken(Fault fault, ObjectContent content) {
        if (!(fault instanceof Fault.BrokenRead read)) {
            return content;
        }
        InputStream stream = new BreakingStream(
                content.stream(), read.afterBytes(), describe(content.info().key()));
        return new ObjectContent(content.info(), content.offset(), content.length(), stream);
    }

    @Override
    public ListPage list(String prefix, String startAfter) throws StoreException {
        Fault fault = fault(Operation.LIST, prefix);
        if (fault instanceof Fault.TornList && !startAfter.isEmpty()) {
            throw refused(Kind.UNAVAILABLE, describe(prefix));
        }
        ListPage page = inner.list(prefix, startAfter);
        if (fault instanceof Fault.ShortPage cut
                && cut.objects() < page.objects().size()) {
            return new ListPage(page.objects().subList(0, cut.objects()), true);
        }
        return page;
    }

    @Override
    public List<String> children(String prefix) throws StoreException {
        fault(Operation.CHILDREN, prefix);
        return inner.children(prefix);
    }

    @Override
    public void delete(String key) throws StoreException {
        Fault fault = fault(Operation.DELETE, key);
        written(fault, describe(key), () -> {
            inner.delete(key);
            return true;
        });
    }

    @Override
    public void deleteAll(Collection<String> keys) throws StoreException {
        String first = keys.isEmpty() ? "" : keys.iterator().next();
        Fault fault = fault(Operation.DELETE, first);
        List<String> some = List.copyOf(keys);
        if (fault instanceof Fault.HalfDeleted) {
            inner.deleteAll(some.subList(0, some.size() / 2));
            throw unknown(describe(first));
        }
        written(fault, describe(first), () -> {
            inner.deleteAll(some);
            return true;
        });
    }

    /** Looks up what happens to a call, and lets happen what comes before it. */
    private Fault fault(Operation operation, String key) throws StoreException {
        Fault fault = plan.next(operation, key).orElse(new Fault.Slow(0));
        if (fault instanceof Fault.Slow slow && slow.millis() > 0) {
            try {
                clock.sleep(slow.millis());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new StoreException(Kind.UNAVAILABLE, describe(key) + ": interrupted", e);
            }
        }
        if (fault instanceof Fault.Refused refused) {
            throw refused(refused.kind(), describe(key));
        }
        return fault;
    }

    private <T> T written(Fault fault, String what, Call<T> call) throws StoreException {
        if (fault instanceof Fault.Conflict) {
            throw new StoreException(Kind.CONFLICT, what + ": another request was under way; try again");
        }
        if (fault instanceof Fault.LostRequest) {
            throw unknown(what);
        }
        if (fault instanceof Fault.Late) {
            synchronized (late) {
                late.add(call);
            }
            throw unknown(what);
        }
        T result = call.run();
        if (fault instanceof Fault.LostAnswer) {
            throw unknown(what);
        }
        if (fault instanceof Fault.SentTwice) {
            throw new StoreException(Kind.PRECONDITION_FAILED, what + ": is there already");
        }
        return result;
    }

    private static StoreException refused(Kind kind, String what) {
        return new StoreException(kind, what + ": refused by a fault; try again");
    }

    private static StoreException unknown(String what) {
        IOException cause = new IOException("connection reset by a fault");
        return new StoreException(
                Kind.UNAVAILABLE, true, what + ": the connection broke before the answer came; try again", cause);
    }
}
