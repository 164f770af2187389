package io.ltxfs.fusefs.transport;

/** Answers {@code open} and {@code opendir}. */
public interface ReplyOpen extends Reply {
    /** Bypass the page cache for this handle: only for small virtual files, never where something is mapped. */
    int DIRECT_IO = 1;

    /** Keep the pages that the kernel has of this file; without it every open throws them away. */
    int KEEP_CACHE = 1 << 1;

    /** The file has no positions. */
    int NONSEEKABLE = 1 << 2;

    /** The kernel may cache this directory's listing. */
    int CACHE_DIR = 1 << 3;

    /** @param flags of the constants above */
    void opened(long fh, int flags);
}
