package io.ltxfs.mutants;

/**
 * One replacement in a source file.
 *
 * @param file the source file, as the mutant's module names it
 * @param before the piece, found exactly once in the file; white space counts as one blank
 * @param after what takes its place
 */
public record Edit(String file, String before, String after) {}
