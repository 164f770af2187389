package io.ltxfs.node.cluster;

import io.ltxfs.lease.Lease;
import io.ltxfs.lease.Quorum;
import io.ltxfs.node.cluster.Standing.Place;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/** What the parts of a {@link ClusterMachine} share: what is known, what is remembered, and what is to be done. */
final class Shared {
    final ClusterSettings settings;
    private final Supplier<Map<String, Place>> positions;
    private List<Action> out = new ArrayList<>();

    /** As it is to be remembered. */
    private ClusterMemory memory;
    /** As it is remembered. */
    private ClusterMemory durable;

    private boolean remembering;
    private boolean memoryFails;
    private long rememberAgainAt;

    private Lease.Status lease = new Lease.Status(
            -1, -1, 0, 0, Optional.empty(), false, false, Optional.empty(), List.of(), Optional.empty());
    private long now;
    private long lastStep;

    Shared(ClusterSettings settings, ClusterMemory memory, Supplier<Map<String, Place>> positions, long now) {
        this.settings = settings;
        this.memory = memory;
        this.durable = memory;
        this.positions = positions;
        this.now = now;
    }

    // ---- what is to be done

    void add(Action action) {
        out.add(action);
    }

    void say(boolean warning, String text) {
        add(new Action.Say(warning, text));
    }

    List<Action> takeActions() {
        List<Action> taken = out;
        out = new ArrayList<>();
        return taken;
    }

    /** A number that no other step of this process has. */
    long nextStep() {
        return ++lastStep;
    }

    // ---- time

    void time(long nanos) {
        now = nanos;
    }

    long now() {
        return now;
    }

    boolean isPast(long moment) {
        return now - moment >= 0;
    }

    /** A moment that is some part of a TTL away. */
    long in(double ttls) {
        return now + (long) (ttlNanos() * ttls);
    }

    long ttlNanos() {
        return settings.ttl().toNanos();
    }

    // ---- lease

    void lease(Lease.Status status) {
        lease = status;
    }

    Lease.Status lease() {
        return lease;
    }

    /** The quorum that counts: of the last primary, or this node's own once it is proven. */
    Optional<Quorum> quorum() {
        return lease.quorum();
    }

    // ---- memory

    ClusterMemory memory() {
        return memory;
    }

    long promised() {
        return memory.promised();
    }

    long historyEpoch() {
        return memory.historyEpoch();
    }

    /** Nothing of a lower epoch counts from now on. */
    void promise(long epoch) {
        if (isAbove(epoch, memory.promised())) {
            memory = memory.withPromised(epoch);
        }
    }

    boolean hasPromised(long epoch) {
        return !isAbove(epoch, durable.promised());
    }

    void rememberHistory(long epoch) {
        memory = memory.withHistoryEpoch(epoch);
    }

    /** Whether it is durable that this node has the complete history of an epoch. */
    boolean hasHistory(long epoch) {
        return durable.historyEpoch() == epoch && memory.historyEpoch() == epoch;
    }

    /**
     * Takes note of another node.
     *
     * @param direct whether it was heard of itself, so that its address is the newest
     */
    void know(Peer peer, boolean direct) {
        if (peer.node().equals(settings.self().node()) || peer.node().isEmpty()) {
            return;
        }
        List<Peer> peers = new ArrayList<>(memory.peers());
        for (int at = 0; at < peers.size(); at++) {
            if (peers.get(at).node().equals(peer.node())) {
                if (direct && !peers.get(at).equals(peer)) {
                    peers.set(at, peer);
                    memory = memory.withPeers(peers);
                }
                return;
            }
        }
        if (peers.size() < ClusterMemory.PEERS_MAX) {
            peers.add(peer);
            memory = memory.withPeers(peers);
        }
    }

    void remembered(ClusterMemory written) {
        durable = written;
        remembering = false;
        memoryFails = false;
    }

    void notRemembered(String why) {
        remembering = false;
        rememberAgainAt = in(0.1);
        if (!memoryFails) {
            say(true, "could not remember what this node has promised, tries again: error=\"" + why + "\"");
        }
        memoryFails = true;
    }

    boolean memoryFails() {
        return memoryFails;
    }

    /** Asks for what is to be remembered, if something is. */
    void remember() {
        if (!remembering && !memory.equals(durable) && (!memoryFails || isPast(rememberAgainAt))) {
            remembering = true;
            add(new Action.Remember(memory));
        }
    }

    // ---- what this node has

    Map<String, Place> positions() {
        return positions.get();
    }

    /** What it says that it has: only what is remembered durably. */
    Standing standing() {
        long history =
                isAbove(memory.historyEpoch(), durable.historyEpoch()) ? durable.historyEpoch() : memory.historyEpoch();
        return new Standing(settings.self().node(), durable.promised(), history, positions());
    }

    static boolean isAbove(long epochOrTxid, long other) {
        return Long.compareUnsigned(epochOrTxid, other) > 0;
    }
}
