package io.ltxfs.fusefs.host;

/** The bytes that SQLite locks: of the database file (sqlite3 os_unix.c, PENDING_BYTE) and of the wal-index. */
final class SqliteLocks {
    static final long PENDING = 0x40000000L;
    static final long RESERVED = PENDING + 1;
    static final long SHARED_FIRST = PENDING + 2;
    static final long SHARED_BYTES = 510;

    /**
     * The whole file, to its end whatever that is. Nobody locks other bytes of a database than SQLite's, and a SQLite
     * that was told to use others (its own test suite is) is understood too.
     */
    static final long WHOLE_FIRST = 0;

    static final long WHOLE_BYTES = 0;

    /** The writer's byte of the wal-index. */
    static final long WAL_WRITE = 120;

    /** Held shared by every connection that has the wal-index open ("dead man's switch"). */
    static final long WAL_DMS = 128;

    private SqliteLocks() {}
}
