package io.ltxfs.fusefs.host;

/** The bytes that SQLite locks: of the database file (sqlite3 os_unix.c, PENDING_BYTE) and of the wal-index. */
public final class SqliteLocks {
    public static final long PENDING = 0x40000000L;
    public static final long RESERVED = PENDING + 1;
    public static final long SHARED_FIRST = PENDING + 2;
    public static final long SHARED_BYTES = 510;

    /**
     * The whole file, to its end whatever that is. Nobody locks other bytes of a database than SQLite's, and a SQLite
     * that was told to use others (its own test suite is) is understood too.
     */
    public static final long WHOLE_FIRST = 0;

    public static final long WHOLE_BYTES = 0;

    /** The writer's byte of the wal-index. */
    public static final long WAL_WRITE = 120;

    /** The checkpointer's byte. */
    public static final long WAL_CHECKPOINT = 121;

    /** Who reads the database file alone, READ0; READ1 to READ4 follow. */
    public static final long WAL_READ_FIRST = 123;

    /** How many read marks there are besides READ0. */
    public static final int WAL_READERS = 4;

    /** From the checkpointer's byte on, all that a recovery holds: CHECKPOINT, RECOVER, READ0 to READ4. */
    public static final int WAL_RECOVERY_BYTES = 7;

    /** Held shared by every connection that has the wal-index open ("dead man's switch"). */
    public static final long WAL_DMS = 128;

    private SqliteLocks() {}
}
