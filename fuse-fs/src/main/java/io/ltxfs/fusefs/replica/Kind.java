package io.ltxfs.fusefs.replica;

/** Which of SQLite's locks the node has of a database. */
enum Kind {
    /** None. */
    NONE,
    /** SHARED and RESERVED of the database file. */
    ROLLBACK,
    /** SHARED of the database file, DMS and WRITE of the wal-index. */
    WAL
}
