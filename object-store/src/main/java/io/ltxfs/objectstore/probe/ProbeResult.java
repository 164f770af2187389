package io.ltxfs.objectstore.probe;

import java.util.List;

/**
 * What a store really does.
 *
 * @param writable whether objects can be put; if not, nothing else was tried
 * @param honoursCreate whether a put that must create never replaces, also when several race
 * @param honoursMatch whether a put that must replace one version never replaces another, also when several race
 * @param readsItsWrites whether reads and lists see a put at once
 * @param deletes whether objects can be deleted; if not, objects of the probe are left, which {@code problems} names
 * @param problems what is wrong, each with what to do about it; empty if nothing is
 */
public record ProbeResult(
        boolean writable,
        boolean honoursCreate,
        boolean honoursMatch,
        boolean readsItsWrites,
        boolean deletes,
        List<String> problems) {

    /** Copies the list. */
    public ProbeResult {
        problems = List.copyOf(problems);
    }

    /** Whether the store can keep an archive that is written and pruned. */
    public boolean isFit() {
        return writable && honoursCreate && honoursMatch && readsItsWrites && deletes;
    }

    /** All problems, or that there are none. */
    public String message() {
        return problems.isEmpty() ? "conditional writes are honoured" : String.join("; ", problems);
    }
}
