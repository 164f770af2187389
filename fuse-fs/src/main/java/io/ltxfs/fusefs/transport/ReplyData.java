package io.ltxfs.fusefs.transport;

import java.nio.ByteBuffer;

/**
 * Answers {@code read}.
 *
 * <p>The cheap way: fill the transport's own {@link #buffer} and say how much with {@link #filled}.
 */
public interface ReplyData extends Reply {
    /**
     * A direct buffer of the transport to read into: position 0, limit the requested size. The same one on each call
     * for a request; valid until the answer. Not terminal.
     */
    ByteBuffer buffer();

    /** Answers with the first {@code bytes} bytes of {@link #buffer}. */
    void filled(int bytes);

    /** Answers with what is between the buffer's position and limit, at most the requested size; its position stays. */
    void data(ByteBuffer data);
}
