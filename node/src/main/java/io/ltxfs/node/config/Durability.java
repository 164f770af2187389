package io.ltxfs.node.config;

/** Where a commit must have arrived before SQLite's system call returns. */
public sealed interface Durability {
    /** On this node's disk. */
    record Local() implements Durability {
        @Override
        public String toString() {
            return "local";
        }
    }

    /** On the disks of this node and of {@code count} replicas. */
    record Replica(int count) implements Durability {
        @Override
        public String toString() {
            return "replica:" + count;
        }
    }

    /** In the archive. */
    record Archive() implements Durability {
        @Override
        public String toString() {
            return "archive";
        }
    }
}
