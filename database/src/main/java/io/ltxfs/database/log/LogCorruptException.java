package io.ltxfs.database.log;

import java.io.IOException;

/** A sealed part of the log does not read back as it was written; names segment, offset and what is wrong. */
public final class LogCorruptException extends IOException {
    public LogCorruptException(String message) {
        super(message);
    }
}
