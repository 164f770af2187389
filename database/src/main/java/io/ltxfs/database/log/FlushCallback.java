package io.ltxfs.database.log;

import io.ltxfs.database.disk.DiskException;
import org.jspecify.annotations.Nullable;

/** Told once when a flush is over, on any thread; must not block. */
@FunctionalInterface
public interface FlushCallback {
    /** @param failure null if everything up to the LSN that was asked for is durable */
    void flushed(@Nullable DiskException failure);
}
