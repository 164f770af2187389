package io.ltxfs.fusefs.transport;

/** Answers {@code create}. */
public interface ReplyCreate extends Reply {
    /** @param flags of the constants in {@link ReplyOpen} */
    void created(Entry entry, long fh, int flags);
}
