package io.ltxfs.objectstore;

import java.io.IOException;

/** A store did not do what it was asked. The message names the object or store, says why, and what to do next. */
public final class StoreException extends IOException {
    private static final long serialVersionUID = 1;

    /** What went wrong. */
    public enum Kind {
        /** There is no such object. */
        NOT_FOUND,
        /** The object ends before the range begins. */
        RANGE,
        /** The condition of a put does not hold (S3: 412). */
        PRECONDITION_FAILED,
        /**
         * Another conditional put of the same key was under way, and nothing was stored (S3: 409); or the object was
         * replaced while it was read.
         */
        CONFLICT,
        /** There is no such bucket or directory. */
        NO_STORE,
        /** Credentials are missing, wrong or expired. */
        CREDENTIALS,
        /** Credentials are right, and not allowed to do this; or the store is read-only. */
        DENIED,
        /** This machine's clock is too far from the store's. */
        CLOCK_SKEW,
        /** The bytes to put cannot be read, or are not as many as announced; nothing is wrong with the store. */
        SOURCE,
        /** The store or its disk is full. */
        FULL,
        /** The store cannot be reached, is overloaded, timed out or failed: the same call may succeed later. */
        UNAVAILABLE,
        /** The store answered with something that it must not. */
        PROTOCOL
    }

    private final Kind kind;
    private final boolean outcomeUnknown;

    /**
     * A failure.
     *
     * @param outcomeUnknown whether a put or delete may have been done all the same
     */
    public StoreException(Kind kind, boolean outcomeUnknown, String message, Throwable cause) {
        super(message, cause);
        this.kind = kind;
        this.outcomeUnknown = outcomeUnknown;
    }

    /** A failure that left everything as it was. */
    public StoreException(Kind kind, String message) {
        super(message);
        this.kind = kind;
        this.outcomeUnknown = false;
    }

    /** A failure with a cause that left everything as it was. */
    public StoreException(Kind kind, String message, Throwable cause) {
        this(kind, false, message, cause);
    }

    /** Is always there. */
    @Override
    public String getMessage() {
        return String.valueOf(super.getMessage());
    }

    /** What went wrong. */
    public Kind kind() {
        return kind;
    }

    /** Whether a put or delete may have been done all the same. */
    public boolean outcomeUnknown() {
        return outcomeUnknown;
    }

    /** Whether the same call may succeed when nobody has changed anything but time has passed. */
    public boolean mayPass() {
        return kind == Kind.UNAVAILABLE || kind == Kind.CONFLICT || kind == Kind.FULL;
    }
}
