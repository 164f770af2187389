package io.ltxfs.lease;

import io.ltxfs.lease.LeaseRecord.State;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The rules of the lease, without a clock, a thread or a store of its own: it is told the time and what became of its
 * requests, and says what to ask of the store next. At most one request is under way (rule 10).
 *
 * <p>Times are nanoseconds of one monotonic clock of this machine that goes on while the machine sleeps (rule 6). Clocks
 * of different machines are never compared (rule 4): a holder counts from the moment at which it sent what it holds by,
 * a candidate from the moment at which it first saw the version that it waits for to expire.
 *
 * <p>An epoch that was lost never comes back: whoever lost it acquires the lease anew, under the next one.
 *
 * <p>Not thread-safe but for {@link #epochHeldAt}, which any thread may ask at any time.
 */
public final class LeaseMachine {

    /**
     * A time during which this process may commit.
     *
     * @param epoch under which it does
     * @param deadlineNanos from then on it may not, unless a later term says so
     */
    private record Term(long epoch, long deadlineNanos) {
        boolean holdsAt(long nowNanos) {
            return deadlineNanos - nowNanos > 0;
        }
    }

    /** A request under way. */
    private record UnderWay(LeaseRequest request, long sentAt, long number) {}

    /** To whom the lease is being given. */
    private record Successor(String holder, String node, String advertise, boolean vouched) {}

    /** The lease that this process holds, or believes that it may hold. */
    private static final class Holding {
        final long epoch;
        final boolean vouched;
        final QuorumWrites quorums;
        String etag;
        long deadline;
        /** Whether a write of which this process knows that it was done proves it. */
        boolean proven;

        long renewAt;
        boolean renewNow;
        boolean releasing;

        @Nullable
        Successor successor;

        Holding(LeaseRecord record, String etag, long deadline) {
            this.epoch = record.epoch();
            this.vouched = record.vouched();
            this.quorums = new QuorumWrites(record.quorum());
            this.etag = etag;
            this.deadline = deadline;
        }

        boolean isLeaving() {
            return releasing || successor != null;
        }
    }

    private final LeaseSettings settings;
    private final Supplier<String> nonces;
    private final LeaseView view;

    private boolean candidate;
    /** How much longer than needed this process waits. */
    private long delay;

    private long notBefore;
    private boolean waits;
    /** A write was not done: the next one comes a little later. */
    private long retryAt;

    private boolean waitsForRetry;

    private @Nullable UnderWay underWay;
    private @Nullable Holding holding;
    /** The last epoch that this process held and lost. */
    private long lostEpoch;

    /** A write of ours of which it is not known whether it was done, and when it was sent. */
    private @Nullable UnderWay unsettled;

    /** How many requests were made; which one at least is to show that the lease is held; the last that did. */
    private long requests;

    private long toConfirm;
    private long confirmed;
    private long confirmAt;

    private boolean readNow;
    private long nextReadAt;
    private boolean polled;
    private volatile long lastPoll;
    /** What was sent before does not show that this process is not in a pause (rule 8). */
    private long freshFrom;

    private boolean paused;
    private volatile @Nullable Term term;

    /**
     * A process that holds nothing.
     *
     * @param epochMax the highest epoch that this node has ever seen, as it remembers; 0 for none (rules 2 and 11)
     * @param nonces gives a text that was never given before, by any process
     */
    public LeaseMachine(LeaseSettings settings, long epochMax, Supplier<String> nonces) {
        this.settings = settings;
        this.view = new LeaseView(epochMax);
        this.nonces = nonces;
    }

    /**
     * The epoch under which this process may commit at a moment; -1 if it may not, though it may still hold the lease. Not
     * after a pause either that {@link #poll} has not noticed yet.
     */
    public long epochHeldAt(long now) {
        Term current = term;
        return current != null && current.holdsAt(now) && !isPause(now) ? current.epoch() : -1;
    }

    private boolean isPause(long now) {
        return now - lastPoll > settings.ttl().toNanos() / 3;
    }

    /** The epoch of the lease that this process holds and has not lost, though it may not commit now; -1 if none. */
    public long epochHolding() {
        Holding held = holding;
        return held != null && held.proven && !held.isLeaving() ? held.epoch : -1;
    }

    /** Everything that is known, at a moment. */
    public Lease.Status status(long now) {
        Term current = term;
        long epochHeld = epochHeldAt(now);
        Holding mine = holding;
        return new Lease.Status(
                epochHeld,
                epochHolding(),
                epochHeld >= 0 && current != null ? (current.deadlineNanos() - now) / 1_000_000 : 0,
                view.epochMax(),
                view.seen(),
                view.missing(),
                mine != null && mine.vouched,
                mine != null
                        ? mine.quorums.proven()
                        : view.seen().flatMap(seen -> seen.record().quorum()),
                mine != null ? mine.quorums.possible() : List.of(),
                alarm());
    }

    /** The ETag of the version that this process holds the lease by: the heartbeats to the others carry it. */
    public Optional<String> etag() {
        Holding held = holding;
        return held != null ? Optional.of(held.etag) : Optional.empty();
    }

    /** The highest epoch that was ever seen. */
    public long epochMax() {
        return view.epochMax();
    }

    /** Why this process must not take part now, and what to do; empty if all is well. */
    public Optional<String> alarm() {
        return Optional.ofNullable(view.alarm());
    }

    /**
     * Says whether this process is to take the lease when it can be had.
     *
     * @param delayNanos how much longer than needed it waits; what is offered to it is taken without
     */
    public void candidate(boolean wanted, long delayNanos) {
        candidate = wanted;
        delay = delayNanos;
    }

    /** Waits with taking the lease until a moment, for instance by a random time so that candidates do not meet. */
    public void notBefore(long nanos) {
        notBefore = nanos;
        waits = true;
    }

    /** Stores who acknowledges, with a renewal as soon as possible. Nothing happens if this process holds nothing. */
    public void quorum(Quorum quorum) {
        Holding held = holding;
        if (held != null && !held.isLeaving()) {
            held.quorums.want(quorum);
            held.renewNow = true;
        }
    }

    /**
     * Asks for proof that this process holds the lease: a request that is sent from now on.
     *
     * @return the number of that request: see {@link #confirmed}
     */
    public long confirm() {
        toConfirm = requests + 1;
        return toConfirm;
    }

    /** The last request that was answered in a way that proves that this process held the lease when it was sent. */
    public long confirmed() {
        return confirmed;
    }

    /** Gives the lease back as soon as possible, and is no candidate any more. From now on nothing may be committed. */
    public void release() {
        candidate = false;
        term = null;
        Holding held = holding;
        if (held != null && held.successor == null) {
            held.releasing = true;
            held.renewNow = true;
        }
    }

    /**
     * Gives the lease to another process, and is no candidate any more. From now on nothing may be committed.
     *
     * @return false, without an effect, if this process may not commit at this moment
     */
    public boolean handOver(String toHolder, String node, String advertise, boolean vouched, long now) {
        Holding held = holding;
        if (held == null || epochHeldAt(now) < 0) {
            return false;
        }
        held.successor = new Successor(toHolder, node, advertise, vouched);
        held.renewNow = true;
        candidate = false;
        term = null;
        return true;
    }

    /**
     * A peer has shown a version of the object, or an epoch that it has promised.
     *
     * @param etag empty if only the epoch is known
     */
    public void sighted(String etag, long epoch, long now) {
        Holding held = holding;
        if (held != null && Long.compareUnsigned(epoch, held.epoch) <= 0) {
            return;
        }
        if (view.hear(etag, epoch, underWay != null, now)) {
            lose(); // whoever has a higher epoch has it since this process lost its own
            nextReadAt = now;
        }
    }

    /**
     * What to ask of the store now.
     *
     * @return empty if nothing, or while a request is under way
     */
    public Optional<LeaseRequest> poll(long now) {
        noteTime(now);
        if (underWay != null) {
            return Optional.empty();
        }
        LeaseRequest request = next(now);
        if (request == null) {
            return Optional.empty();
        }
        view.asked();
        underWay = new UnderWay(request, now, ++requests);
        return Optional.of(request);
    }

    /** Ends what has ended, and notices a pause: a renewal sent after it must show that it is over (rule 8). */
    private void noteTime(long now) {
        Holding held = holding;
        if (polled && isPause(now)) {
            paused = true;
            freshFrom = now;
            term = null;
            if (held != null) {
                held.renewNow = true;
            }
        }
        lastPoll = now;
        polled = true;
        if (held != null && held.deadline - now <= 0) {
            lose();
        }
    }

    private @Nullable LeaseRequest next(long now) {
        boolean mayRead = nextReadAt - now <= 0;
        if (readNow || view.alarm() != null) {
            return mayRead ? new LeaseRequest.Read() : null;
        }
        Holding held = holding;
        if (held != null) {
            if (held.renewNow || held.renewAt - now <= 0) {
                return asHolder(held);
            }
            return toConfirm > confirmed && confirmAt - now <= 0 ? new LeaseRequest.Read() : null;
        }
        Moment takeAt = takeAt();
        if (candidate && takeAt.known && takeAt.nanos - now <= 0) {
            waitsForRetry = false;
            return take();
        }
        return mayRead ? new LeaseRequest.Read() : null;
    }

    private LeaseRequest asHolder(Holding held) {
        held.renewNow = false;
        Optional<Quorum> quorum = held.quorums.forWrite();
        Successor to = held.successor;
        if (to != null) {
            LeaseRecord offer = new LeaseRecord(
                    held.epoch + 1,
                    to.holder,
                    to.node,
                    to.advertise,
                    nonces.get(),
                    settings.ttl().toMillis(),
                    State.OFFERED,
                    to.vouched,
                    quorum);
            return new LeaseRequest.Replace(held.etag, offer);
        }
        State state = held.releasing ? State.RELEASED : State.HELD;
        return new LeaseRequest.Replace(held.etag, mine(held.epoch, state, held.vouched, quorum));
    }

    /** A moment, or none. */
    private record Moment(boolean known, long nanos) {
        Moment notBefore(boolean bound, long other) {
            return bound && other - nanos > 0 ? new Moment(known, other) : this;
        }
    }

    /** From when on this process is to take the lease, as far as is known. */
    private Moment takeAt() {
        LeaseRecord record = view.record();
        boolean mine = record != null && record.holder().equals(settings.holder());
        if (record != null && mine && record.state() == State.OFFERED) {
            return new Moment(true, view.since()).notBefore(waitsForRetry, retryAt);
        }
        // A version that names this process, which does not hold it, is held by nobody.
        boolean free = record == null || mine || record.state() == State.RELEASED;
        long wait = free || record == null ? 0 : settings.candidateNanos(record.ttlMillis());
        return new Moment(record != null || view.missing(), view.since() + wait + delay)
                .notBefore(waits, notBefore)
                .notBefore(waitsForRetry, retryAt);
    }

    private LeaseRequest take() {
        LeaseRecord record = view.record();
        String etag = view.etag();
        if (record == null || etag == null) {
            return new LeaseRequest.Create(mine(1, State.HELD, false, Optional.empty()));
        }
        boolean offered = record.state() == State.OFFERED && record.holder().equals(settings.holder());
        return new LeaseRequest.Replace(
                etag,
                mine(
                        offered ? record.epoch() : record.epoch() + 1,
                        State.HELD,
                        offered && record.vouched(),
                        record.quorum()));
    }

    private LeaseRecord mine(long epoch, State state, boolean vouched, Optional<Quorum> quorum) {
        return new LeaseRecord(
                epoch,
                settings.holder(),
                settings.node(),
                settings.advertise(),
                nonces.get(),
                settings.ttl().toMillis(),
                state,
                vouched,
                quorum);
    }

    /** When {@link #poll} wants to be called again at the latest, if nothing else happens. */
    public long wakeAt(long now) {
        long wake = now + settings.ttl().toNanos() / 10;
        Holding held = holding;
        if (held != null) {
            wake = earlier(wake, held.deadline);
        }
        if (underWay != null) {
            return wake;
        }
        if (readNow || held == null) {
            wake = earlier(wake, nextReadAt);
        } else {
            wake = earlier(wake, held.renewNow ? now : held.renewAt);
            wake = toConfirm > confirmed ? earlier(wake, confirmAt) : wake;
        }
        Moment takeAt = takeAt();
        return held == null && candidate && takeAt.known ? earlier(wake, takeAt.nanos) : wake;
    }

    private static long earlier(long a, long b) {
        return a - b < 0 ? a : b;
    }

    /** Tells what became of the request that is under way. */
    public void answer(LeaseAnswer answer, long now) {
        UnderWay sent = Objects.requireNonNull(underWay, "no request is under way");
        noteTime(now);
        underWay = null;
        if (sent.request instanceof LeaseRequest.Read) {
            read(sent, answer, now);
        } else {
            written(sent, answer, now);
        }
    }

    private void read(UnderWay sent, LeaseAnswer answer, long now) {
        nextReadAt = now + settings.pollEvery().toNanos();
        if (answer instanceof LeaseAnswer.Found found) {
            if (view.see(found.etag(), found.record(), now)) {
                readNow = false;
                settle(found, sent.number, now);
            } else if (view.alarm() != null) {
                lose();
            } else {
                nextReadAt = now;
            }
        } else if (answer instanceof LeaseAnswer.Missing) {
            missing(now);
        } else {
            nextReadAt = now + settings.ttl().toNanos() / 20;
            confirmAt = nextReadAt;
        }
    }

    private void missing(long now) {
        if (view.gone(now)) {
            readNow = false;
            unsettled = null;
            lose();
        } else {
            readNow = true;
            nextReadAt = now;
        }
    }

    /** Rule 9: what was read decides what became of a write whose answer is not known. */
    private void settle(LeaseAnswer.Found found, long number, long now) {
        UnderWay tried = unsettled;
        unsettled = null;
        Holding held = holding;
        LeaseRecord there = found.record();
        boolean mine = there.holder().equals(settings.holder()) && there.state() == State.HELD;
        if (held != null) {
            if (mine && there.epoch() == held.epoch) {
                held.quorums.prove(there.quorum());
                confirmed = number;
                if (tried != null || !held.etag.equals(found.etag())) {
                    held.etag = found.etag();
                    held.renewNow = true; // the deadline stays the old one until this renewal is known to be done
                }
            } else {
                lose();
            }
            return;
        }
        // An acquisition that was done after all: one more renewal, on this very version, must prove it.
        if (tried != null && mine && nonce(tried.request).equals(there.nonce()) && isNew(there)) {
            long deadline = tried.sentAt + settings.holderNanos();
            if (deadline - now > 0) {
                Holding ghost = new Holding(there, found.etag(), deadline);
                ghost.renewNow = true;
                ghost.releasing = !candidate;
                holding = ghost;
            }
        }
    }

    /** Whether its epoch is not one that this process has lost. */
    private boolean isNew(LeaseRecord record) {
        return Long.compareUnsigned(record.epoch(), lostEpoch) > 0;
    }

    private static String nonce(LeaseRequest request) {
        return record(request).nonce();
    }

    private static LeaseRecord record(LeaseRequest request) {
        if (request instanceof LeaseRequest.Create create) {
            return create.record();
        }
        if (request instanceof LeaseRequest.Replace replace) {
            return replace.record();
        }
        throw new IllegalArgumentException("a read writes nothing");
    }

    private void written(UnderWay sent, LeaseAnswer answer, long now) {
        if (answer instanceof LeaseAnswer.Stored stored) {
            stored(stored.etag(), record(sent.request), sent, now);
        } else if (answer instanceof LeaseAnswer.NotDone) {
            retry(now);
        } else if (answer instanceof LeaseAnswer.Missing) {
            missing(now);
        } else {
            // Refused may be the answer to a write of ours that was done before, and repeated on the way.
            unsettled = sent;
            readNow = true;
            nextReadAt = now;
        }
    }

    private void retry(long now) {
        Holding held = holding;
        if (held != null) {
            held.renewAt = now + settings.ttl().toNanos() / 20;
        } else {
            retryAt = now + settings.ttl().toNanos() / 20;
            waitsForRetry = true;
            nextReadAt = now;
        }
    }

    private void stored(String etag, LeaseRecord record, UnderWay sent, long now) {
        if (!view.see(etag, record, now)) {
            lose(); // a higher epoch became known meanwhile
            readNow = true;
            nextReadAt = now;
            return;
        }
        if (record.state() != State.HELD) {
            lose();
            return;
        }
        long deadline = sent.sentAt + settings.holderNanos();
        Holding held = holding;
        if (held == null) {
            if (!isNew(record) || deadline - now <= 0) {
                return; // nobody's: this process lost that epoch while the answer was on its way
            }
            held = new Holding(record, etag, deadline);
            held.releasing = !candidate;
            held.renewNow = !candidate;
            holding = held;
        }
        held.etag = etag;
        held.deadline = deadline;
        held.proven = true;
        held.renewAt = sent.sentAt + settings.ttl().toNanos() / 3;
        held.quorums.prove(record.quorum());
        confirmed = sent.number;
        if (held.quorums.isDue()) {
            held.renewNow = true;
        }
        if (deadline - now <= 0) {
            lose();
        } else if (paused && sent.sentAt - freshFrom < 0) {
            held.renewNow = true;
        } else {
            paused = false;
            if (!held.isLeaving()) {
                term = new Term(held.epoch, deadline);
            }
        }
    }

    private void lose() {
        Holding held = holding;
        if (held != null && Long.compareUnsigned(held.epoch, lostEpoch) > 0) {
            lostEpoch = held.epoch;
        }
        holding = null;
        term = null;
    }
}
