package io.ltxfs.archive.restore;

import io.ltxfs.archive.plan.RestorePlan;

/** Is told how a restore goes on. Called by one thread at a time for each database. */
public interface RestoreListener {
    /** Nobody listens. */
    RestoreListener NONE = new RestoreListener() {};

    /** What is going to be read; again, if an object was gone and there is a new plan. */
    default void planned(RestorePlan plan) {}

    /**
     * How far it is.
     *
     * @param pages pages in the file
     * @param pagesTotal pages of the database
     * @param bytesFetched what came from the store
     */
    default void progress(long pages, long pagesTotal, long bytesFetched) {}

    /** Something that a person should know, one line. */
    default void note(String line) {}
}
