package io.ltxfs.lease;

/** What the {@link LeaseMachine} wants of the store. */
public sealed interface LeaseRequest {
    /** Read the object. */
    record Read() implements LeaseRequest {}

    /** Put it if there is none. */
    record Create(LeaseRecord record) implements LeaseRequest {}

    /** Put it if the one that is there has this ETag. */
    record Replace(String etag, LeaseRecord record) implements LeaseRequest {}
}
