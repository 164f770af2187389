package io.ltxfs.objectstore.fault;

import io.ltxfs.objectstore.Operation;
import io.ltxfs.objectstore.StoreException.Kind;

/** What happens to one call of a {@link FaultyStore}. */
public sealed interface Fault {

    /** Whether it can happen to that call. */
    boolean fits(Operation operation);

    /** The call takes longer. */
    record Slow(long millis) implements Fault {
        @Override
        public boolean fits(Operation operation) {
            return true;
        }
    }

    /** The call is refused before it does anything: {@link Kind#UNAVAILABLE} for 503, {@link Kind#DENIED} and so on. */
    record Refused(Kind kind) implements Fault {
        @Override
        public boolean fits(Operation operation) {
            return true;
        }
    }

    /** A put meets another one that is under way (409): nothing is stored. */
    record Conflict() implements Fault {
        @Override
        public boolean fits(Operation operation) {
            return operation == Operation.PUT;
        }
    }

    /** The request is lost on its way: nothing is done, and the caller cannot know. */
    record LostRequest() implements Fault {
        @Override
        public boolean fits(Operation operation) {
            return operation == Operation.PUT || operation == Operation.DELETE;
        }
    }

    /** The answer is lost on its way: all is done, and the caller cannot know. */
    record LostAnswer() implements Fault {
        @Override
        public boolean fits(Operation operation) {
            return operation == Operation.PUT || operation == Operation.DELETE;
        }
    }

    /**
     * The request reaches the store after the caller has given it up: it is done when {@link FaultyStore#land} is called,
     * on its condition.
     */
    record Late() implements Fault {
        @Override
        public boolean fits(Operation operation) {
            return operation == Operation.PUT || operation == Operation.DELETE;
        }
    }

    /** Something between us and the store sends a put twice: it is done, and answered with 412. */
    record SentTwice() implements Fault {
        @Override
        public boolean fits(Operation operation) {
            return operation == Operation.PUT;
        }
    }

    /** Of many objects the first half is deleted; then it fails. */
    record HalfDeleted() implements Fault {
        @Override
        public boolean fits(Operation operation) {
            return operation == Operation.DELETE;
        }
    }

    /** Reading the object's bytes fails after some of them. */
    record BrokenRead(long afterBytes) implements Fault {
        @Override
        public boolean fits(Operation operation) {
            return operation == Operation.GET;
        }
    }

    /** A page of a list has fewer objects than it could have. A store may do so at any time. */
    record ShortPage(int objects) implements Fault {
        @Override
        public boolean fits(Operation operation) {
            return operation == Operation.LIST;
        }
    }

    /** A list fails, but not at its first page. */
    record TornList() implements Fault {
        @Override
        public boolean fits(Operation operation) {
            return operation == Operation.LIST;
        }
    }
}
