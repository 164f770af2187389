package io.ltxfs.database.posix;

import java.time.Instant;

/**
 * A file's time as the kernel keeps it.
 *
 * @param seconds since 1970-01-01T00:00:00Z, negative before
 * @param nanos 0 to 999,999,999, forward from {@code seconds}
 */
public record FileTime(long seconds, int nanos) {
    /** The system clock's time. */
    public static FileTime now() {
        Instant now = Instant.now();
        return new FileTime(now.getEpochSecond(), now.getNano());
    }
}
