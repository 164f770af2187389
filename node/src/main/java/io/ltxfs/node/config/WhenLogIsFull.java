package io.ltxfs.node.config;

/** What happens when the log has reached its bound with transactions that the archive does not have yet. */
public enum WhenLogIsFull {
    /** Commits go on; the archive gets a whole image later, and the moments in between cannot be restored. */
    START_OVER,
    /** Commits fail until the archive has caught up. */
    REFUSE_WRITES
}
