package io.ltxfs.node.cluster;

import io.ltxfs.lease.Lease;
import io.ltxfs.lease.LeaseRecord;
import io.ltxfs.lease.LeaseRecord.State;
import io.ltxfs.lease.Quorum;
import io.ltxfs.node.cluster.Standing.Place;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** A machine with a disk, a mount and a lease object that always work, unless a test says otherwise. */
final class Machine {
    static final Duration TTL = Duration.ofSeconds(5);

    final Peer self;
    final ClusterMachine machine;
    final Map<String, Place> positions = new TreeMap<>();
    /** Everything that was said since the last {@link #take}. */
    final List<Action> said = new ArrayList<>();

    /** Whether what is to be remembered is durable at once. */
    boolean remembers = true;
    /** Whether locks, flushes and claims are done at once. */
    boolean works = true;
    /** Whether a quorum is proven stored at once. */
    boolean stores = true;

    ClusterMemory memory;
    long now = 1_000_000_000_000L;
    private final Deque<Event> next = new ArrayDeque<>();

    long held = -1;
    Optional<LeaseRecord> record = Optional.empty();
    Optional<Quorum> quorum = Optional.empty();
    List<Quorum> possible = List.of();
    boolean vouched;

    Machine(String node, ClusterMemory memory) {
        this(node, memory, 1);
    }

    Machine(String node, ClusterMemory memory, int acks) {
        this(node, memory, acks, false);
    }

    Machine(String node, ClusterMemory memory, int acks, boolean archive) {
        this.self = peer(node);
        this.memory = memory;
        this.machine = new ClusterMachine(
                new ClusterSettings(self, "process-" + node, TTL, acks, archive, false, Duration.ofSeconds(4)),
                memory,
                () -> Map.copyOf(positions),
                now);
    }

    static Peer peer(String node) {
        return new Peer(node, node + ":1");
    }

    static Place at(long txid) {
        return new Place(txid, txid * 1000 + 1);
    }

    static ClusterMemory memory(long promised, long historyEpoch, String... peers) {
        List<Peer> known = new ArrayList<>();
        for (String peer : peers) {
            known.add(peer(peer));
        }
        return new ClusterMemory(promised, historyEpoch, known);
    }

    static Quorum quorum(long epoch, String node, int acks, String... voters) {
        List<Quorum.Voter> list = new ArrayList<>();
        for (String voter : voters) {
            list.add(new Quorum.Voter(voter, voter + ":1"));
        }
        return new Quorum(epoch, node, node + ":1", list, acks, false);
    }

    static Standing standing(String node, long promised, long historyEpoch, Object... positions) {
        Map<String, Place> map = new TreeMap<>();
        for (int at = 0; at < positions.length; at += 2) {
            map.put((String) positions[at], at(((Number) positions[at + 1]).longValue()));
        }
        return new Standing(node, promised, historyEpoch, map);
    }

    /** Tells something, and all that follows from it by itself. */
    List<Action> on(Event event) {
        next.add(event);
        int from = said.size();
        while (!next.isEmpty()) {
            if (said.size() > from + 1000) {
                throw new AssertionError("it does not come to an end: " + said.subList(said.size() - 5, said.size()));
            }
            for (Action action : machine.on(next.poll(), now)) {
                said.add(action);
                carryOut(action);
            }
        }
        return said.subList(from, said.size());
    }

    private void carryOut(Action action) {
        if (action instanceof Action.Remember remember && remembers) {
            memory = remember.memory();
            next.add(new Event.Remembered(memory));
        } else if (action instanceof Action.StoreQuorum store) {
            if (stores) {
                quorum = Optional.of(store.quorum());
            } else {
                possible = List.of(store.quorum());
            }
            next.add(lease());
        } else if (works) {
            step(action).ifPresent(step -> next.add(new Event.Done(step)));
        }
    }

    private static Optional<Long> step(Action action) {
        if (action instanceof Action.TakeLocks take) {
            return Optional.of(take.step());
        } else if (action instanceof Action.GiveLocks give) {
            return Optional.of(give.step());
        } else if (action instanceof Action.Flush flush) {
            return Optional.of(flush.step());
        } else if (action instanceof Action.Claim claim) {
            return Optional.of(claim.step());
        }
        return Optional.empty();
    }

    Event lease() {
        long epochMax = record.map(LeaseRecord::epoch).orElse(0L);
        return new Event.LeaseIs(new Lease.Status(
                held,
                held,
                held > 0 ? 5000 : 0,
                epochMax,
                record.map(found -> new Lease.Seen(found, "etag")),
                record.isEmpty(),
                vouched,
                quorum,
                possible,
                Optional.empty()));
    }

    /** The lease object says that. */
    List<Action> leaseShows(long epoch, String node, State state) {
        record = Optional.of(new LeaseRecord(
                epoch, "process-" + node, node, node + ":1", "nonce" + now, TTL.toMillis(), state, vouched, quorum));
        if (held != epoch || !node.equals(self.node()) || state != State.HELD) {
            held = -1;
        }
        return on(lease());
    }

    /** This node has the lease. */
    List<Action> acquires(long epoch) {
        held = epoch;
        return leaseShows(epoch, self.node(), State.HELD);
    }

    /** It has not any more. */
    List<Action> losesLease() {
        held = -1;
        return on(lease());
    }

    List<Action> tick(double ttls) {
        now += (long) (TTL.toNanos() * ttls);
        return on(new Event.Tick());
    }

    /** A primary at some epoch, with everything that was before on itself. */
    static Machine primary(String node, long epoch, int acks, String... peers) {
        Machine primary = new Machine(node, memory(epoch - 1, epoch - 1, peers), acks);
        primary.quorum = Optional.of(quorum(epoch - 1, node, acks));
        primary.positions.put("a.db", at(10));
        primary.on(new Event.Tick());
        primary.acquires(epoch);
        return primary;
    }

    /** A replica comes and has everything. */
    void replica(long link, String node, long txid) {
        long epoch = machine.status(now).epoch();
        on(new Event.ReplicaComes(link, peer(node), "process-" + node, standing(node, epoch, 0, "a.db", txid)));
        on(new Event.ReplicaHas(link, Map.of("a.db", at(txid)), Map.of(), true));
    }

    void has(long link, long txid) {
        on(new Event.ReplicaHas(link, Map.of("a.db", at(txid)), Map.of("a.db", at(txid)), false));
    }

    ClusterStatus status() {
        return machine.status(now);
    }

    /** What was said of a kind, since the last {@link #forget}. */
    <T extends Action> List<T> said(Class<T> kind) {
        return said.stream().filter(kind::isInstance).map(kind::cast).toList();
    }

    <T extends Action> boolean hasSaid(Class<T> kind) {
        return !said(kind).isEmpty();
    }

    <T extends Action> T last(Class<T> kind) {
        List<T> all = said(kind);
        if (all.isEmpty()) {
            throw new AssertionError("nothing of " + kind.getSimpleName() + " in " + said);
        }
        return all.get(all.size() - 1);
    }

    void forget() {
        said.clear();
    }

    /** The seal of a peer that was asked last. */
    Action.Seal sealOf(String node) {
        return said(Action.Seal.class).stream()
                .filter(seal -> seal.peer().node().equals(node))
                .reduce((one, other) -> other)
                .orElseThrow(() -> new AssertionError(node + " was not asked: " + said));
    }

    void sealed(Standing standing) {
        on(new Event.Sealed(sealOf(standing.node()).step(), standing));
    }
}
