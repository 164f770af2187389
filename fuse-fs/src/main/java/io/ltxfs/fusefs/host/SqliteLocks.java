package io.ltxfs.fusefs.host;

/** The bytes that SQLite locks: of the database file (sqlite3 os_unix.c, PENDING_BYTE) and of the wal-index. */
final class SqliteLocks {
    static final long PENDING = 0x40000000L;
    static final long RESERVED = PENDING + 1;
    static final long SHARED_FIRST = PENDING + 2;
    static final long SHARED_BYTES = 510;

    /** PENDING, RESERVED and the SHARED range are one run of bytes. */
    static final long ALL_BYTES = 2 + SHARED_BYTES;

    /** The writer's byte of the wal-index. */
    static final long WAL_WRITE = 120;

    /** Held shared by every connection that has the wal-index open ("dead man's switch"). */
    static final long WAL_DMS = 128;

    private SqliteLocks() {}
}
