package io.ltxfs.objectstore.fault;

import io.ltxfs.objectstore.Operation;
import java.util.Optional;

/** Says what happens to each call. Is asked once for each, by many threads. */
public interface FaultPlan {
    /** What happens to a call; nothing if it goes well. */
    Optional<Fault> next(Operation operation, String key);

    /** No fault. */
    static FaultPlan none() {
        return (operation, key) -> Optional.empty();
    }

    /** The first plan that has a fault for a call counts; all of them are asked. */
    default FaultPlan or(FaultPlan other) {
        return (operation, key) -> {
            Optional<Fault> mine = next(operation, key);
            Optional<Fault> theirs = other.next(operation, key);
            return mine.isPresent() ? mine : theirs;
        };
    }
}
