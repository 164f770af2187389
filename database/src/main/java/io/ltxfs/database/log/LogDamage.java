package io.ltxfs.database.log;

import java.util.Set;

/**
 * A part of the log that does not read back as it was written, found when the log was opened.
 *
 * @param segment the segment's sequence number
 * @param offset where in the segment's file it begins
 * @param what what is wrong, for a person
 * @param databases the databases of which records may be missing; the others are not touched by it
 */
public record LogDamage(long segment, long offset, String what, Set<String> databases) {}
