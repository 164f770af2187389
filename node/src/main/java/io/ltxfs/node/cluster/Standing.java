package io.ltxfs.node.cluster;

import java.util.Map;

/**
 * What a node has, as it tells its peers.
 *
 * @param node its name
 * @param promised the highest epoch that it has promised (unsigned)
 * @param historyEpoch of the last primary whose history it had completely; 0 for none
 * @param positions the last durably received transaction of every database that there is or was
 */
public record Standing(String node, long promised, long historyEpoch, Map<String, Place> positions) {
    /** Copies the map. */
    public Standing {
        positions = Map.copyOf(positions);
    }

    /**
     * The last transaction of a database.
     *
     * @param txid its TXID (unsigned)
     * @param checksum the database's after it
     */
    public record Place(long txid, long checksum) {}
}
