package io.ltxfs.node.roles;

import io.ltxfs.database.DatabaseSet;
import io.ltxfs.database.log.FlushCallback;
import io.ltxfs.node.cluster.Standing;
import io.ltxfs.node.cluster.Standing.Place;
import io.ltxfs.node.replication.EpochGate;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * What this node has on its disk.
 *
 * @param node its name
 * @param historyEpoch that is remembered
 */
record LocalState(String node, DatabaseSet databases, EpochGate gate, ClusterFile file, LongSupplier historyEpoch) {

    /** The last received transaction of every database that there is or was. */
    Map<String, Place> positions() {
        Map<String, Place> places = new HashMap<>();
        databases.receiver().received().forEach((name, last) -> {
            if (last.txid() != 0) { // else it was moved aside
                places.put(name, new Place(last.txid(), last.postChecksum()));
            }
        });
        return places;
    }

    /** What this node has, at this moment. */
    Standing standing() {
        return new Standing(node, gate.promised(), historyEpoch.getAsLong(), positions());
    }

    /** Makes all that was committed and received until now durable. */
    void flush(FlushCallback callback) {
        databases.flush(callback);
    }

    /** What the databases show to their readers. */
    static Map<String, Long> shownTxids(DatabaseSet databases) {
        Map<String, Long> txids = new HashMap<>();
        databases
                .all()
                .forEach(database ->
                        txids.put(database.name(), database.position().txid()));
        return txids;
    }
}
