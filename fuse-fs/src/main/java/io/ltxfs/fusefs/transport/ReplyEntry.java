package io.ltxfs.fusefs.transport;

/** Answers a request that yields a node for a name. */
public interface ReplyEntry extends Reply {
    /** The node, or {@link Entry#negative}; a negative entry answers {@code lookup} only. */
    void entry(Entry entry);
}
