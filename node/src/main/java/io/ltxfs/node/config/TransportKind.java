package io.ltxfs.node.config;

/** How the node speaks to the kernel. */
public enum TransportKind {
    /** The kernel's protocol where it is allowed, else libfuse. */
    AUTO,
    /** The FUSE protocol on /dev/fuse; needs root. */
    KERNEL,
    /** Through libfuse and fusermount. */
    LIBFUSE
}
