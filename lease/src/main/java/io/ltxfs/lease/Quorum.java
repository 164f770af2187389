package io.ltxfs.lease;

import java.util.List;

/**
 * Whose acknowledgements count, as the primary of an epoch writes it into the lease object (decision 11). Every later
 * holder copies it unchanged until it is primary itself. A lease object without one means that the cluster never had a
 * primary.
 *
 * @param epoch of the primary that wrote it (unsigned)
 * @param node its name
 * @param advertise where its peers reached it
 * @param voters the replicas whose acknowledgements count; the primary itself is none of them
 * @param acks how many of them a commit waits for at least: the smallest N of any database that waits for replicas; 0 if
 *     none does
 * @param archive whether some database waits for the archive
 */
public record Quorum(long epoch, String node, String advertise, List<Voter> voters, int acks, boolean archive) {
    /** Copies the list. */
    public Quorum {
        voters = List.copyOf(voters);
    }

    /**
     * A replica whose acknowledgements count.
     *
     * @param node its name
     * @param advertise where its peers reach it
     */
    public record Voter(String node, String advertise) {}
}
