package io.ltxfs.node.replication;

import io.ltxfs.node.cluster.Standing.Place;
import java.util.Map;
import java.util.Set;

/**
 * How the primary takes a replica in.
 *
 * @param epoch of the primary; all that comes on the stream has it
 * @param primary who it is
 * @param startPositions what it had when it accepted
 * @param replaced databases that this node has to take anew
 * @param absent databases of this node that the primary does not have and never had
 * @param ttlMillis how long its lease lasts
 */
public record Welcome(
        long epoch,
        Member primary,
        Map<String, Place> startPositions,
        Set<String> replaced,
        Set<String> absent,
        long ttlMillis) {
    /** Copies the collections. */
    public Welcome {
        startPositions = Map.copyOf(startPositions);
        replaced = Set.copyOf(replaced);
        absent = Set.copyOf(absent);
    }
}
