package io.ltxfs.fusefs.tree;

import io.ltxfs.database.Database;
import io.ltxfs.database.SqliteFile;
import org.jspecify.annotations.Nullable;

/** What a regular file's bytes are. */
sealed interface Content {

    /** A file of the mirror, written through. @param fd its open descriptor, -1 while nobody has it open */
    record Plain(int fd) implements Content {
        static final int CLOSED = -1;
    }

    /**
     * A file of SQLite's, passed on.
     *
     * @param database null for a super-journal
     */
    record Sqlite(@Nullable Database database, SqliteFile file, Role role, Attributes attributes) implements Content {}
}
