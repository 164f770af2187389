package io.ltxfs.node.cluster;

import io.ltxfs.lease.Lease;
import io.ltxfs.lease.LeaseRecord;
import io.ltxfs.lease.Quorum;
import io.ltxfs.node.cluster.ClusterStatus.Phase;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * The way to the primary's role and from it. What belongs to one attempt is in objects that are thrown away with it, so
 * that nothing late of an earlier one is taken for an answer of today's.
 */
final class RoleMachine {
    /** For how many TTLs an attempt that does not go on keeps others from the lease. */
    private static final int ATTEMPT_TTLS = 2;

    private enum Locks {
        GIVEN,
        TAKING,
        TAKEN,
        GIVING
    }

    private final Shared shared;
    private final Following following;
    private final Leading leading;
    private final Deferral deferral;

    private Phase phase = Phase.REPLICA;
    /** Of the lease that this node works under; 0 for none. */
    private long epoch;
    /** Of the lease that it gave back: whoever still says that it is held says what was. */
    private long releasedEpoch;

    private Optional<Quorum> quorumBefore = Optional.empty();
    private @Nullable Sealing sealing;
    private @Nullable Learning learning;
    private @Nullable HandingOver handing;
    private long progressAt;
    private String waitsFor = "";

    private boolean claimed;
    private long claimStep;
    private long claimAgainAt;
    private long claimGivenUpAt;
    private boolean quorumAsked;

    private boolean writing;
    private Locks locks = Locks.GIVEN;
    private long locksStep;
    private long locksAgainAt;

    private Action.@Nullable Candidate candidate;
    /** An attempt came to nothing: others go first. */
    private boolean abstains;

    private boolean forced;
    private boolean stopping;
    private long stopBy;
    private OptionalLong stopRequest = OptionalLong.empty();
    private final List<Promotion> promotions = new ArrayList<>();

    /** An operator who waits for this node to be primary. */
    private record Promotion(long request, long step, long until) {}

    RoleMachine(Shared shared, Following following, Leading leading) {
        this.shared = shared;
        this.following = following;
        this.leading = leading;
        this.deferral = new Deferral(shared);
        this.locksAgainAt = shared.now();
    }

    Phase phase() {
        return phase;
    }

    boolean isReplica() {
        return phase == Phase.REPLICA;
    }

    /** Whether this node has the lease and is on its way. */
    boolean isSoonPrimary() {
        return phase == Phase.SEALING || phase == Phase.LEARNING || phase == Phase.CLAIMING || phase == Phase.ACCEPTING;
    }

    /** Whether applications can write. */
    boolean isServing() {
        return (phase == Phase.PRIMARY || phase == Phase.RESIGNING) && locks == Locks.GIVEN;
    }

    // ---- events

    void sealed(Event.Sealed answer) {
        if (sealing != null) {
            sealing.sealed(answer);
        }
    }

    void sealRefused(Event.SealRefused answer) {
        if (sealing != null) {
            sealing.refused(answer);
        }
    }

    void peeked(Event.Peeked answer) {
        Optional<Peer> peer = deferral.peeked(answer);
        if (answer.primary()
                && !Shared.isAbove(shared.promised(), answer.standing().promised())) {
            peer.ifPresent(following::hint);
        }
    }

    void fetched(Event.Fetched answer) {
        if (learning != null) {
            learning.fetched(answer);
            progressAt = shared.now();
        }
    }

    void archiveRead(Event.ArchiveRead answer) {
        deferral.archiveRead(answer);
        if (learning != null) {
            learning.archiveRead(answer);
            progressAt = shared.now();
        }
    }

    void done(Event.Done answer) {
        long step = answer.step();
        if (step == locksStep) {
            locks = locks == Locks.TAKING ? Locks.TAKEN : Locks.GIVEN;
            locksStep = 0;
        } else if (step == claimStep) {
            claimStep = 0;
            claimed = true;
        }
        if (learning != null) {
            learning.done(answer);
            progressAt = shared.now();
        }
        if (handing != null) {
            handing.done(step);
        }
    }

    void failed(Event.Failed failure) {
        long step = failure.step();
        if (step == locksStep) {
            locksStep = 0;
            locksAgainAt = shared.in(0.1);
        } else if (step == claimStep) {
            claimStep = 0;
            claimAgainAt = shared.in(0.1);
            waitsFor = "the archive, to claim its epoch: " + failure.why();
        }
        if (sealing != null) {
            sealing.failed(failure);
        }
        if (learning != null) {
            learning.failed(failure);
        }
        if (handing != null) {
            handing.failed(failure);
        }
        promotions.removeIf(promotion -> {
            boolean mine = promotion.step() == failure.step();
            if (mine) {
                answer(OptionalLong.of(promotion.request()), false, failure.why());
            }
            return mine;
        });
    }

    // ---- operators

    void promote(Event.Promote command) {
        forced |= command.force() && phase != Phase.PRIMARY && phase != Phase.RESIGNING && !following.isConnected();
        OptionalLong request = OptionalLong.of(command.request());
        if (stopping) {
            answer(request, false, "this node is stopping");
        } else if (phase == Phase.PRIMARY) {
            answer(request, true, "this node is the primary already");
        } else {
            Optional<Peer> primary = following.isConnected() ? following.target() : Optional.empty();
            long step = primary.isPresent() ? shared.nextStep() : 0;
            promotions.add(new Promotion(command.request(), step, shared.in(6)));
            primary.ifPresent(peer -> shared.add(new Action.AskHandOver(step, peer)));
            abstains = false;
        }
    }

    void handOff(Event.HandOff command) {
        begin(OptionalLong.of(command.request()), command.node());
    }

    void handOverAsked(Event.HandOverAsked asked) {
        begin(OptionalLong.of(asked.request()), Optional.of(asked.successor().node()));
    }

    private void begin(OptionalLong request, Optional<String> node) {
        if (phase != Phase.PRIMARY || locks != Locks.GIVEN) {
            answer(
                    request,
                    false,
                    phase == Phase.RESIGNING ? "it gives its role away already" : "it is not the primary");
            return;
        }
        Optional<Leading.Successor> successor = leading.successor(node);
        if (successor.isEmpty()) {
            answer(
                    request,
                    false,
                    node.orElse("no replica") + " is not connected with the whole history; see 'ltxfs status'");
            return;
        }
        giveAway(successor, request);
    }

    private void giveAway(Optional<Leading.Successor> successor, OptionalLong request) {
        phase = Phase.RESIGNING;
        handing = new HandingOver(shared, leading, epoch, successor, request);
    }

    void stop(Event.Stop command) {
        stopping = true;
        stopBy = shared.now() + shared.settings.handOverMax().toNanos();
        stopRequest = OptionalLong.of(command.request());
        promotions.forEach(one -> answer(OptionalLong.of(one.request()), false, "this node is stopping"));
        promotions.clear();
    }

    private void answer(OptionalLong request, boolean done, String text) {
        request.ifPresent(id -> shared.add(new Action.Answer(id, done, text)));
    }

    // ---- going on

    /** Goes as far as it can. */
    void advance() {
        noteLease();
        switch (phase) {
            case REPLICA -> asReplica();
            case SEALING -> seal();
            case LEARNING -> learn();
            case CLAIMING -> claim();
            case ACCEPTING -> accept();
            case PRIMARY -> asPrimary();
            case RESIGNING -> resign();
            case STOPPED -> {}
        }
        keepLocks();
        stand();
        endPromotions();
    }

    private void noteLease() {
        Lease.Status lease = shared.lease();
        shared.promise(lease.epochMax());
        if (epoch != 0 && (handing == null || !handing.isOffering())) {
            if (lease.epochHolding() != epoch) {
                lose("lost the lease");
            } else if (Shared.isAbove(shared.promised(), epoch)) {
                release("a peer has promised epoch " + Long.toUnsignedString(shared.promised()));
            }
        }
        if (phase == Phase.REPLICA && lease.epochHolding() > 0 && lease.epochHolding() != releasedEpoch) {
            take(lease);
        }
    }

    /** This node has the lease: it may become primary. */
    private void take(Lease.Status lease) {
        epoch = lease.epochHolding();
        if (stopping || Shared.isAbove(shared.promised(), epoch)) {
            abstains = true;
            release("epoch " + Long.toUnsignedString(epoch) + " is not for this node");
            return;
        }
        quorumBefore = lease.quorum();
        if (!isEligible(quorumBefore)) {
            release("it has nothing of this cluster's history");
            return;
        }
        shared.promise(epoch);
        shared.say(false, "has the lease: epoch=" + Long.toUnsignedString(epoch));
        deferral.forget();
        progressAt = shared.now();
        claimed = !shared.settings.archive();
        claimStep = 0;
        claimAgainAt = shared.now();
        quorumAsked = false;
        waitsFor = "";
        boolean hasAll = lease.vouched()
                && quorumBefore
                        .filter(last -> !Shared.isAbove(last.epoch(), shared.historyEpoch()))
                        .isPresent();
        if (hasAll) {
            toClaiming();
        } else {
            phase = Phase.SEALING;
            sealing = new Sealing(shared, epoch, quorumBefore);
            seal();
        }
    }

    private boolean isEligible(Optional<Quorum> last) {
        return forced || shared.historyEpoch() != 0 || last.isEmpty();
    }

    private void seal() {
        Sealing asking = Objects.requireNonNull(sealing);
        asking.advance();
        if (asking.isOutrun()) {
            return; // the promise that was seen ends this attempt
        }
        Optional<String> missing = asking.missing(forced);
        if (missing.isPresent()) {
            waitsFor = missing.get() + " to say what they have; start them, or 'ltxfs promote --force' goes on without"
                    + " what only they have of acknowledged commits";
            giveUpIfStuck();
            return;
        }
        if (forced) {
            shared.say(true, "goes on by force: acknowledged commits that only others have are lost");
        }
        learning = new Learning(shared, epoch, quorumBefore, asking.standings());
        sealing = null;
        waitsFor = "";
        progressAt = shared.now();
        phase = Phase.LEARNING;
        learn();
    }

    private void learn() {
        Learning fetching = Objects.requireNonNull(learning);
        if (forced) {
            fetching.force();
        }
        fetching.advance();
        if (fetching.isDone()) {
            learning = null;
            toClaiming();
            return;
        }
        waitsFor = fetching.waitsFor();
        if (fetching.isBusy()) {
            progressAt = shared.now();
        }
        giveUpIfStuck();
    }

    private void toClaiming() {
        waitsFor = "";
        progressAt = shared.now();
        claimGivenUpAt = shared.in(1);
        phase = Phase.CLAIMING;
        claim();
    }

    private void claim() {
        askClaim();
        boolean needed = shared.settings.archiveWaits()
                || quorumBefore.map(Quorum::archive).orElse(false);
        if (claimed || (forced || !needed) && shared.isPast(claimGivenUpAt)) {
            waitsFor = "";
            progressAt = shared.now();
            phase = Phase.ACCEPTING;
            accept();
        } else {
            giveUpIfStuck();
        }
    }

    private void askClaim() {
        if (!claimed && claimStep == 0 && shared.isPast(claimAgainAt)) {
            claimStep = shared.nextStep();
            shared.add(new Action.Claim(claimStep, epoch));
        }
    }

    private void accept() {
        shared.rememberHistory(epoch);
        if (!shared.hasHistory(epoch) || !shared.hasPromised(epoch)) {
            if (shared.memoryFails()) {
                waitsFor = "its own disk, to remember its epoch";
                giveUpIfStuck();
            }
            return;
        }
        Quorum own = leading.first(epoch);
        if (!quorumAsked) {
            quorumAsked = true;
            shared.add(new Action.StoreQuorum(own));
        }
        if (shared.lease().quorum().filter(own::equals).isEmpty()) {
            waitsFor = "the lease's store, to take down that it is primary";
            return;
        }
        waitsFor = "";
        abstains = false;
        forced = false;
        phase = Phase.PRIMARY;
        leading.begin(epoch, shared.positions());
        writing = true;
        shared.add(new Action.AcceptWrites(epoch));
        locks = Locks.GIVING;
        locksStep = shared.nextStep();
        shared.add(new Action.GiveLocks(locksStep));
        shared.say(false, "is primary: epoch=" + Long.toUnsignedString(epoch));
    }

    private void asPrimary() {
        askClaim();
        leading.advance();
        if (stopping && (locks == Locks.GIVEN || shared.isPast(stopBy))) {
            giveAway(leading.successor(Optional.empty()), OptionalLong.empty());
            resign();
        }
    }

    private void resign() {
        leading.advance();
        HandingOver giving = Objects.requireNonNull(handing);
        giving.advance();
        if (!giving.isOver()) {
            return;
        }
        handing = null;
        Optional<String> failure = giving.failure();
        if (failure.isPresent()) {
            phase = Phase.PRIMARY;
            shared.say(true, "did not hand over to " + giving.to() + ": " + failure.get());
            answer(giving.request(), false, failure.get());
            if (stopping) {
                giveAway(Optional.empty(), OptionalLong.empty());
            }
            return;
        }
        boolean shown = giving.isShown();
        releasedEpoch = epoch;
        candidate = null; // the lease has forgotten whether this process is one
        locks = Locks.TAKEN;
        lose("gave the role to " + giving.to());
        answer(giving.request(), shown, shown ? "gave the role to " + giving.to() : "the lease went elsewhere");
    }

    /** Lets others try, if this attempt has not gone on for long. */
    private void giveUpIfStuck() {
        if (!forced && shared.isPast(progressAt + ATTEMPT_TTLS * shared.ttlNanos())) {
            abstains = true;
            release("waits in vain for " + waitsFor);
        }
    }

    private void release(String why) {
        releasedEpoch = epoch;
        String wait = waitsFor;
        lose(why);
        waitsFor = wait;
        shared.add(new Action.ReleaseLease());
        candidate = null;
    }

    /** This node has no lease any more: nothing of what it was about to do is done. */
    private void lose(String why) {
        if (writing) {
            writing = false;
            shared.add(new Action.RefuseWrites());
        }
        shared.say(false, "is no holder of the lease: epoch=" + Long.toUnsignedString(epoch) + " why=\"" + why + "\"");
        leading.end(why);
        epoch = 0;
        phase = Phase.REPLICA;
        sealing = null;
        learning = null;
        HandingOver giving = handing;
        handing = null;
        if (giving != null) {
            answer(giving.request(), false, why);
        }
        claimStep = 0;
        waitsFor = "";
    }

    // ---- as a replica

    private void asReplica() {
        if (stopping) {
            if (isLeaseGone() || shared.isPast(stopBy + shared.ttlNanos())) {
                phase = Phase.STOPPED;
                answer(stopRequest, true, "has no lease");
            }
            return;
        }
        if (following.isConnected()) {
            abstains = false;
            forced = false;
            deferral.forget();
        } else {
            deferral.advance();
        }
    }

    /** Whether the store does not name this process as the holder any more, as far as is known. */
    private boolean isLeaseGone() {
        return shared.lease()
                .seen()
                .map(Lease.Seen::record)
                .filter(record -> record.state() == LeaseRecord.State.HELD)
                .filter(record -> record.holder().equals(shared.settings.process()))
                .isEmpty();
    }

    /** Tells the lease whether, and how late, this node wants it. */
    private void stand() {
        Lease.Status lease = shared.lease();
        boolean known = lease.missing() || lease.seen().isPresent() || epoch != 0;
        Optional<Quorum> last = lease.seen().flatMap(seen -> seen.record().quorum());
        boolean wanted = !stopping && (epoch != 0 || forced || shared.historyEpoch() != 0 || known && isEligible(last));
        Duration delay = Duration.ZERO;
        if (promotions.isEmpty() && epoch == 0 && !following.isConnected()) {
            delay = abstains
                    ? shared.settings.ttl()
                    : deferral.better().isPresent() ? shared.settings.ttl().dividedBy(2) : Duration.ZERO;
        }
        Action.Candidate now = new Action.Candidate(wanted, delay);
        if (!now.equals(candidate)) {
            candidate = now;
            shared.add(now);
        }
    }

    private void endPromotions() {
        promotions.removeIf(promotion -> {
            boolean done = phase == Phase.PRIMARY && locks == Locks.GIVEN;
            if (done) {
                answer(OptionalLong.of(promotion.request()), true, "this node is the primary");
            } else if (shared.isPast(promotion.until())) {
                String why = waitsFor.isEmpty() ? "it has not become primary yet" : "it waits for " + waitsFor;
                answer(OptionalLong.of(promotion.request()), false, why);
                return true;
            }
            return done;
        });
    }

    // ---- SQLite's locks

    /** A node that is not primary has all write locks. */
    private void keepLocks() {
        boolean give = phase == Phase.PRIMARY || phase == Phase.RESIGNING;
        if (give && locks == Locks.GIVING && locksStep == 0 && shared.isPast(locksAgainAt)) {
            locksStep = shared.nextStep();
            shared.add(new Action.GiveLocks(locksStep));
        }
        boolean take = phase != Phase.STOPPED && !give && locks != Locks.TAKEN;
        if (take && (locks != Locks.TAKING || locksStep == 0 && shared.isPast(locksAgainAt))) {
            locks = Locks.TAKING;
            locksStep = shared.nextStep();
            shared.add(new Action.TakeLocks(locksStep, shared.settings.ttl(), true));
        }
    }

    // ---- what is shown

    long epoch() {
        return epoch;
    }

    /** What it waits for, for people. */
    Optional<String> waitsFor() {
        if (!waitsFor.isEmpty()) {
            return Optional.of(waitsFor);
        }
        if (phase == Phase.REPLICA && !following.isConnected()) {
            Optional<Quorum> last =
                    shared.lease().seen().flatMap(seen -> seen.record().quorum());
            if (last.isPresent() && !isEligible(last)) {
                return Optional.of("a node that has this cluster's history, as "
                        + last.get().node()
                        + " had, and does not stand for the lease itself: it has nothing of it; start the others, or"
                        + " 'ltxfs promote --force' begins with what is here");
            }
            return deferral.better().map(better -> better + ", which has more, to become primary");
        }
        return Optional.empty();
    }
}
