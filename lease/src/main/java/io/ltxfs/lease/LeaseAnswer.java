package io.ltxfs.lease;

/** What became of a {@link LeaseRequest}. */
public sealed interface LeaseAnswer {
    /** Read: the object. */
    record Found(String etag, LeaseRecord record) implements LeaseAnswer {}

    /** Read or replace: there is no object. */
    record Missing() implements LeaseAnswer {}

    /** Create or replace: done. */
    record Stored(String etag) implements LeaseAnswer {}

    /** Create or replace: the condition does not hold (S3: 412). */
    record Refused() implements LeaseAnswer {}

    /** Nothing was done, and the same request may be made again (S3: 409; the request was never sent). */
    record NotDone(String why) implements LeaseAnswer {}

    /** It may have been done or not: no answer, or a failure of the store. */
    record Unknown(String why) implements LeaseAnswer {}
}
