package io.ltxfs.fusefs.transport;

/** Answers a request for attributes. */
public interface ReplyAttr extends Reply {
    /** @param timeoutMillis how long the kernel may go by them, {@link Entry#FOREVER} if it is told of every change */
    void attr(Attr attr, long timeoutMillis);
}
