package io.ltxfs.fusefs.own;

import java.io.IOException;

/**
 * Something done through the own mount, start to end on one own thread.
 *
 * <p>What it calls must be loaded already or belong to {@code java.base}: see {@link OwnMountThread} for what a job
 * must not do.
 *
 * @param <T> the result
 */
@FunctionalInterface
public interface OwnJob<T> {
    /** @param thread the thread that it runs on, which opens files */
    T run(OwnMountThread thread) throws IOException;
}
