package io.ltxfs.node.roles;

import io.ltxfs.node.cluster.Standing.Place;
import io.ltxfs.node.roles.ClusterView.Replica;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * How far this node's replicas are. When a transaction was committed is known to about the interval at which positions are
 * {@linkplain #sample sampled}. For all threads.
 */
final class ReplicaProgress {
    /** So many changes of a position are remembered: older ones count as the oldest of them. */
    private static final int SAMPLES_MAX = 256;

    private record Sample(long txid, long nanos) {}

    private final LongSupplier clock;
    /** What came by one connection, of which the newest counts. */
    private record Known(long link, Map<String, Place> applied) {}

    private final Map<String, Known> appliedByNode = new ConcurrentHashMap<>();
    private final Map<String, Deque<Sample>> samples = new HashMap<>();

    ReplicaProgress(LongSupplier clock) {
        this.clock = clock;
    }

    /** A replica follows; until it says more, what it has is what it shows. */
    void comes(String node, long link, Map<String, Place> has) {
        appliedByNode.put(node, new Known(link, new ConcurrentHashMap<>(has)));
    }

    /** Whether a replica follows. */
    boolean follows(String node) {
        return appliedByNode.containsKey(node);
    }

    /** A replica shows these to its readers. */
    void applied(String node, long link, Map<String, Place> places) {
        Known known = appliedByNode.get(node);
        if (known != null && known.link == link) {
            known.applied.putAll(places);
        }
    }

    /** A replica's connection has ended: it follows only if it has come again. */
    void gone(String node, long link) {
        appliedByNode.computeIfPresent(node, (name, known) -> known.link == link ? null : known);
    }

    /** Whether anybody follows. */
    boolean isEmpty() {
        return appliedByNode.isEmpty();
    }

    /** Where this node's databases are at this moment. */
    synchronized void sample(Map<String, Long> txids) {
        long now = clock.getAsLong();
        txids.forEach((database, txid) -> {
            Deque<Sample> own = samples.computeIfAbsent(database, name -> new ArrayDeque<>());
            Sample last = own.peekLast();
            if (last == null || last.txid() != txid) {
                own.addLast(new Sample(txid, now));
                if (own.size() > SAMPLES_MAX) {
                    own.removeFirst();
                }
            }
        });
        samples.keySet().retainAll(txids.keySet());
    }

    /** For each database how far each replica is, ordered by node. */
    synchronized Map<String, List<Replica>> view(Map<String, Long> txids) {
        long now = clock.getAsLong();
        Map<String, List<Replica>> view = new TreeMap<>();
        appliedByNode.forEach((node, known) -> txids.forEach((database, txid) -> {
            Place place = known.applied.get(database);
            long applied = place == null ? 0 : place.txid();
            long lag = Long.compareUnsigned(applied, txid) >= 0 ? 0 : now - firstAfter(database, applied, now);
            view.computeIfAbsent(database, name -> new ArrayList<>())
                    .add(new Replica(node, applied, TimeUnit.NANOSECONDS.toMillis(lag)));
        }));
        view.values().forEach(replicas -> replicas.sort(Comparator.comparing(Replica::node)));
        return view;
    }

    /** When the first transaction after one was seen. */
    private long firstAfter(String database, long txid, long otherwise) {
        for (Sample sample : samples.getOrDefault(database, new ArrayDeque<>())) {
            if (Long.compareUnsigned(sample.txid(), txid) > 0) {
                return sample.nanos();
            }
        }
        return otherwise;
    }
}
