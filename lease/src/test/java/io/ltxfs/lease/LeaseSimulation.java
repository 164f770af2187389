package io.ltxfs.lease;

import io.ltxfs.lease.LeaseRecord.State;
import io.ltxfs.lease.Quorum.Voter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A few processes, a store and time, in one thread from one seed. The store applies requests in some order after some
 * delay, loses them or their answers, applies them after it was said that nobody knows, or answers 412 to what it did;
 * processes pause, die, start anew, give the lease back or to another, and show each other what they hold, late; their
 * clocks run at rates of their own, up to the error that the settings allow. In some runs somebody deletes the object.
 *
 * <p>Checked after each step: at most one process may commit; epochs of those that may never go back, and one belongs to
 * one process; who may commit has a write that was answered, sent within its term and after its last long pause; a
 * lost epoch does not come back; the quorum is changed by the primary alone, and is what it believes it to be; a voucher
 * is for the one to whom it was given. At the end, when the faults have ceased, somebody holds the lease.
 */
final class LeaseSimulation {
    static final Duration TTL = Duration.ofSeconds(5);
    static final Duration MARGIN = TTL.dividedBy(50);
    static final double RATE_ERROR = 0.05;
    private static final int NODES = 3;

    /** What kinds of runs there are. */
    enum Kind {
        /** Everything but a deleted object. */
        FAULTS,
        /** The object is deleted, and put back by an operator. */
        DELETED
    }

    private record Event(long at, long order, Runnable action) {}

    private final class Process {
        final int number;
        final double rate;
        final long offset;
        LeaseMachine machine;
        int life;
        long pausedUntil;
        /** Of the last pause that was longer than a third of a TTL by its own clock. */
        long longPauseEnd;

        long lastStep;
        /** When the last write of each epoch was sent that was answered, by its clock. */
        final Map<Long, Long> provenAt = new HashMap<>();

        final Set<Long> lost = new HashSet<>();
        long holding = -1;
        boolean primary;

        Process(int number) {
            this.number = number;
            this.rate = 1 + (random.nextInt(3) - 1) * RATE_ERROR * (random.nextBoolean() ? 1 : random.nextDouble());
            this.offset = random.nextLong(1L << 40);
            this.machine = newMachine(0);
        }

        LeaseMachine newMachine(long epochMax) {
            LeaseSettings settings = new LeaseSettings(
                    name(), "n" + number, "n" + number + ":1", TTL, MARGIN, RATE_ERROR, TTL.dividedBy(5));
            LeaseMachine fresh = new LeaseMachine(settings, epochMax, () -> Long.toHexString(random.nextLong()));
            fresh.candidate(true, random.nextInt(3) == 0 ? TTL.toNanos() / 2 : 0);
            longPauseEnd = Long.MIN_VALUE;
            lastStep = 0;
            provenAt.clear();
            lost.clear();
            holding = -1;
            primary = false;
            return fresh;
        }

        String name() {
            return "p" + number + "." + life;
        }

        long clock() {
            return offset + (long) (now * rate);
        }

        boolean isPaused() {
            return pausedUntil > now;
        }

        long held() {
            return machine.epochHeldAt(clock());
        }
    }

    final Random random;
    private final PriorityQueue<Event> events =
            new PriorityQueue<>((a, b) -> a.at != b.at ? Long.compare(a.at, b.at) : Long.compare(a.order, b.order));
    private final List<Process> processes = new ArrayList<>();
    private final Kind kind;
    private long now;
    private long order;
    private @Nullable LeaseRecord stored;
    private long version;
    private long calmFrom = Long.MAX_VALUE;
    private long lastEpoch;
    private String lastEpochHolder = "";
    private boolean deleted;
    int acquisitions;
    int handOvers;
    int quorums;
    int confirmed;

    LeaseSimulation(long seed, Kind kind) {
        this.random = new Random(seed);
        this.kind = kind;
    }

    /** Runs; faults stop two thirds through, and at the end somebody must hold the lease. */
    void run(Duration time) {
        calmFrom = time.toNanos() * 2 / 3;
        for (int i = 0; i < NODES; i++) {
            Process process = new Process(i);
            processes.add(process);
            at(random.nextLong(TTL.toNanos()), () -> step(process, process.life));
        }
        at(0, this::trouble);
        at(TTL.toNanos(), this::gossip);
        if (kind == Kind.DELETED) {
            at(random.nextLong(calmFrom), this::delete);
        }
        long end = time.toNanos();
        while (!events.isEmpty() && events.peek().at <= end) {
            Event event = events.remove();
            now = event.at;
            event.action.run();
            check();
        }
        now = end;
        if (processes.stream().noneMatch(process -> process.held() >= 0)) {
            throw new AssertionError("nobody holds the lease at the end");
        }
    }

    private void at(long time, Runnable action) {
        events.add(new Event(time, order++, action));
    }

    private boolean calm() {
        return now >= calmFrom;
    }

    private void step(Process process, int life) {
        if (life != process.life) {
            return;
        }
        if (process.isPaused()) {
            at(process.pausedUntil, () -> step(process, life));
            return;
        }
        long clock = process.clock();
        if (process.lastStep != 0 && clock - process.lastStep > TTL.toNanos() / 3) {
            process.longPauseEnd = clock;
        }
        process.lastStep = clock;
        process.machine.poll(clock).ifPresent(request -> send(process, request));
        act(process);
        at(now + 20_000_000 + random.nextLong(30_000_000), () -> step(process, life));
    }

    /** What a primary does with its lease: it stores who acknowledges, and changes that now and then. */
    private void act(Process process) {
        long epoch = process.machine.epochHolding();
        if (epoch < 0) {
            process.primary = false;
        } else if (!process.primary ? random.nextInt(10) == 0 : random.nextInt(300) == 0) {
            process.primary = true;
            List<Voter> voters = new ArrayList<>();
            for (int i = 0; i < random.nextInt(NODES); i++) {
                voters.add(new Voter("n" + i, "n" + i + ":1"));
            }
            String node = "n" + process.number;
            process.machine.quorum(
                    new Quorum(epoch, node, node + ":1", voters, random.nextInt(3), random.nextBoolean()));
            quorums++;
        }
        if (epoch >= 0 && random.nextInt(200) == 0) {
            process.machine.confirm();
        }
    }

    private void send(Process process, LeaseRequest request) {
        if (request instanceof LeaseRequest.Create && process.machine.epochMax() != 0) {
            throw new AssertionError(
                    process.name() + " knows of epoch " + process.machine.epochMax() + ", and makes the object anew");
        }
        int life = process.life;
        int fate = calm() ? 100 : random.nextInt(40);
        long there = delay();
        long back = delay();
        if (fate == 0) {
            at(now + there, () -> answer(process, life, request, 0, new LeaseAnswer.Unknown("lost on the way there")));
            return;
        }
        long sentAt = process.clock();
        if (fate == 3) {
            // Nobody knows, and it arrives later all the same.
            at(now + there, () -> answer(process, life, request, 0, new LeaseAnswer.Unknown("no answer")));
            at(now + there + random.nextLong(TTL.toNanos() * 3), () -> {
                apply(request);
            });
            return;
        }
        at(now + there, () -> {
            LeaseAnswer answer = apply(request);
            LeaseAnswer seen = fate == 1
                    ? new LeaseAnswer.Unknown("lost on the way back")
                    : fate == 2 && answer instanceof LeaseAnswer.Stored ? new LeaseAnswer.Refused() : answer;
            at(now + back, () -> answer(process, life, request, sentAt, seen));
        });
    }

    private long delay() {
        if (!calm() && random.nextInt(30) == 0) {
            return random.nextLong(TTL.toNanos() * 2);
        }
        return 1_000_000 + random.nextLong(100_000_000);
    }

    private LeaseAnswer apply(LeaseRequest request) {
        if (request instanceof LeaseRequest.Read) {
            return stored == null ? new LeaseAnswer.Missing() : new LeaseAnswer.Found(etag(), stored);
        }
        if (!calm() && random.nextInt(50) == 0) {
            return new LeaseAnswer.NotDone("409");
        }
        if (request instanceof LeaseRequest.Create create) {
            if (deleted) {
                // Sent before the object was there first, and comes after it was deleted: nobody can help that.
                return new LeaseAnswer.NotDone("no such bucket");
            }
            return stored == null ? store(create.record()) : new LeaseAnswer.Refused();
        }
        LeaseRequest.Replace replace = (LeaseRequest.Replace) request;
        if (stored == null) {
            return new LeaseAnswer.Missing();
        }
        return replace.etag().equals(etag()) ? store(replace.record()) : new LeaseAnswer.Refused();
    }

    private LeaseAnswer store(LeaseRecord record) {
        LeaseRecord before = stored;
        if (before != null && !record.quorum().equals(before.quorum())) {
            // An offer and a release may bring what the primary was about to store.
            boolean own = before.state() == State.HELD
                    && (record.state() == State.OFFERED || before.holder().equals(record.holder()))
                    && record.quorum()
                            .filter(to -> to.epoch() == before.epoch())
                            .isPresent()
                    && (record.state() == State.OFFERED || record.epoch() == before.epoch());
            if (!own) {
                throw new AssertionError("the quorum " + before.quorum() + " became " + record.quorum());
            }
        }
        if (record.vouched() && record.state() == State.HELD) {
            boolean given = before != null
                    && before.vouched()
                    && before.holder().equals(record.holder())
                    && before.epoch() == record.epoch();
            if (!given) {
                throw new AssertionError(record.holder() + " has a voucher that nobody gave to it");
            }
        }
        if (record.state() == State.OFFERED) {
            handOvers++;
        }
        stored = record;
        version++;
        return new LeaseAnswer.Stored(etag());
    }

    private String etag() {
        return "v" + version;
    }

    private void answer(Process process, int life, LeaseRequest request, long sentAt, LeaseAnswer answer) {
        if (life != process.life) {
            return;
        }
        if (process.isPaused()) {
            at(process.pausedUntil, () -> answer(process, life, request, sentAt, answer));
            return;
        }
        long before = process.machine.confirmed();
        if (answer instanceof LeaseAnswer.Stored) {
            LeaseRecord record = request instanceof LeaseRequest.Create create
                    ? create.record()
                    : ((LeaseRequest.Replace) request).record();
            if (record.state() == State.HELD) {
                process.provenAt.merge(record.epoch(), sentAt, Math::max);
            }
        }
        process.machine.answer(answer, process.clock());
        confirmed += process.machine.confirmed() > before ? 1 : 0;
    }

    private void trouble() {
        if (calm()) {
            return;
        }
        Process process = processes.get(random.nextInt(processes.size()));
        switch (random.nextInt(5)) {
            case 0 -> {
                long epochMax = process.machine.epochMax();
                process.life++;
                // One that was thrown away with its data must not come back while the object is gone.
                process.machine = process.newMachine(kind == Kind.DELETED || random.nextBoolean() ? epochMax : 0);
                int life = process.life;
                at(now + random.nextLong(TTL.toNanos()), () -> step(process, life));
            }
            case 1 -> process.pausedUntil = now + random.nextLong(TTL.toNanos() * 3);
            case 2 -> {
                process.machine.release();
                standAgain(process);
            }
            case 3 -> {
                Process to = processes.get(random.nextInt(processes.size()));
                if (to != process) {
                    boolean may = process.held() >= 0;
                    boolean done = process.machine.handOver(
                            to.name(), "n" + to.number, "n" + to.number + ":1", random.nextBoolean(), process.clock());
                    if (done != may) {
                        throw new AssertionError("handed over: " + done + ", may commit: " + may);
                    }
                    if (done) {
                        standAgain(process);
                    }
                }
            }
            default -> {}
        }
        at(now + random.nextLong(TTL.toNanos() * 4), this::trouble);
    }

    private void standAgain(Process process) {
        int life = process.life;
        at(now + TTL.toNanos(), () -> {
            if (life == process.life) {
                process.machine.candidate(true, 0);
            }
        });
    }

    /** Heartbeats: who holds the lease shows it to the others, now or much later; others show what they heard of. */
    private void gossip() {
        for (Process from : processes) {
            Optional<String> etag = from.isPaused() ? Optional.empty() : from.machine.etag();
            long epoch = from.machine.epochMax();
            for (Process to : processes) {
                if (to != from && epoch != 0 && random.nextBoolean()) {
                    int life = to.life;
                    boolean epochOnly = etag.isEmpty() || random.nextInt(5) == 0;
                    at(now + delay(), () -> {
                        if (to.life == life && !to.isPaused()) {
                            to.machine.sighted(epochOnly ? "" : etag.get(), epoch, to.clock());
                        }
                    });
                }
            }
        }
        at(now + random.nextLong(TTL.toNanos()), this::gossip);
    }

    private void delete() {
        LeaseRecord gone = stored;
        // A process that has never seen the object cannot know that there was one.
        if (gone == null || processes.stream().anyMatch(process -> process.machine.epochMax() == 0)) {
            at(now + TTL.toNanos(), this::delete);
            return;
        }
        stored = null;
        deleted = true;
        at(now + TTL.toNanos() * 6, () -> {
            for (Process process : processes) {
                if (process.held() >= 0) {
                    throw new AssertionError(process.name() + " holds a lease that is gone");
                }
            }
            deleted = false;
            long epoch = Math.max(gone.epoch(), lastEpoch);
            for (Process process : processes) {
                epoch = Math.max(epoch, process.machine.epochMax());
            }
            stored = new LeaseRecord(
                    epoch, "operator", "", "", "put back", TTL.toMillis(), State.RELEASED, false, gone.quorum());
            version++;
        });
    }

    private void check() {
        Process holder = null;
        for (Process process : processes) {
            if (kind != Kind.DELETED) {
                process.machine.alarm().ifPresent(alarm -> {
                    throw new AssertionError(alarm);
                });
            }
            checkLost(process);
            if (process.held() < 0) {
                continue;
            }
            if (holder != null) {
                throw new AssertionError("both " + holder.name() + " and " + process.name() + " hold it");
            }
            holder = process;
        }
        if (holder == null) {
            return;
        }
        long epoch = holder.held();
        checkProof(holder, epoch);
        if (epoch < lastEpoch || (epoch == lastEpoch && !lastEpochHolder.equals(holder.name()))) {
            throw new AssertionError(
                    "epoch " + epoch + " of " + holder.name() + " after " + lastEpoch + " of " + lastEpochHolder);
        }
        acquisitions += epoch != lastEpoch ? 1 : 0;
        lastEpoch = epoch;
        lastEpochHolder = holder.name();
    }

    private void checkLost(Process process) {
        long holding = process.machine.epochHolding();
        if (holding != process.holding) {
            if (process.holding >= 0) {
                process.lost.add(process.holding);
            }
            if (process.lost.contains(holding)) {
                throw new AssertionError(process.name() + " holds epoch " + holding + " again");
            }
            process.holding = holding;
        }
    }

    private void checkProof(Process holder, long epoch) {
        Long sentAt = holder.provenAt.get(epoch);
        if (sentAt == null) {
            throw new AssertionError(holder.name() + " holds it by a write that was not answered");
        }
        if (holder.clock() - sentAt >= TTL.minus(MARGIN).toNanos()) {
            throw new AssertionError(holder.name() + " holds it for longer than a term after it asked");
        }
        if (!holder.isPaused() && sentAt < holder.longPauseEnd) {
            throw new AssertionError(holder.name() + " commits after a pause without a fresh renewal");
        }
        Lease.Status status = holder.machine.status(holder.clock());
        LeaseRecord there = stored;
        if (there != null && there.holder().equals(holder.name()) && there.epoch() == epoch) {
            boolean known = there.quorum().equals(status.quorum())
                    || there.quorum().filter(status.quorumsPossible()::contains).isPresent();
            if (!known) {
                throw new AssertionError(holder.name() + " believes that the quorum is " + status.quorum() + " or "
                        + status.quorumsPossible() + ", and it is " + there.quorum());
            }
        }
    }
}
