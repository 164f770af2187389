package io.ltxfs.database.sim;

import java.util.List;

/**
 * One rule of the shipped code broken on purpose: a piece of a source file replaced by another.
 *
 * @param name what is broken, in words
 * @param file the source file below {@code src/main/java/io/ltxfs/database}
 * @param before the piece, found exactly once in the file
 * @param after what takes its place
 * @param workloads those that are likely to notice, tried first
 */
record Mutant(String name, String file, String before, String after, List<String> workloads) {}
