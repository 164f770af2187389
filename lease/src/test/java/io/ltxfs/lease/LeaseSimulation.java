package io.ltxfs.lease;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * A few processes, a store and time, in one thread from one seed. The store applies requests in some order after some
 * delay, loses them or their answers, or answers 412 to what it did; processes pause, die and start anew, and their
 * clocks run at rates of their own. After each step at most one process may hold a term that has not ended by its own
 * clock, epochs of terms never go back, and an epoch belongs to one process.
 */
final class LeaseSimulation {
    private static final Duration TTL = Duration.ofSeconds(5);
    private static final double RATE_ERROR = 0.001;

    private record Event(long at, long order, Runnable action) {}

    private final class Process {
        final int number;
        final double rate;
        final long offset;
        LeaseMachine machine;
        int life;
        long pausedUntil;

        Process(int number) {
            this.number = number;
            this.rate = 1 + (random.nextDouble() * 2 - 1) * RATE_ERROR / 2;
            this.offset = random.nextLong(1L << 40);
            this.machine = newMachine(0);
        }

        LeaseMachine newMachine(long epochMax) {
            String holder = "p" + number + "." + life;
            LeaseMachine fresh = new LeaseMachine(
                    new LeaseSettings(
                            holder,
                            "n" + number,
                            "n" + number + ":1",
                            TTL,
                            TTL.dividedBy(20),
                            RATE_ERROR,
                            TTL.dividedBy(5)),
                    epochMax,
                    () -> Long.toHexString(random.nextLong()));
            fresh.candidate(true, 0);
            return fresh;
        }

        long clock(long real) {
            return offset + (long) (real * rate);
        }
    }

    final Random random;
    private final PriorityQueue<Event> events =
            new PriorityQueue<>((a, b) -> a.at != b.at ? Long.compare(a.at, b.at) : Long.compare(a.order, b.order));
    private final List<Process> processes = new ArrayList<>();
    private final boolean faults;
    private long now;
    private long order;
    private @Nullable LeaseRecord stored;
    private long version;
    private long calmFrom = Long.MAX_VALUE;
    private long lastEpoch;
    private String lastEpochHolder = "";
    int acquisitions;
    long heldNanos;

    LeaseSimulation(long seed, boolean faults) {
        this.random = new Random(seed);
        this.faults = faults;
    }

    /** Runs; faults stop two thirds through, and at the end somebody must hold the lease. */
    void run(Duration time, int count) {
        calmFrom = time.toNanos() * 2 / 3;
        for (int i = 0; i < count; i++) {
            Process process = new Process(i);
            processes.add(process);
            at(random.nextLong(TTL.toNanos()), () -> step(process, process.life));
        }
        if (faults) {
            at(0, this::trouble);
        }
        long end = time.toNanos();
        while (!events.isEmpty() && events.peek().at <= end) {
            Event event = events.remove();
            now = event.at;
            event.action.run();
            check();
        }
        now = end;
        if (processes.stream().noneMatch(this::holds)) {
            throw new AssertionError("nobody holds the lease at the end");
        }
    }

    private void at(long time, Runnable action) {
        events.add(new Event(time, order++, action));
    }

    private boolean calm() {
        return !faults || now >= calmFrom;
    }

    private void step(Process process, int life) {
        if (life != process.life) {
            return;
        }
        if (process.pausedUntil > now) {
            at(process.pausedUntil, () -> step(process, life));
            return;
        }
        process.machine.poll(process.clock(now)).ifPresent(request -> send(process, request));
        at(now + 20_000_000 + random.nextLong(30_000_000), () -> step(process, life));
    }

    private void send(Process process, LeaseRequest request) {
        int life = process.life;
        int fate = calm() ? 100 : random.nextInt(40);
        long there = delay();
        long back = delay();
        if (fate == 0) {
            at(now + there, () -> answer(process, life, new LeaseAnswer.Unknown("lost on the way there")));
            return;
        }
        at(now + there, () -> {
            LeaseAnswer answer = apply(request);
            LeaseAnswer seen = fate == 1
                    ? new LeaseAnswer.Unknown("lost on the way back")
                    : fate == 2 && answer instanceof LeaseAnswer.Stored ? new LeaseAnswer.Refused() : answer;
            at(now + back, () -> answer(process, life, seen));
        });
        if (fate == 3) {
            // The first try was cut off and arrives late, after the process was told that it does not know.
            return;
        }
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
            return stored == null ? store(create.record()) : new LeaseAnswer.Refused();
        }
        LeaseRequest.Replace replace = (LeaseRequest.Replace) request;
        if (stored == null) {
            return new LeaseAnswer.Missing();
        }
        return replace.etag().equals(etag()) ? store(replace.record()) : new LeaseAnswer.Refused();
    }

    private LeaseAnswer store(LeaseRecord record) {
        stored = record;
        version++;
        return new LeaseAnswer.Stored(etag());
    }

    private String etag() {
        return "v" + version;
    }

    private void answer(Process process, int life, LeaseAnswer answer) {
        if (life != process.life) {
            return;
        }
        if (process.pausedUntil > now) {
            at(process.pausedUntil, () -> answer(process, life, answer));
            return;
        }
        process.machine.answer(answer, process.clock(now));
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
                process.machine = process.newMachine(random.nextBoolean() ? epochMax : 0);
                int life = process.life;
                at(now + random.nextLong(TTL.toNanos()), () -> step(process, life));
            }
            case 1 -> process.pausedUntil = now + random.nextLong(TTL.toNanos() * 3);
            case 2 -> {
                process.machine.release();
                at(now + TTL.toNanos(), () -> process.machine.candidate(true, 0));
            }
            case 3 -> {
                Process to = processes.get(random.nextInt(processes.size()));
                if (to != process) {
                    process.machine.handOver(
                            "p" + to.number + "." + to.life,
                            "n" + to.number,
                            "n" + to.number + ":1",
                            random.nextBoolean(),
                            process.clock(now));
                    at(now + TTL.toNanos(), () -> process.machine.candidate(true, 0));
                }
            }
            default -> {}
        }
        at(now + random.nextLong(TTL.toNanos() * 4), this::trouble);
    }

    private boolean holds(Process process) {
        LeaseMachine.Term term = process.machine.term();
        return term != null && term.holdsAt(process.clock(now));
    }

    private void check() {
        Process holder = null;
        for (Process process : processes) {
            process.machine.alarm().ifPresent(alarm -> {
                throw new AssertionError(alarm);
            });
            if (!holds(process)) {
                continue;
            }
            if (holder != null) {
                throw new AssertionError("both " + name(holder) + " and " + name(process) + " hold it");
            }
            holder = process;
        }
        if (holder == null) {
            return;
        }
        LeaseMachine.Term term = holder.machine.term();
        long epoch = term == null ? 0 : term.epoch();
        if (epoch < lastEpoch || (epoch == lastEpoch && !lastEpochHolder.equals(name(holder)))) {
            throw new AssertionError(
                    "epoch " + epoch + " of " + name(holder) + " after " + lastEpoch + " of " + lastEpochHolder);
        }
        if (epoch != lastEpoch) {
            acquisitions++;
        }
        lastEpoch = epoch;
        lastEpochHolder = name(holder);
    }

    private static String name(Process process) {
        return "p" + process.number + "." + process.life;
    }
}
