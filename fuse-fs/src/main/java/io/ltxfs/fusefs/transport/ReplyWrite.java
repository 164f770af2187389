package io.ltxfs.fusefs.transport;

import java.nio.ByteBuffer;

/** Answers {@code write}. */
public interface ReplyWrite extends Reply {
    /** @param bytes how many were taken; fewer than given makes write(2) short, and SQLite write the rest again (A2) */
    void written(int bytes);

    /**
     * Keeps the data for a handler that returns without an answer. Must be called on the handler's own thread before it
     * returns; the buffer that was passed to the handler is worth nothing after that. Not terminal.
     *
     * @return the data in a direct buffer, position 0, that is valid until the request is answered
     */
    ByteBuffer retain();
}
