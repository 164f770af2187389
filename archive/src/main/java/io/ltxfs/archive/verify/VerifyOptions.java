package io.ltxfs.archive.verify;

import java.time.Instant;
import java.util.OptionalInt;

/**
 * How much to check.
 *
 * @param quick read only headers and metadata
 * @param sample how many objects of each database to read whole, chosen at random; empty for all
 * @param threads how many objects are read at a time; each takes a few buffers of a page's size, and 12 bytes for each
 *     page that a bundle changes
 * @param now what no object may be newer than
 */
public record VerifyOptions(boolean quick, OptionalInt sample, int threads, Instant now) {
    /** Reads every object whole. */
    public static VerifyOptions full(int threads) {
        return new VerifyOptions(false, OptionalInt.empty(), threads, Instant.now());
    }
}
