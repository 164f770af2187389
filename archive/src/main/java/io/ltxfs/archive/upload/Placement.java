package io.ltxfs.archive.upload;

import io.ltxfs.archive.ArchiveOptions;

/**
 * Where a database lies in the archive and how it is kept.
 *
 * @param place below the store's place, without {@code /} at its ends
 * @param options how it is kept
 */
public record Placement(String place, ArchiveOptions options) {}
