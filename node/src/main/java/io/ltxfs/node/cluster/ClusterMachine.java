package io.ltxfs.node.cluster;

import io.ltxfs.lease.Lease;
import io.ltxfs.lease.LeaseRecord;
import io.ltxfs.lease.Quorum;
import io.ltxfs.node.cluster.ClusterStatus.Phase;
import io.ltxfs.node.cluster.ClusterStatus.Role;
import io.ltxfs.node.cluster.Standing.Place;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * What a node of a cluster decides (decision 11): told what happened, it says what to do. Time is the nanoseconds of one
 * monotonic clock that goes on while the machine sleeps. For one thread.
 *
 * <p>Its parts look at what is known after each event and say what follows from it; what must wait for something durable is
 * said once that has been told. A promise is one promise, whoever asked for it: a candidate, a stream, the lease or this
 * node itself.
 */
public final class ClusterMachine {
    private final Shared shared;
    private final Following following;
    private final Acknowledgements acknowledgements;
    private final Leading leading;
    private final RoleMachine roles;
    private final Seals seals;
    private long sighted;

    /**
     * A node that was just started. It takes nothing, follows nobody, and holds no lease.
     *
     * @param memory as it was remembered, durably
     * @param positions the last durable transaction of every database that there is or was, but for those moved aside.
     *     Asked only while an event is told
     */
    public ClusterMachine(
            ClusterSettings settings, ClusterMemory memory, Supplier<Map<String, Place>> positions, long now) {
        shared = new Shared(settings, memory, positions, now);
        following = new Following(shared);
        acknowledgements = new Acknowledgements(shared);
        leading = new Leading(shared, acknowledgements);
        roles = new RoleMachine(shared, following, leading);
        seals = new Seals(shared);
    }

    /** Tells what happened. @return what to do, in order, before the next event is told */
    public List<Action> on(Event event, long now) {
        shared.time(now);
        tell(event);
        roles.advance();
        following.advance(roles.isReplica());
        sight();
        // What a promise ends has been ended; it is remembered now, and whoever asked for it is answered after that.
        shared.remember();
        seals.advance();
        return shared.takeActions();
    }

    private void tell(Event event) {
        if (event instanceof Event.LeaseIs is) {
            lease(is.status());
        } else if (event instanceof Event.Remembered done) {
            shared.remembered(done.memory());
        } else if (event instanceof Event.NotRemembered failed) {
            shared.notRemembered(failed.why());
        } else if (event instanceof Event.PeersSeen seen) {
            seen.peers().forEach(peer -> shared.know(peer, false));
        } else if (event instanceof Event.PromiseSeen seen) {
            shared.promise(seen.promised());
        } else if (event instanceof Event.Failed failed) {
            roles.failed(failed);
            acknowledgements.failed(failed);
        } else if (!tellCandidate(event) && !tellFollower(event) && !tellPrimary(event)) {
            tellOperator(event);
        }
    }

    private void lease(Lease.Status status) {
        shared.lease(status);
        status.seen().map(Lease.Seen::record).ifPresent(record -> {
            if (record.state() != LeaseRecord.State.RELEASED) {
                shared.know(new Peer(record.node(), record.advertise()), true);
            }
        });
        status.quorum().ifPresent(quorum -> {
            shared.know(new Peer(quorum.node(), quorum.advertise()), false);
            for (Quorum.Voter voter : quorum.voters()) {
                shared.know(new Peer(voter.node(), voter.advertise()), false);
            }
        });
    }

    /** Somebody has a higher epoch than the lease shows here: it is to be read again. */
    private void sight() {
        long promised = shared.promised();
        if (Shared.isAbove(promised, shared.lease().epochMax()) && Shared.isAbove(promised, sighted)) {
            sighted = promised;
            shared.add(new Action.Sight(promised));
        }
    }

    /** Answers to what this node asked. */
    private boolean tellCandidate(Event event) {
        if (event instanceof Event.Sealed sealed) {
            roles.sealed(sealed);
        } else if (event instanceof Event.SealRefused refused) {
            roles.sealRefused(refused);
        } else if (event instanceof Event.Peeked peeked) {
            roles.peeked(peeked);
        } else if (event instanceof Event.Fetched fetched) {
            roles.fetched(fetched);
        } else if (event instanceof Event.ArchiveRead read) {
            roles.archiveRead(read);
        } else if (event instanceof Event.Done done) {
            roles.done(done);
        } else {
            return false;
        }
        return true;
    }

    /** What comes to a replica. */
    private boolean tellFollower(Event event) {
        if (event instanceof Event.SealAsked asked) {
            seals.asked(asked);
        } else if (event instanceof Event.Welcomed welcomed) {
            following.welcomed(welcomed);
        } else if (event instanceof Event.TakenDurably taken) {
            following.taken(taken);
        } else if (event instanceof Event.AsideDurably moved) {
            following.movedAside(moved);
        } else if (event instanceof Event.Disconnected end) {
            following.disconnected(end);
        } else {
            return false;
        }
        return true;
    }

    /** What comes to a primary. */
    private boolean tellPrimary(Event event) {
        if (event instanceof Event.ReplicaComes coming) {
            leading.comes(coming, roles.isSoonPrimary());
        } else if (event instanceof Event.ReplicaHas has) {
            leading.has(has);
        } else if (event instanceof Event.ReplicaHeard heard) {
            leading.heard(heard.link());
        } else if (event instanceof Event.ReplicaGone gone) {
            leading.gone(gone.link());
        } else if (event instanceof Event.CommitWaits commit) {
            commitWaits(commit);
        } else if (event instanceof Event.Archived archived) {
            acknowledgements.archived(archived);
        } else if (event instanceof Event.LeaseProven proven) {
            acknowledgements.proven(proven, roles.epoch());
        } else {
            return false;
        }
        return true;
    }

    private void commitWaits(Event.CommitWaits commit) {
        if (roles.phase() == Phase.PRIMARY || roles.phase() == Phase.RESIGNING) {
            acknowledgements.waits(commit);
        } else {
            shared.add(new Action.AnswerCommits(List.of(commit.commit()), Action.Outcome.UNKNOWN));
        }
    }

    private void tellOperator(Event event) {
        if (event instanceof Event.Promote promote) {
            roles.promote(promote);
        } else if (event instanceof Event.HandOff handOff) {
            roles.handOff(handOff);
        } else if (event instanceof Event.HandOverAsked asked) {
            roles.handOverAsked(asked);
        } else if (event instanceof Event.Stop stop) {
            roles.stop(stop);
        }
    }

    /** When it wants to be told of the time at the latest. */
    public long wakeAt(long now) {
        long look = Math.max(5_000_000, Math.min(100_000_000, shared.ttlNanos() / 20));
        return acknowledgements.wakeAt(now + look);
    }

    /** What the node shows. */
    public ClusterStatus status(long now) {
        shared.time(now);
        Role role = roles.isServing()
                ? Role.PRIMARY
                : roles.isReplica() && following.hasFollowed() ? Role.REPLICA : Role.STARTING;
        Optional<Peer> primary = roles.phase() == Phase.PRIMARY || roles.phase() == Phase.RESIGNING
                ? Optional.of(shared.settings.self())
                : following.target();
        List<String> voters = shared.lease()
                .quorum()
                .map(quorum -> quorum.voters().stream().map(Quorum.Voter::node).toList())
                .orElse(List.of());
        return new ClusterStatus(
                role,
                roles.phase(),
                shared.promised(),
                shared.memory().historyEpoch(),
                primary,
                following.isConnected(),
                waitsFor(),
                voters,
                acknowledgements.degraded(),
                acknowledgements.waiting());
    }

    private Optional<String> waitsFor() {
        return roles.waitsFor()
                .or(() -> acknowledgements
                        .overdue()
                        .map(database -> "a commit of " + database + " waits for its durability longer than it should"))
                .or(() -> roles.isReplica() && !following.problem().isEmpty() && !following.isConnected()
                        ? Optional.of("the primary: " + following.problem())
                        : Optional.empty());
    }

    /** What this node says that it has. */
    public Standing standing() {
        return shared.standing();
    }

    /** This node and its peers, for the heartbeats of a primary. */
    public List<Peer> members() {
        List<Peer> members = new ArrayList<>();
        members.add(shared.settings.self());
        members.addAll(shared.memory().peers());
        return members;
    }
}
