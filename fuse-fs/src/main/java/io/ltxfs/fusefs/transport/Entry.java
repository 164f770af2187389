package io.ltxfs.fusefs.transport;

import org.jspecify.annotations.Nullable;

/**
 * What a name stands for, and for how long the kernel may believe it.
 *
 * @param node the node id, 0 in a negative entry
 * @param generation with the id unique for ever
 * @param attr the node's attributes, null in a negative entry
 * @param entryTimeoutMillis how long the name stands for this node
 * @param attrTimeoutMillis how long the attributes hold
 */
public record Entry(long node, long generation, @Nullable Attr attr, long entryTimeoutMillis, long attrTimeoutMillis) {
    /** A timeout that never ends: the file system tells the kernel of every change that the kernel did not ask for. */
    public static final long FOREVER = Long.MAX_VALUE;

    /** @throws IllegalArgumentException if node and attributes do not go together */
    public Entry {
        if ((node == 0) != (attr == null)) {
            throw new IllegalArgumentException("an entry has attributes exactly if it has a node, node=" + node);
        }
    }

    /** A node whose name and attributes hold until the kernel is told otherwise. */
    public static Entry lasting(long node, long generation, Attr attr) {
        return new Entry(node, generation, attr, FOREVER, FOREVER);
    }

    /** "There is no such name", which the kernel may cache. */
    public static Entry negative(long timeoutMillis) {
        return new Entry(0, 0, null, timeoutMillis, 0);
    }
}
