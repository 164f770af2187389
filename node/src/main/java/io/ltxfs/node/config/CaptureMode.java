package io.ltxfs.node.config;

/** How a mount brings commits to the node. */
public enum CaptureMode {
    /** Whatever is safe and fast here. */
    AUTO,
    /** Each write of SQLite is a request. */
    STRICT,
    /** The kernel gathers writes. */
    FAST
}
