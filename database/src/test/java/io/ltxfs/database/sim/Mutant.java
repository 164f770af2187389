package io.ltxfs.database.sim;

import io.ltxfs.mutants.Edit;
import io.ltxfs.mutants.MutantLoader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * One rule of the shipped code broken on purpose: pieces of source files replaced by others.
 *
 * @param name what is broken, in words
 * @param edits of source files below {@code src/main/java/io/ltxfs/database}
 * @param workloads those that are likely to notice, tried first; a seed may follow after a colon
 */
record Mutant(String name, List<Edit> edits, List<String> workloads) {
    private static final Path SOURCES = Path.of(System.getProperty("sim.sources", "src/main/java/io/ltxfs/database"));
    private static final String PACKAGE = "io.ltxfs.database.";

    /** These know nothing of the code that is changed; shared, what they have loaded and judged serves every mutant. */
    private static final Set<String> SHARED = Set.of("Trace", "TraceRecord", "Mark", "SqliteImage");

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

    /** Loads the database module once more with the pieces replaced, and the simulator with it. */
    ClassLoader load() throws IOException {
        return MutantLoader.of(name, edits, SOURCES::resolve, Mutant::isLoadedAnew);
    }

    private static boolean isLoadedAnew(String type) {
        String simulator = PACKAGE + "sim.";
        String simple = type.startsWith(simulator) ? type.substring(simulator.length()) : "";
        return type.startsWith(PACKAGE) && !SHARED.contains(simple);
    }
}
