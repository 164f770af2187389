package io.ltxfs.archive.restore;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * What was restored.
 *
 * @param database its name
 * @param output the file
 * @param txid the transaction that it is at (unsigned)
 * @param time that transaction's timestamp, if the archive knows it
 * @param checksum the LTX database checksum
 * @param checksumKnown whether the archive knew the checksum; otherwise the file checksum of every object was verified
 * @param bytes the file's size
 * @param bytesFetched what was read from the store, besides lists
 * @param bytesResumed how many bytes of the file an earlier restore had written
 * @param requests how many requests it took, planning and retries included
 * @param duration how long it took
 * @param warnings what a person should know, one line each
 */
public record RestoreResult(
        String database,
        Path output,
        long txid,
        Optional<Instant> time,
        long checksum,
        boolean checksumKnown,
        long bytes,
        long bytesFetched,
        long bytesResumed,
        long requests,
        Duration duration,
        List<String> warnings) {
    /** Copies the list. */
    public RestoreResult {
        warnings = List.copyOf(warnings);
    }
}
