package io.ltxfs.node.cluster.sim;

import java.util.PriorityQueue;
import java.util.SplittableRandom;

/** Time, chance, and what happened. Events of one moment happen in the order in which they were asked for. */
final class World {
    static final long MILLISECOND = 1_000_000L;
    static final long SECOND = 1_000_000_000L;
    private static final int TRACE_MAX = 400;

    private record Event(long at, long order, Runnable action) implements Comparable<Event> {
        @Override
        public int compareTo(Event other) {
            return at != other.at ? Long.compare(at, other.at) : Long.compare(order, other.order);
        }
    }

    private record Happened(long at, String what, Object[] details) {}

    final SplittableRandom random;
    private final PriorityQueue<Event> events = new PriorityQueue<>(256);
    private final Happened[] trace = new Happened[TRACE_MAX];
    private final boolean loud;
    private int traced;
    private long order;
    private long now;
    private boolean faults = true;

    /**
     * A world at time 0.
     *
     * @param loud prints what happens at once
     */
    World(long seed, boolean loud) {
        this.random = new SplittableRandom(seed);
        this.loud = loud;
    }

    /** Nanoseconds of real time since the beginning. */
    long now() {
        return now;
    }

    /** Whether things still go wrong. */
    boolean faults() {
        return faults;
    }

    /** From now on nothing goes wrong any more. */
    void calm() {
        faults = false;
        note("--- faults stop");
    }

    /** Lets something happen in a while. */
    void in(long nanos, Runnable action) {
        events.add(new Event(now + Math.max(nanos, 0), order++, action));
    }

    /** Lets time pass until a moment. */
    void runUntil(long end) {
        while (!events.isEmpty() && events.element().at <= end) {
            Event event = events.remove();
            now = event.at;
            event.action.run();
        }
        now = end;
    }

    /** True once in so many times, and never when nothing goes wrong any more. */
    boolean fault(int oneIn) {
        return faults && oneIn > 0 && random.nextInt(oneIn) == 0;
    }

    /** True once in so many times. */
    boolean oneIn(int times) {
        return random.nextInt(times) == 0;
    }

    /** A time from 0 to so many nanoseconds. */
    long upTo(long nanos) {
        return nanos <= 0 ? 0 : random.nextLong(nanos);
    }

    /** A time between two. */
    long between(long least, long most) {
        return least + upTo(most - least);
    }

    /** Remembers what happened; the details are put in at {@code {}} if anybody wants to read it. */
    void note(String what, Object... details) {
        Happened happened = new Happened(now, what, details);
        trace[traced++ % TRACE_MAX] = happened;
        if (loud) {
            System.out.println(text(happened));
        }
    }

    /** The last things that happened, a line each. */
    String trace(int lines) {
        StringBuilder text = new StringBuilder();
        for (int i = Math.max(0, traced - Math.min(lines, TRACE_MAX)); i < traced; i++) {
            text.append(text(trace[i % TRACE_MAX])).append('\n');
        }
        return text.toString();
    }

    private static String text(Happened happened) {
        StringBuilder text = new StringBuilder(String.format("%9.3f ", happened.at / 1e6));
        int next = 0;
        int from = 0;
        for (int hole = happened.what.indexOf("{}"); hole >= 0; hole = happened.what.indexOf("{}", from)) {
            text.append(happened.what, from, hole).append(happened.details[next++]);
            from = hole + 2;
        }
        return text.append(happened.what.substring(from)).toString();
    }
}
