package io.ltxfs.fusefs.transport;

/** Answers {@code write}. */
public interface ReplyWrite extends Reply {
    /** @param bytes how many were taken; fewer than given makes write(2) short, and SQLite write the rest again (A2) */
    void written(int bytes);

    /**
     * Keeps the data valid until the request is answered, for a handler that returns without an answer. Must be called
     * on the handler's own thread before it returns. Not terminal.
     */
    void retain();
}
