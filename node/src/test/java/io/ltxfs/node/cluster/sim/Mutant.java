package io.ltxfs.node.cluster.sim;

import io.ltxfs.mutants.Edit;
import io.ltxfs.mutants.MutantLoader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * One rule of the shipped code broken on purpose: pieces of source files replaced by others.
 *
 * @param name what is broken, in words
 * @param edits of source files: {@code lease/}, {@code cluster/} or {@code replication/} and the file's name
 * @param rule which of the {@link Judge}'s rules notices, as its message begins; several with {@code |} between
 * @param seed of a run that does
 * @param profile of these runs, see {@link Plan}; empty to draw all from the seed
 */
record Mutant(String name, List<Edit> edits, String rule, long seed, String profile) {
    /** Where the sources of a package are, seen from the module's directory. */
    private static final Map<String, Path> SOURCES = Map.of(
            "lease", Path.of("../lease/src/main/java/io/ltxfs/lease"),
            "cluster", Path.of("src/main/java/io/ltxfs/node/cluster"),
            "replication", Path.of("src/main/java/io/ltxfs/node/replication"));

    private static final List<String> LOADED =
            List.of("io.ltxfs.lease.", "io.ltxfs.node.cluster.", "io.ltxfs.node.replication.EpochGate");

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

    /** Loads the rules of lease and cluster once more with the pieces replaced, and the simulation with them. */
    ClassLoader load() throws IOException {
        return MutantLoader.of(
                name, edits, Mutant::source, type -> LOADED.stream().anyMatch(type::startsWith));
    }

    private static Path source(String file) {
        String[] parts = file.split("/");
        Path directory = SOURCES.get(parts[0]);
        if (directory == null) {
            throw new IllegalArgumentException("where is " + file + "?");
        }
        return directory.resolve(parts[1]);
    }
}
