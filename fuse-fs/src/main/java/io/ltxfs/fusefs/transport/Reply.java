package io.ltxfs.fusefs.transport;

/**
 * The answer to one request: exactly one terminal method is called exactly once, from any thread.
 *
 * <p>Every method of a reply that is not described otherwise is terminal. A terminal method throws
 * {@link IllegalStateException} if the request was answered before. It never blocks for long and never throws because
 * the caller or the mount has gone.
 */
public interface Reply {
    /**
     * The request failed.
     *
     * @param errno a positive error number, see {@link io.ltxfs.database.posix.Errno}; EINTR is not allowed: the kernel
     *     takes it for an answer and SQLite for an I/O error
     */
    void error(int errno);
}
