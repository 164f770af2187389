package io.ltxfs.objectstore.fault;

import io.ltxfs.objectstore.Operation;
import io.ltxfs.objectstore.StoreException.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Faults by name: "the answer to the second put of {@code ltxfs.json} is lost". For use by many threads; may be changed
 * while the store is in use.
 */
public final class FaultScript implements FaultPlan {
    private static final class Line {
        final Operation operation;
        final Predicate<String> keys;
        final Fault fault;
        long skip;
        long times;

        Line(Operation operation, Predicate<String> keys, long skip, long times, Fault fault) {
            this.operation = operation;
            this.keys = keys;
            this.skip = skip;
            this.times = times;
            this.fault = fault;
        }
    }

    /** Guarded by itself. */
    private final List<Line> lines = new ArrayList<>();

    /** The n-th call from now, 1 or more, that fits has the fault. Of lists and {@code children} the key is the prefix. */
    public FaultScript nth(Operation operation, Predicate<String> keys, long n, Fault fault) {
        return add(new Line(operation, keys, n - 1, 1, fault));
    }

    /** The next call that fits has the fault. */
    public FaultScript next(Operation operation, String key, Fault fault) {
        return nth(operation, key::equals, 1, fault);
    }

    /** All calls that fit have the fault, until {@link #clear}. */
    public FaultScript always(Operation operation, Predicate<String> keys, Fault fault) {
        return add(new Line(operation, keys, 0, Long.MAX_VALUE, fault));
    }

    /** The store is away: every call is refused as unavailable, until {@link #clear}. */
    public FaultScript away() {
        for (Operation operation : Operation.values()) {
            always(operation, key -> true, new Fault.Refused(Kind.UNAVAILABLE));
        }
        return this;
    }

    /** From now on all goes well. */
    public void clear() {
        synchronized (lines) {
            lines.clear();
        }
    }

    private FaultScript add(Line line) {
        if (!line.fault.fits(line.operation)) {
            throw new IllegalArgumentException(line.fault + " cannot happen to " + line.operation);
        }
        synchronized (lines) {
            lines.add(line);
        }
        return this;
    }

    @Override
    public Optional<Fault> next(Operation operation, String key) {
        Optional<Fault> fault = Optional.empty();
        synchronized (lines) {
            for (Line line : List.copyOf(lines)) {
                if (line.operation != operation || !line.keys.test(key)) {
                    continue;
                }
                if (line.skip > 0) {
                    line.skip--;
                } else if (fault.isEmpty()) {
                    fault = Optional.of(line.fault);
                    line.times--;
                    if (line.times == 0) {
                        lines.remove(line);
                    }
                }
            }
        }
        return fault;
    }
}
