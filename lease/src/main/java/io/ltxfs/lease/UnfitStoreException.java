package io.ltxfs.lease;

/** A store does not do what a lease needs. The message says what, and what to do. */
public final class UnfitStoreException extends Exception {
    private static final long serialVersionUID = 1;

    UnfitStoreException(String message) {
        super(message);
    }
}
