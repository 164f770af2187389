package io.ltxfs.node.roles;

import io.ltxfs.lease.Lease;
import io.ltxfs.lease.LeaseRecord;
import io.ltxfs.node.cluster.Event;
import io.ltxfs.node.cluster.Peer;
import io.ltxfs.node.cluster.Standing;
import io.ltxfs.node.cluster.Standing.Place;
import io.ltxfs.node.replication.EpochGate;
import io.ltxfs.node.replication.HeartbeatFacts;
import io.ltxfs.node.replication.Member;
import io.ltxfs.node.replication.PeerHandler;
import io.ltxfs.node.replication.Refused;
import io.ltxfs.node.replication.ReplicaLink;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** What this node answers its peers: each request becomes an event, each answer comes from an action. For all threads. */
final class PeerSide implements PeerHandler {
    private final Member self;
    private final EpochGate gate;
    private final Lease lease;
    private final CommitGate commits;
    private final Consumer<Event> tell;
    private final Supplier<ClusterLoop.Shown> shown;
    private final Supplier<Standing> standing;
    private final Sights sights;
    private final ReplicaProgress progress;

    /** By number; the number of a link is also that of its admission. */
    private final Map<Long, ReplicaLink> links = new ConcurrentHashMap<>();

    /** What those that were not admitted yet say that they have. */
    private final Map<Long, Standing> coming = new ConcurrentHashMap<>();

    private final Map<ReplicaLink, Long> numbers = new ConcurrentHashMap<>();
    private final Pending<Admission> admissions;
    private final Pending<Standing> seals;
    private final Pending<Long> handOvers;

    /** The epoch of the last offer of the lease. */
    private volatile long offered;

    PeerSide(
            Member self,
            EpochGate gate,
            Lease lease,
            CommitGate commits,
            Consumer<Event> tell,
            Supplier<ClusterLoop.Shown> shown,
            Supplier<Standing> standing,
            Sights sights,
            ReplicaProgress progress,
            AtomicLong requests) {
        this.self = self;
        this.gate = gate;
        this.lease = lease;
        this.commits = commits;
        this.tell = tell;
        this.shown = shown;
        this.standing = standing;
        this.sights = sights;
        this.progress = progress;
        this.admissions = new Pending<>(requests);
        this.seals = new Pending<>(requests);
        this.handOvers = new Pending<>(requests);
    }

    static Peer peer(Member member) {
        return new Peer(member.node(), member.advertise());
    }

    @Override
    public Member self() {
        return self;
    }

    @Override
    public long promised() {
        return gate.promised();
    }

    @Override
    public Optional<Member> primary() {
        if (commits.isAccepting()) {
            return Optional.of(self);
        }
        Optional<LeaseRecord> record = lease.status().seen().map(Lease.Seen::record);
        if (record.isPresent() && record.get().state() == LeaseRecord.State.HELD) {
            LeaseRecord holder = record.get();
            return holder.holder().equals(self.process())
                    ? Optional.empty()
                    : Optional.of(new Member(holder.node(), holder.holder(), holder.advertise()));
        }
        return shown.get()
                .status()
                .primary()
                .filter(peer -> !peer.node().equals(self.node()))
                .map(peer -> sights.member(peer.node()).orElse(new Member(peer.node(), "", peer.advertise())));
    }

    @Override
    public CompletionStage<Admission> replicaComes(ReplicaLink link, Standing standing) {
        CompletableFuture<Admission> answer = new CompletableFuture<>();
        long number = admissions.add(answer);
        links.put(number, link);
        numbers.put(link, number);
        sights.heard(link.replica());
        coming.put(number, standing);
        tell.accept(new Event.ReplicaComes(
                number, peer(link.replica()), link.replica().process(), standing));
        return answer;
    }

    @Override
    public void acknowledged(
            ReplicaLink link, Map<String, Place> durable, Map<String, Place> applied, boolean historyComplete) {
        Long number = numbers.get(link);
        if (number != null) {
            sights.heard(link.replica());
            progress.applied(link.replica().node(), number, applied);
            tell.accept(new Event.ReplicaHas(number, durable, applied, historyComplete));
        }
    }

    @Override
    public void heard(ReplicaLink link) {
        Long number = numbers.get(link);
        if (number != null) {
            sights.heard(link.replica());
            tell.accept(new Event.ReplicaHeard(number));
        }
    }

    @Override
    public void promiseSeen(long promised) {
        tell.accept(new Event.PromiseSeen(promised));
        lease.sighted("", promised);
    }

    @Override
    public void replicaGone(ReplicaLink link, String why) {
        Long number = numbers.remove(link);
        if (number != null) {
            links.remove(number);
            coming.remove(number);
            admissions.take(number);
            progress.gone(link.replica().node(), number);
            tell.accept(new Event.ReplicaGone(number));
        }
    }

    @Override
    public CompletionStage<Standing> seal(Member candidate, long epoch) {
        CompletableFuture<Standing> answer = new CompletableFuture<>();
        sights.heard(candidate);
        tell.accept(new Event.SealAsked(seals.add(answer), peer(candidate), epoch));
        return answer;
    }

    @Override
    public Standing standing() {
        return standing.get();
    }

    @Override
    public boolean acceptsCommits() {
        return commits.mayCommit() == 0;
    }

    @Override
    public CompletionStage<Long> handOver(Member successor) {
        CompletableFuture<Long> answer = new CompletableFuture<>();
        sights.heard(successor);
        tell.accept(new Event.HandOverAsked(handOvers.add(answer), peer(successor), successor.process()));
        return answer;
    }

    @Override
    public HeartbeatFacts heartbeat() {
        List<Member> members = new ArrayList<>();
        for (Peer peer : shown.get().members()) {
            // Those that follow are told of with their process: the others then know that they live.
            boolean follows = progress.follows(peer.node());
            members.add(
                    peer.node().equals(self.node())
                            ? self
                            : sights.member(peer.node())
                                    .filter(member -> follows)
                                    .orElse(new Member(peer.node(), "", peer.advertise())));
        }
        return new HeartbeatFacts(lease.etag().orElse(""), members);
    }

    /** Takes a replica in. */
    void admit(long link, Admission admission) {
        ReplicaLink admitted = links.get(link);
        Standing standing = coming.remove(link);
        if (admitted != null && standing != null) {
            progress.comes(admitted.replica().node(), link, standing.positions());
        }
        admissions.take(link).ifPresent(answer -> answer.complete(admission));
    }

    /** Does not take a replica in. */
    void refuse(long link, String why) {
        ReplicaLink refused = links.remove(link);
        coming.remove(link);
        if (refused != null) {
            numbers.remove(refused);
            progress.gone(refused.replica().node(), link);
        }
        var waiting = admissions.take(link);
        waiting.ifPresent(answer -> answer.completeExceptionally(new Refused(why)));
        if (waiting.isEmpty() && refused != null) {
            refused.close(why);
        }
    }

    /** Answers a candidate that this node has promised. */
    void answerSeal(long request, Standing standing) {
        seals.take(request).ifPresent(answer -> answer.complete(standing));
    }

    /** Answers a candidate that it has promised more. */
    void refuseSeal(long request, long promised) {
        seals.take(request)
                .ifPresent(answer -> answer.completeExceptionally(new Refused(
                        "epoch " + Long.toUnsignedString(promised) + " is promised; stand again under a higher one")));
    }

    /** The lease was offered to another. */
    void offered(long epoch) {
        offered = epoch;
    }

    /** Answers one who asked for the role, if it was one. */
    boolean answerHandOver(long request, boolean done, String text) {
        Optional<CompletableFuture<Long>> answer = handOvers.take(request);
        answer.ifPresent(asked -> {
            if (done) {
                asked.complete(offered);
            } else {
                asked.completeExceptionally(new Refused(text));
            }
        });
        return answer.isPresent();
    }

    /** The node stops. */
    void close() {
        Refused stopping = new Refused("the node stops");
        admissions.failAll(stopping);
        seals.failAll(stopping);
        handOvers.failAll(stopping);
    }
}
