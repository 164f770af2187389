package io.ltxfs.node.cluster.sim;

import java.util.ArrayList;
import java.util.List;

/**
 * One rule of the shipped code broken on purpose: pieces of source files replaced by others.
 *
 * @param name what is broken, in words
 * @param rule which of the {@link Judge}'s rules notices, as its message begins; several with {@code |} between
 * @param seed of a run that does
 * @param profile of these runs, see {@link Plan}; empty to draw all from the seed
 */
record Mutant(String name, List<Edit> edits, String rule, long seed, String profile) {

    /**
     * One replacement.
     *
     * @param file the source file: {@code lease/} or {@code cluster/} and its name
     * @param before the piece, found exactly once in the file; white space counts as one blank
     * @param after what takes its place
     */
    record Edit(String file, String before, String after) {}

    /** Begins a mutant with its verdict. */
    static Mutant named(String name, String rule, long seed) {
        return new Mutant(name, List.of(), rule, seed, "");
    }

    /** In runs of this profile. */
    Mutant with(String wanted) {
        return new Mutant(name, edits, rule, seed, wanted);
    }

    /** Adds an edit. */
    Mutant edit(String file, String before, String after) {
        List<Edit> more = new ArrayList<>(edits);
        more.add(new Edit(file, before, after));
        return new Mutant(name, more, rule, seed, profile);
    }
}
