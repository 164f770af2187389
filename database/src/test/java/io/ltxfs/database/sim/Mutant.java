package io.ltxfs.database.sim;

import java.util.ArrayList;
import java.util.List;

/**
 * One rule of the shipped code broken on purpose: pieces of source files replaced by others.
 *
 * @param name what is broken, in words
 * @param workloads those that are likely to notice, tried first; a seed may follow after a colon
 */
record Mutant(String name, List<Edit> edits, List<String> workloads) {

    /**
     * One replacement.
     *
     * @param file the source file below {@code src/main/java/io/ltxfs/database}
     * @param before the piece, found exactly once in the file; white space counts as one blank
     * @param after what takes its place
     */
    record Edit(String file, String before, String after) {}

    /** Begins a mutant with the workloads that are tried first. */
    static Mutant named(String name, String... workloads) {
        return new Mutant(name, List.of(), List.of(workloads));
    }

    /** Adds an edit. */
    Mutant edit(String file, String before, String after) {
        List<Edit> more = new ArrayList<>(edits);
        more.add(new Edit(file, before, after));
        return new Mutant(name, more, workloads);
    }
}
