package io.ltxfs.node.cluster.sim;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What is between the machines. Calls get lost on the way there or back, are late, or answered twice; a stream is in order
 * and breaks; a direction between two machines may be cut, which a sender does not notice.
 */
final class Network {
    private static final long RETRY_NANOS = 50 * World.MILLISECOND;

    private final World world;
    /** Until when a direction is cut. */
    private final Map<String, Long> cuts = new HashMap<>();

    private final List<Stream> streams = new ArrayList<>();
    /** One whose messages take longer; null for none. */
    @Nullable
    Machine slow;

    /** Usual delay of a message, at most. */
    private final long delayMax;

    /** One time in so many a call's message is lost, or a message is slow. */
    private final int lossOneIn;

    Network(World world, long delayMax, int lossOneIn) {
        this.world = world;
        this.delayMax = delayMax;
        this.lossOneIn = lossOneIn;
    }

    /** Nothing that one machine sends reaches another for a while. */
    void cut(Machine from, Machine to, long nanos) {
        cuts.put(from + ">" + to, world.now() + nanos);
    }

    /** All cables are whole. */
    void heal() {
        cuts.clear();
        slow = null;
    }

    private boolean isCut(Machine from, Machine to) {
        Long until = cuts.get(from + ">" + to);
        return until != null && until > world.now();
    }

    private long delay(Machine from, Machine to) {
        return from == slow || to == slow ? delay() + world.upTo(200 * World.MILLISECOND) : delay();
    }

    private long delay() {
        if (world.fault(lossOneIn)) {
            return world.upTo(2 * World.SECOND);
        }
        return World.MILLISECOND / 20 + world.upTo(world.oneIn(20) ? delayMax * 10 : delayMax);
    }

    /**
     * Calls what runs on a machine.
     *
     * @param handler what it does there: is given the process and where to put its answer
     * @param answer gets it, or null if there is none; never twice null, but an answer may come after null, and twice
     */
    <A> void call(
            Process from,
            Machine to,
            long timeout,
            BiConsumer<Process, Consumer<A>> handler,
            Consumer<@Nullable A> answer) {
        boolean[] answered = new boolean[1];
        Consumer<@Nullable A> once = result -> from.run(() -> {
            if (!answered[0]) {
                answered[0] = true;
                answer.accept(result);
            }
        });
        world.in(timeout, () -> once.accept(null));
        if (world.fault(lossOneIn)) {
            return;
        }
        world.in(delay(), () -> {
            Process there = to.process;
            if (isCut(from.machine, to)) {
                return;
            }
            if (there == null || there.dead()) {
                world.in(delay(), () -> once.accept(null));
                return;
            }
            there.run(() -> handler.accept(there, result -> back(from, to, result, answered, answer)));
        });
    }

    private <A> void back(Process from, Machine to, A result, boolean[] answered, Consumer<@Nullable A> answer) {
        if (world.fault(lossOneIn)) {
            return;
        }
        boolean twice = world.fault(lossOneIn);
        for (int i = 0; i < (twice ? 2 : 1); i++) {
            boolean again = i == 1;
            long late = world.fault(lossOneIn) ? world.upTo(8 * World.SECOND) : 0;
            world.in(delay() + late, () -> {
                if (!isCut(to, from.machine)) {
                    from.run(() -> {
                        // What comes too late is usually dropped by whoever called; not every time.
                        if (!answered[0] || again || late > 0 || world.fault(3)) {
                            answered[0] = true;
                            answer.accept(result);
                        }
                    });
                }
            });
        }
    }

    /** One end of a stream. */
    interface End {
        /** Something has come. */
        void receive(Stream stream, Object message);

        /** Nothing will come any more. */
        void broken(Stream stream);
    }

    /** A connection: what each side sends arrives in order, or not at all from some point on. */
    final class Stream {
        private final class Side {
            final Process process;
            final ArrayDeque<Object> way = new ArrayDeque<>();

            @Nullable
            End end;

            long lastArrival;
            boolean closed;

            Side(Process process) {
                this.process = process;
            }
        }

        private final Side caller;
        private final Side callee;

        private Stream(Process caller, Process callee) {
            this.caller = new Side(caller);
            this.callee = new Side(callee);
        }

        /** Who answers. */
        Process callee() {
            return callee.process;
        }

        /** Who has called. */
        Process caller() {
            return caller.process;
        }

        private Side side(Process process) {
            return process == caller.process ? caller : callee;
        }

        private Side other(Side side) {
            return side == caller ? callee : caller;
        }

        /** Sends something to the other end. */
        void send(Process from, Object message) {
            Side to = other(side(from));
            if (side(from).closed || to.closed) {
                return;
            }
            to.way.add(message);
            to.lastArrival = Math.max(to.lastArrival, world.now() + delay(from.machine, to.process.machine));
            world.in(to.lastArrival - world.now(), () -> arrive(from, to));
        }

        private void arrive(Process from, Side to) {
            if (to.closed || to.way.isEmpty()) {
                return;
            }
            if (isCut(from.machine, to.process.machine)) {
                world.in(RETRY_NANOS, () -> arrive(from, to));
                return;
            }
            // A held-up message is followed at once by those behind it.
            Object message = to.way.remove();
            to.process.run(() -> {
                End end = to.end;
                if (!to.closed && end != null) {
                    end.receive(this, message);
                }
            });
        }

        /** One side gives up; the other one learns of it if the network lets it. */
        void close(Process by) {
            Side mine = side(by);
            if (mine.closed) {
                return;
            }
            mine.closed = true;
            streams.remove(this);
            tell(mine, other(mine));
        }

        /** What is on its way is lost with the machine that sent it. */
        private void loseAll() {
            caller.way.clear();
            callee.way.clear();
        }

        private void tell(Side from, Side to) {
            long wait = Math.max(to.lastArrival - world.now(), delay());
            world.in(wait, () -> {
                if (to.closed) {
                    return;
                }
                if (isCut(from.process.machine, to.process.machine)) {
                    world.in(RETRY_NANOS, () -> tell(from, to));
                    return;
                }
                shut(to);
            });
        }

        private void shut(Side side) {
            if (!side.closed) {
                side.closed = true;
                side.process.run(() -> {
                    End end = side.end;
                    if (end != null) {
                        end.broken(this);
                    }
                });
            }
        }

        /** Both sides lose it. */
        private void tear() {
            streams.remove(this);
            world.in(world.upTo(delayMax), () -> shut(caller));
            world.in(world.upTo(delayMax), () -> shut(callee));
        }
    }

    /**
     * Connects to what runs on a machine.
     *
     * @param opened gets the stream, or null if nobody answers, at the caller
     * @param accepted gets it at the one who is called, and gives the end there
     */
    void connect(
            Process from,
            Machine to,
            End mine,
            java.util.function.BiFunction<Process, Stream, @Nullable End> accepted,
            Consumer<@Nullable Stream> opened) {
        world.in(delay(), () -> {
            Process there = to.process;
            if (isCut(from.machine, to) || isCut(to, from.machine) || there == null || there.dead()) {
                world.in(100 * World.MILLISECOND, () -> from.run(() -> opened.accept(null)));
                return;
            }
            there.run(() -> {
                Stream stream = new Stream(from, there);
                stream.caller.end = mine;
                stream.callee.end = accepted.apply(there, stream);
                streams.add(stream);
                world.in(delay(), () -> from.run(() -> opened.accept(stream)));
            });
        });
    }

    /** A process died: the other ends of its streams learn of it, unless they are cut off. */
    void died(Process process) {
        for (Stream stream : List.copyOf(streams)) {
            if (stream.caller.process == process || stream.callee.process == process) {
                stream.close(process);
                if (world.oneIn(2)) {
                    stream.loseAll();
                }
            }
        }
    }

    /** A stream breaks for no reason. */
    void breakOne() {
        if (!streams.isEmpty()) {
            Stream stream = streams.get(world.random.nextInt(streams.size()));
            world.note("stream {} > {} breaks", stream.caller.process, stream.callee.process);
            stream.tear();
        }
    }
}
