package io.ltxfs.lease;

import io.ltxfs.lease.LeaseRecord.State;
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
 * <p>Not thread-safe but for {@link #term}, whose value may be read by any thread at any time.
 */
public final class LeaseMachine {

    /**
     * A time during which this process may commit.
     *
     * @param epoch under which it does
     * @param deadlineNanos from then on it may not, unless a later term says so
     */
    public record Term(long epoch, long deadlineNanos) {
        /** Whether it may commit at a moment. */
        public boolean holdsAt(long nowNanos) {
            return deadlineNanos - nowNanos > 0;
        }
    }

    /** A request under way. */
    private record UnderWay(LeaseRequest request, long sentAt) {}

    /** The lease that this process holds, or believes that it may hold. */
    private static final class Holding {
        final long epoch;
        String etag;
        /** By the last proven write; not valid before the first. */
        long deadline;
        /** Whether a write of which this process knows that it was done proves it. */
        boolean proven;

        long renewAt;

        Holding(long epoch, String etag) {
            this.epoch = epoch;
            this.etag = etag;
        }
    }

    private final LeaseSettings settings;
    private final Supplier<String> nonces;

    private boolean candidate;
    private boolean releasing;
    private @Nullable Successor successor;

    private @Nullable UnderWay underWay;
    private @Nullable Holding holding;

    /** The nonce of a write of ours of which we do not know whether it was done. */
    private @Nullable LeaseRecord unsettled;

    private long unsettledSentAt;
    private boolean readNow;

    private @Nullable String seenEtag;
    private @Nullable LeaseRecord seen;
    private long firstSight;
    private boolean everSeen;
    private boolean knownMissing;
    private long epochMax;
    private long nextReadAt;
    private long notBefore;
    private long lastPoll;
    private boolean polled;
    private @Nullable String alarm;
    private volatile @Nullable Term term;

    /** To whom the lease is being given. */
    private record Successor(String holder, String node, String advertise) {}

    /**
     * A process that holds nothing.
     *
     * @param epochMax the highest epoch that this node has ever seen, as it remembers; 0 for none (rules 2 and 11)
     * @param nonces gives a text that was never given before, by any process
     */
    public LeaseMachine(LeaseSettings settings, long epochMax, Supplier<String> nonces) {
        this.settings = settings;
        this.epochMax = epochMax;
        this.everSeen = epochMax != 0;
        this.nonces = nonces;
    }

    /** What this process may do; null if it holds nothing. */
    public @Nullable Term term() {
        return term;
    }

    /** The object as it was last seen. */
    public Optional<LeaseRecord> seen() {
        return Optional.ofNullable(seen);
    }

    /** The ETag of the object as it was last seen or written: the heartbeats to the others carry it. */
    public Optional<String> etag() {
        return Optional.ofNullable(holding != null ? holding.etag : seenEtag);
    }

    /** The highest epoch that was ever seen. */
    public long epochMax() {
        return epochMax;
    }

    /** Why this process must not take part any more, and what to do; empty if all is well. */
    public Optional<String> alarm() {
        return Optional.ofNullable(alarm);
    }

    /** Says whether this process is to take the lease when it can be had. */
    public void candidate(boolean wanted) {
        candidate = wanted;
    }

    /** Waits with taking the lease until a moment, for instance by a random time so that candidates do not meet. */
    public void notBefore(long nanos) {
        notBefore = nanos;
    }

    /** Gives the lease back as soon as possible. From now on nothing may be committed. */
    public void release() {
        releasing = true;
        candidate = false;
        term = null;
    }

    /** Gives the lease to another process. From now on nothing may be committed. */
    public void handOver(String toHolder, String node, String advertise) {
        successor = new Successor(toHolder, node, advertise);
        candidate = false;
        term = null;
    }

    /** Another way, a heartbeat of the holder, has shown a version of the object. */
    public void sighted(String etag, long epoch, long now) {
        if (!etag.equals(seenEtag) && Long.compareUnsigned(epoch, epochMax) >= 0) {
            epochMax = epoch;
            seenEtag = etag;
            seen = null; // known by its ETag only: what it says is read before anything is done about it
            firstSight = now;
            everSeen = true;
            nextReadAt = now;
        }
    }

    /**
     * What to ask of the store now.
     *
     * @return empty if nothing, or while a request is under way
     */
    public Optional<LeaseRequest> poll(long now) {
        notePause(now);
        Holding held = holding;
        if (held != null && held.proven && held.deadline - now <= 0) {
            lose();
        }
        if (underWay != null || alarm != null) {
            return Optional.empty();
        }
        LeaseRequest request = next(now);
        if (request == null) {
            return Optional.empty();
        }
        underWay = new UnderWay(request, now);
        return Optional.of(request);
    }

    /** A pause of this process may be one that its clock did not see: a fresh renewal must show that it is over (rule 8). */
    private void notePause(long now) {
        Holding held = holding;
        if (polled && now - lastPoll > settings.ttl().toNanos() / 3 && held != null) {
            term = null;
            held.renewAt = now;
        }
        lastPoll = now;
        polled = true;
    }

    private @Nullable LeaseRequest next(long now) {
        if (readNow) {
            return nextReadAt - now <= 0 ? new LeaseRequest.Read() : null;
        }
        Holding held = holding;
        if (held != null) {
            return asHolder(held, now);
        }
        if (seen == null && !knownMissing) {
            return nextReadAt - now <= 0 || !everSeen ? new LeaseRequest.Read() : null;
        }
        LeaseRequest take = candidate && notBefore - now <= 0 ? take(now) : null;
        if (take != null) {
            return take;
        }
        return nextReadAt - now <= 0 ? new LeaseRequest.Read() : null;
    }

    private @Nullable LeaseRequest asHolder(Holding held, long now) {
        if (successor != null) {
            Successor to = successor;
            return new LeaseRequest.Replace(
                    held.etag,
                    new LeaseRecord(
                            held.epoch + 1,
                            to.holder,
                            to.node,
                            to.advertise,
                            nonces.get(),
                            settings.ttl().toMillis(),
                            State.OFFERED));
        }
        if (releasing) {
            return new LeaseRequest.Replace(held.etag, mine(held.epoch).with(State.RELEASED, nonces.get()));
        }
        return held.renewAt - now <= 0 ? new LeaseRequest.Replace(held.etag, mine(held.epoch)) : null;
    }

    /** Whether, and how, the lease can be had now. */
    private @Nullable LeaseRequest take(long now) {
        LeaseRecord record = seen;
        if (record == null) {
            return new LeaseRequest.Create(mine(1));
        }
        String etag = Objects.requireNonNull(seenEtag);
        boolean mine = record.holder().equals(settings.holder());
        return switch (record.state()) {
            case RELEASED -> new LeaseRequest.Replace(etag, mine(record.epoch() + 1));
            case OFFERED ->
                mine
                        ? new LeaseRequest.Replace(etag, mine(record.epoch()))
                        : hasExpired(record, now) ? new LeaseRequest.Replace(etag, mine(record.epoch() + 1)) : null;
            case HELD -> hasExpired(record, now) ? new LeaseRequest.Replace(etag, mine(record.epoch() + 1)) : null;
        };
    }

    private boolean hasExpired(LeaseRecord record, long now) {
        return now - firstSight - settings.candidateNanos(record.ttlMillis()) >= 0;
    }

    private LeaseRecord mine(long epoch) {
        return new LeaseRecord(
                epoch,
                settings.holder(),
                settings.node(),
                settings.advertise(),
                nonces.get(),
                settings.ttl().toMillis(),
                State.HELD);
    }

    /** When {@link #poll} wants to be called again at the latest, if nothing else happens. */
    public long wakeAt(long now) {
        long latest = now + settings.ttl().toNanos() / 10;
        Holding held = holding;
        long next = held != null ? Math.min(held.renewAt, held.deadline) : nextReadAt;
        return next - latest < 0 ? next : latest;
    }

    /** Tells what became of the request that is under way. */
    public void answer(LeaseAnswer answer, long now) {
        UnderWay sent = Objects.requireNonNull(underWay, "no request is under way");
        underWay = null;
        if (sent.request instanceof LeaseRequest.Read) {
            read(answer, sent, now);
        } else if (sent.request instanceof LeaseRequest.Create create) {
            written(create.record(), answer, sent, now);
        } else if (sent.request instanceof LeaseRequest.Replace replace) {
            written(replace.record(), answer, sent, now);
        }
    }

    private void read(LeaseAnswer answer, UnderWay sent, long now) {
        nextReadAt = now + settings.pollEvery().toNanos();
        if (answer instanceof LeaseAnswer.Found found) {
            readNow = false;
            see(found.etag(), found.record(), now);
            settle(found, now);
        } else if (answer instanceof LeaseAnswer.Missing) {
            readNow = false;
            missing();
        } else {
            nextReadAt = now + settings.ttl().toNanos() / 20;
        }
    }

    private void missing() {
        if (everSeen || holding != null) {
            lose();
            alarm = "the lease object is gone: somebody deleted it, and its epoch would begin again;"
                    + " stop all nodes, and put it back with 'ltxfs lease break'";
            return;
        }
        unsettled = null;
        knownMissing = true;
        seen = null;
        seenEtag = null;
    }

    /** Takes note of a version; the wait for its end begins at its first sight. */
    private void see(String etag, LeaseRecord record, long now) {
        if (Long.compareUnsigned(record.epoch(), epochMax) < 0) {
            lose();
            alarm = "the lease's epoch went back from " + Long.toUnsignedString(epochMax) + " to "
                    + Long.toUnsignedString(record.epoch())
                    + ": the store lost a write, or an old copy was put back; see 'ltxfs lease show'";
            return;
        }
        epochMax = record.epoch();
        everSeen = true;
        knownMissing = false;
        if (!etag.equals(seenEtag)) {
            seenEtag = etag;
            firstSight = now;
        }
        seen = record;
    }

    /** Rule 9: what was read decides what became of a write whose answer is not known. */
    private void settle(LeaseAnswer.Found found, long now) {
        LeaseRecord tried = unsettled;
        unsettled = null;
        Holding held = holding;
        boolean mine = found.record().holder().equals(settings.holder());
        if (held != null) {
            if (mine && found.record().state() == State.HELD && found.record().epoch() == held.epoch) {
                held.etag = found.etag();
                held.renewAt = now; // the deadline stays the old one until this renewal is known to be done
            } else {
                lose();
            }
            return;
        }
        if (tried == null || !tried.nonce().equals(found.record().nonce()) || tried.state() != State.HELD) {
            return;
        }
        // An acquisition that was done after all: one more renewal, on this very version, must prove it.
        Holding ghost = new Holding(tried.epoch(), found.etag());
        ghost.deadline = unsettledSentAt + settings.holderNanos();
        ghost.renewAt = now;
        if (ghost.deadline - now > 0) {
            holding = ghost;
        }
    }

    private void written(LeaseRecord record, LeaseAnswer answer, UnderWay sent, long now) {
        if (answer instanceof LeaseAnswer.Stored stored) {
            stored(stored.etag(), record, sent, now);
        } else if (answer instanceof LeaseAnswer.NotDone) {
            retry(now);
        } else if (answer instanceof LeaseAnswer.Missing) {
            everSeen = true;
            missing();
        } else {
            // Refused may be the answer to a write of ours that was done before, and repeated on the way.
            unsettled = record;
            unsettledSentAt = sent.sentAt;
            readNow = true;
            nextReadAt = now;
        }
    }

    private void retry(long now) {
        Holding held = holding;
        if (held != null) {
            held.renewAt = now + settings.ttl().toNanos() / 20;
        } else {
            nextReadAt = now;
            seen = null;
        }
    }

    private void stored(String etag, LeaseRecord record, UnderWay sent, long now) {
        see(etag, record, now);
        if (record.state() != State.HELD) {
            holding = null;
            term = null;
            releasing = false;
            successor = null;
            return;
        }
        Holding held = holding;
        if (held == null) {
            held = new Holding(record.epoch(), etag);
            holding = held;
        }
        held.etag = etag;
        held.deadline = sent.sentAt + settings.holderNanos();
        held.proven = true;
        held.renewAt = sent.sentAt + settings.ttl().toNanos() / 3;
        if (held.deadline - now <= 0) {
            lose();
        } else if (!releasing && successor == null) {
            term = new Term(held.epoch, held.deadline);
        }
    }

    private void lose() {
        holding = null;
        term = null;
        releasing = false;
        successor = null;
    }
}
