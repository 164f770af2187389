package io.ltxfs.node.cluster;

import io.ltxfs.lease.Lease;
import io.ltxfs.lease.Quorum;
import io.ltxfs.node.cluster.Standing.Place;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** This node's replicas: whom it takes in, what they have, and which of them are voters. */
final class Leading {
    /** More replicas than this are refused. */
    private static final int LINKS_MAX = ClusterMemory.PEERS_MAX;

    /** A replica's stream. */
    private static final class Link {
        final long id;
        final Peer replica;
        final String process;
        boolean admitted;
        boolean complete;
        final Map<String, Place> durable = new HashMap<>();
        final Map<String, Place> applied = new HashMap<>();

        Link(Event.ReplicaComes coming) {
            this.id = coming.link();
            this.replica = coming.replica();
            this.process = coming.process();
        }
    }

    private final Shared shared;
    private final Acknowledgements acknowledgements;
    private final Map<Long, Link> links = new TreeMap<>();
    /** When a replica was last heard of, by name. */
    private final Map<String, Long> heard = new HashMap<>();

    private Map<String, Place> start = Map.of();
    private long epoch;
    /** A quorum that the lease was told to store and is not known to have; whatever the lease says, it may. */
    private @Nullable Quorum storing;

    Leading(Shared shared, Acknowledgements acknowledgements) {
        this.shared = shared;
        this.acknowledgements = acknowledgements;
    }

    /** This node accepts commits from now on, after these positions. */
    void begin(long newEpoch, Map<String, Place> positions) {
        epoch = newEpoch;
        start = Map.copyOf(positions);
    }

    /** It does not any more. */
    void end(String why) {
        epoch = 0;
        start = Map.of();
        storing = null;
        links.clear();
        heard.clear();
        acknowledgements.end();
        shared.add(new Action.DropReplicas(why));
    }

    // ---- what replicas say

    /**
     * A replica wants to follow.
     *
     * @param soon whether this node holds the lease and may be primary soon: then the replica waits
     */
    void comes(Event.ReplicaComes coming, boolean soon) {
        String self = shared.settings.self().node();
        if (coming.replica().node().equals(self)) {
            refuse(coming.link(), "two nodes are named '" + self + "': set node.id");
            return;
        }
        shared.know(coming.replica(), true);
        if (Shared.isAbove(coming.standing().promised(), shared.promised())) {
            shared.promise(coming.standing().promised());
            refuse(coming.link(), "the replica has promised a higher epoch");
        } else if (epoch == 0 && !soon || links.size() >= LINKS_MAX) {
            refuse(coming.link(), epoch == 0 ? "this node is not the primary" : "too many replicas");
        } else {
            String node = coming.replica().node();
            for (Link earlier : List.copyOf(links.values())) {
                if (earlier.replica.node().equals(node)) {
                    links.remove(earlier.id);
                    // It may be the newer one, whose Hello was faster: its replica comes again.
                    refuse(earlier.id, "another connection of the same node took its place");
                }
            }
            acknowledgements.forget(node);
            links.put(coming.link(), new Link(coming));
            heard.put(node, shared.now());
        }
    }

    private void refuse(long link, String why) {
        shared.add(new Action.RefuseReplica(link, why));
    }

    void has(Event.ReplicaHas said) {
        Link link = links.get(said.link());
        if (link == null || !link.admitted) {
            return;
        }
        heard.put(link.replica.node(), shared.now());
        said.durable().forEach((database, place) -> link.durable.merge(database, place, Leading::further));
        link.applied.putAll(said.applied());
        if (said.complete() && !link.complete) {
            link.complete = true;
            acknowledgements.acknowledged(link.replica.node(), link.durable);
        } else if (link.complete) {
            acknowledgements.acknowledged(link.replica.node(), said.durable());
        }
    }

    private static Place further(Place one, Place other) {
        return Shared.isAbove(one.txid(), other.txid()) ? one : other;
    }

    void heard(long id) {
        Link link = links.get(id);
        if (link != null) {
            heard.put(link.replica.node(), shared.now());
        }
    }

    void gone(long id) {
        links.remove(id);
    }

    // ---- voters

    /** Takes replicas in, and keeps the voters. */
    void advance() {
        if (epoch == 0) {
            return;
        }
        for (Link link : links.values()) {
            if (!link.admitted) {
                link.admitted = true;
                shared.add(new Action.Admit(link.id, epoch, start));
            }
        }
        keepVoters();
        acknowledgements.advance();
    }

    private void keepVoters() {
        Lease.Status lease = shared.lease();
        Optional<Quorum> proven = lease.quorum().filter(quorum -> quorum.epoch() == epoch);
        if (storing != null && proven.isPresent() && proven.get().equals(storing)) {
            storing = null;
        }
        List<Quorum> all = new ArrayList<>(lease.quorumsPossible());
        proven.ifPresent(all::add);
        if (storing != null) {
            all.add(storing);
        }
        acknowledgements.quorums(all.stream()
                .filter(quorum -> quorum.epoch() == epoch)
                .map(quorum -> quorum.voters().stream().map(Quorum.Voter::node).collect(Collectors.toSet()))
                .distinct()
                .toList());
        if (proven.isEmpty()
                || storing != null
                || !lease.quorumsPossible().isEmpty()
                || lease.epochHolding() != epoch) {
            return;
        }
        Quorum wanted = wanted(proven.get());
        if (!wanted.equals(proven.get())) {
            storing = wanted;
            shared.add(new Action.StoreQuorum(wanted));
        }
    }

    /** The quorum with which this node begins. */
    Quorum first(long newEpoch) {
        return quorum(newEpoch, List.of());
    }

    private Quorum wanted(Quorum proven) {
        Map<String, Quorum.Voter> voters = new TreeMap<>();
        proven.voters().forEach(voter -> {
            heard.putIfAbsent(voter.node(), shared.now());
            voters.put(voter.node(), voter);
        });
        for (Link link : links.values()) {
            String node = link.replica.node();
            if (link.complete && !isSilent(node)) {
                voters.put(node, new Quorum.Voter(node, link.replica.advertise()));
            }
        }
        for (Quorum.Voter voter : proven.voters()) {
            Set<String> others = new LinkedHashSet<>(voters.keySet());
            others.remove(voter.node());
            if (isSilent(voter.node()) && acknowledgements.isSafeWith(others, shared.settings.acks())) {
                voters.remove(voter.node());
            }
        }
        return quorum(epoch, List.copyOf(voters.values()));
    }

    private boolean isSilent(String node) {
        Long last = heard.get(node);
        return last == null || shared.isPast(last + shared.ttlNanos());
    }

    private Quorum quorum(long of, List<Quorum.Voter> voters) {
        ClusterSettings settings = shared.settings;
        return new Quorum(
                of,
                settings.self().node(),
                settings.self().advertise(),
                voters,
                settings.acks(),
                settings.archiveWaits());
    }

    // ---- to whom the role can go

    /** A replica that can be given the role. */
    record Successor(Peer peer, String process) {}

    /**
     * The replica that is furthest of those that have this primary's history.
     *
     * @param node its name; empty for any
     */
    Optional<Successor> successor(Optional<String> node) {
        Map<String, Place> own = shared.positions();
        Link best = null;
        long bestBehind = 0;
        for (Link link : links.values()) {
            if (link.complete && (node.isEmpty() || node.get().equals(link.replica.node()))) {
                long behind = behind(own, link);
                if (best == null || behind < bestBehind) {
                    best = link;
                    bestBehind = behind;
                }
            }
        }
        return best == null ? Optional.empty() : Optional.of(new Successor(best.replica, best.process));
    }

    private static long behind(Map<String, Place> own, Link link) {
        long behind = 0;
        for (Map.Entry<String, Place> entry : own.entrySet()) {
            long has = Ranking.txid(link.durable.get(entry.getKey()));
            behind += Math.max(0, entry.getValue().txid() - has);
        }
        return behind;
    }

    /** Whether a replica has everything, durably, and has applied what it got since it came. */
    boolean hasAll(Successor successor, Map<String, Place> everything) {
        for (Link link : links.values()) {
            if (link.complete && link.replica.equals(successor.peer()) && link.process.equals(successor.process())) {
                return Ranking.covers(link.durable, everything)
                        && link.applied.entrySet().stream()
                                .allMatch(entry -> !Shared.isAbove(
                                        Ranking.txid(everything.get(entry.getKey())),
                                        entry.getValue().txid()));
            }
        }
        return false;
    }

    /** Whether a replica is still there. */
    boolean isThere(Successor successor) {
        return links.values().stream().anyMatch(link -> link.process.equals(successor.process()));
    }
}
