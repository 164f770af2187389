package io.ltxfs.fusefs.tree;

/** What a file is to SQLite. */
enum Role {
    DATABASE(""),
    JOURNAL("-journal"),
    WAL("-wal"),
    SHM("-shm"),
    SUPER_JOURNAL("");

    private final String suffix;

    Role(String suffix) {
        this.suffix = suffix;
    }

    /** What follows the database's name in a side file's; empty for others. */
    String suffix() {
        return suffix;
    }

    /** Whether it belongs to one database, beside it. */
    boolean isSide() {
        return !suffix.isEmpty();
    }
}
