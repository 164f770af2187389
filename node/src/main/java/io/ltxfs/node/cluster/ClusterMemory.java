package io.ltxfs.node.cluster;

import java.util.List;

/**
 * What a node must not forget ({@code cluster.json} in its data directory).
 *
 * @param promised the highest epoch that it has promised: nothing of a lower one is taken or acknowledged (unsigned)
 * @param historyEpoch of the last primary whose history it had completely; 0 for none (unsigned)
 * @param peers the other nodes that it knows, {@value #PEERS_MAX} at most
 */
public record ClusterMemory(long promised, long historyEpoch, List<Peer> peers) {
    /** More nodes than this are not remembered. */
    public static final int PEERS_MAX = 64;

    /** Of a node that was never in a cluster. */
    public static final ClusterMemory NONE = new ClusterMemory(0, 0, List.of());

    /** Copies the list. */
    public ClusterMemory {
        peers = List.copyOf(peers);
    }

    ClusterMemory withPromised(long epoch) {
        return new ClusterMemory(epoch, historyEpoch, peers);
    }

    ClusterMemory withHistoryEpoch(long epoch) {
        return new ClusterMemory(promised, epoch, peers);
    }

    ClusterMemory withPeers(List<Peer> known) {
        return new ClusterMemory(promised, historyEpoch, known);
    }
}
