package io.ltxfs.archive.verify;

/** Is told how far a check is; called on several threads. */
@FunctionalInterface
public interface VerifyProgress {
    /** Tells nobody. */
    VerifyProgress NONE = (objects, objectsAll, bytes, bytesAll) -> {};

    /** So many objects, and bytes of what is read whole, are done of so many. */
    void at(int objects, int objectsAll, long bytes, long bytesAll);
}
