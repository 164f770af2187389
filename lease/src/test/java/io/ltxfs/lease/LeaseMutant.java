package io.ltxfs.lease;

import io.ltxfs.mutants.Edit;
import io.ltxfs.mutants.MutantLoader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * One rule of the lease broken on purpose: a piece of a shipped source file replaced by another.
 *
 * @param name what is broken, in words
 * @param file the source file
 * @param before the piece, found exactly once in it; white space counts as one blank
 * @param after what takes its place
 * @param verdict a regular expression for what the simulation must say
 */
record LeaseMutant(String name, String file, String before, String after, String verdict) {
    private static final Path SOURCES = Path.of("src/main/java/io/ltxfs/lease");

    /** Loads the module, and its simulation, once more with the piece replaced. */
    ClassLoader load() throws IOException {
        return MutantLoader.of(
                name,
                List.of(new Edit(file, before, after)),
                SOURCES::resolve,
                type -> type.startsWith("io.ltxfs.lease."));
    }
}
