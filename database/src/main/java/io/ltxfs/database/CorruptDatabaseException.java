package io.ltxfs.database;

import java.io.IOException;

/** What was read of a database is not what the log says it is; the message names database, position and checksums. */
public final class CorruptDatabaseException extends IOException {
    public CorruptDatabaseException(String message) {
        super(message);
    }
}
