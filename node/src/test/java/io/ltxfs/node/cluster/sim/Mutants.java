package io.ltxfs.node.cluster.sim;

import java.util.List;

/** The rules of lease and cluster, each broken once, and what notices. */
final class Mutants {
    private Mutants() {}

    static List<Mutant> all() {
        return List.of();
    }
}
