package io.ltxfs.fusefs.transport;

/** Answers a request that yields nothing but success. */
public interface ReplyEmpty extends Reply {
    /** Done. */
    void ok();
}
