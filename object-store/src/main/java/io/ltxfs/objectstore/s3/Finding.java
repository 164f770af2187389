package io.ltxfs.objectstore.s3;

import io.ltxfs.objectstore.StoreException;
import io.ltxfs.objectstore.StoreException.Kind;

/**
 * What is wrong.
 *
 * @param maybeDone whether the request may have had its effect all the same
 * @param why in words that follow the object's name
 * @param next what to do
 */
record Finding(Kind kind, boolean maybeDone, String why, String next) {

    /** The request had no effect. */
    static Finding of(Kind kind, String why, String next) {
        return new Finding(kind, false, why, next);
    }

    /** The request may have had its effect. */
    static Finding maybeDone(Kind kind, String why, String next) {
        return new Finding(kind, true, why, next);
    }

    StoreException exception(S3Errors.Request request, Throwable cause) {
        return new StoreException(
                kind,
                maybeDone && request.action() == S3Errors.Action.WRITE,
                request.place() + ": " + why + "; " + next,
                cause);
    }
}
