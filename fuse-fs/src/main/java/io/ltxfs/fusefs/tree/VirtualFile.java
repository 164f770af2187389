package io.ltxfs.fusefs.tree;

/** A small file that is made when it is read. */
final class VirtualFile extends Inode {
    /** What it shows. */
    enum Kind {
        /** The primary's host, absent on the primary. */
        PRIMARY,
        /** Milliseconds behind the primary. */
        LAG,
        /** A database's last transaction. */
        POSITION
    }

    private final Kind kind;
    private final String database;

    /** @param database path of the database for {@link Kind#POSITION}, else empty */
    VirtualFile(long id, Kind kind, String database) {
        super(id);
        this.kind = kind;
        this.database = database;
    }

    Kind kind() {
        return kind;
    }

    String database() {
        return database;
    }
}
