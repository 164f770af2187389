package io.ltxfs.fusefs.transport;

/** Answers {@code readlink}. */
public interface ReplyLink extends Reply {
    /** @param target the link's text, at most 4095 bytes of UTF-8 */
    void target(String target);
}
