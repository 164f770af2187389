package io.ltxfs.node.cluster.sim;

import io.ltxfs.lease.LeaseMachine;
import io.ltxfs.lease.LeaseRequest;
import io.ltxfs.lease.LeaseSettings;
import io.ltxfs.node.cluster.Action;
import io.ltxfs.node.cluster.ClusterMachine;
import io.ltxfs.node.cluster.ClusterMemory;
import io.ltxfs.node.cluster.ClusterSettings;
import io.ltxfs.node.cluster.ClusterStatus;
import io.ltxfs.node.cluster.Event;
import io.ltxfs.node.cluster.Peer;
import io.ltxfs.node.cluster.Standing;
import io.ltxfs.node.cluster.Standing.Place;
import io.ltxfs.node.replication.EpochGate;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A node: the shipped {@link LeaseMachine} and {@link ClusterMachine}, told what happens, and what they say done on the
 * simulated disk, network and store.
 */
final class Node extends Process {
    private static final long TICK = Plan.TTL.toNanos() / 15;

    final Cluster cluster;
    final Peer self;
    final LeaseMachine lease;
    final ClusterMachine machine;
    final Following following;
    final Serving serving;
    final Writes writes;
    private final ArchiveUse archive;

    /** What peers are asked waits here for the machine's answer. */
    private final Map<Long, Consumer<Object>> asked = new HashMap<>();

    /** A request for a proof that this process holds the lease. */
    private record Proof(long step, long epoch, long request) {}

    private final List<Proof> proofs = new ArrayList<>();
    private final Map<Long, Consumer<Boolean>> operators = new HashMap<>();
    private long nextTurn = Long.MAX_VALUE;
    private long leaseToldAt;
    private long flushedAt;
    /** Nothing of a lower epoch is taken or acknowledged. */
    private final EpochGate gate;

    Node(Cluster cluster, Machine machine, int run) {
        super(cluster.world, machine, machine.name + "." + run);
        this.cluster = cluster;
        this.self = new Peer(machine.name, machine.name + ":1");
        ClusterMemory memory = machine.disk.memory();
        this.gate = new EpochGate(memory.promised());
        Duration ttl = Plan.TTL;
        LeaseSettings settings = new LeaseSettings(
                id, self.node(), self.advertise(), ttl, ttl.dividedBy(20), Plan.RATE_ERROR, ttl.dividedBy(5));
        this.lease = new LeaseMachine(settings, memory.promised(), () -> id + "-" + next());
        ClusterSettings own = new ClusterSettings(
                self,
                id,
                ttl,
                cluster.plan.acks(),
                cluster.plan.archive,
                cluster.plan.waitsForArchive(),
                Duration.ofMillis(500));
        this.machine = new ClusterMachine(own, memory, this::positions, machine.clock());
        this.following = new Following(this);
        this.serving = new Serving(this);
        this.writes = new Writes(this);
        this.archive = new ArchiveUse(this);
    }

    /** Begins to run. */
    void start() {
        world.note(
                "{} starts: {}, has {}", this, disk().memory(), disk().heads().toString());
        tick();
        serving.beat();
        archive.look();
    }

    Map<String, Place> positions() {
        return places(machine().disk.durableHeads());
    }

    static Map<String, Place> places(Map<String, Tx> heads) {
        Map<String, Place> places = new TreeMap<>();
        heads.forEach((database, tx) -> places.put(database, tx.place()));
        return places;
    }

    Machine machine() {
        return super.machine;
    }

    Disk disk() {
        return machine().disk;
    }

    long clock() {
        return machine().clock();
    }

    /** Whether something of an epoch may be taken and acknowledged, as the shipped gate says. */
    boolean mayTake(long epoch) {
        try {
            return gate.pass(epoch, () -> {});
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Under which it may commit now; -1 if not. */
    long epochHeld() {
        return lease.epochHeldAt(clock());
    }

    // ---- time

    private void tick() {
        turn();
        following.watch();
        in(TICK, this::tick);
    }

    /** Lets lease and machine see the time. */
    private void turn() {
        lease.poll(clock()).ifPresent(this::ask);
        tellLease();
        tellProofs();
    }

    /** Tells how the lease is: by the time the machine hears of it, it may be otherwise, as between two threads. */
    private void tellLease() {
        Event.LeaseIs now = new Event.LeaseIs(lease.status(clock()));
        leaseToldAt =
                Math.max(leaseToldAt, world.now() + world.upTo(world.oneIn(10) ? TICK / 10 : World.MILLISECOND / 10));
        in(leaseToldAt - world.now(), () -> tell(now));
    }

    private void ask(LeaseRequest request) {
        cluster.trouble.after(Trouble.Moment.ASKED_STORE, machine());
        cluster.store.lease(this, request, answer -> {
            lease.answer(answer, clock());
            turn();
        });
    }

    private void wake() {
        long now = clock();
        long wait = Math.min(lease.wakeAt(now), machine.wakeAt(now)) - now;
        long at = world.now() + Math.max(wait, World.MILLISECOND);
        if (at < world.now() + TICK && at < nextTurn) {
            nextTurn = at;
            in(at - world.now(), () -> {
                if (nextTurn == at) {
                    nextTurn = Long.MAX_VALUE;
                    turn();
                }
            });
        } else if (nextTurn <= world.now()) {
            nextTurn = Long.MAX_VALUE;
        }
    }

    // ---- the machine

    /** Tells the machine what happened, and does what it says. */
    void tell(Event event) {
        if (cluster.loud && !(event instanceof Event.LeaseIs)) {
            world.note("{} <- {}", this, event);
        }
        for (Action action : machine.on(event, clock())) {
            if (!(action instanceof Action.Candidate)) {
                world.note("{} -> {}", this, action);
            }
            perform(action);
        }
        wake();
    }

    private void perform(Action action) {
        if (following.perform(action)
                || serving.perform(action)
                || writes.perform(action)
                || archive.perform(action)
                || performOnLease(action)
                || performOnPeers(action)) {
            return;
        }
        if (action instanceof Action.Remember remember) {
            remember(remember.memory());
        } else if (action instanceof Action.Answer answer) {
            Consumer<Boolean> operator = operators.remove(answer.request());
            if (operator != null) {
                operator.accept(answer.done());
            }
            answer(answer.request(), answer.done());
        } else if (!(action instanceof Action.Say)) {
            throw new IllegalStateException("nobody does " + action);
        }
    }

    private void remember(ClusterMemory memory) {
        gate.promise(memory.promised());
        if (world.fault(200)) {
            in(diskDelay(), () -> tell(new Event.NotRemembered("no space")));
            return;
        }
        disk().write(memory);
        in(diskDelay(), () -> {
            ClusterMemory before = disk().memory();
            disk().written(memory);
            cluster.judge.remembers(this, before, memory);
            tell(new Event.Remembered(memory));
        });
    }

    private boolean performOnLease(Action action) {
        if (action instanceof Action.Candidate candidate) {
            lease.candidate(candidate.wanted(), candidate.delay().toNanos());
        } else if (action instanceof Action.StoreQuorum store) {
            lease.quorum(store.quorum());
        } else if (action instanceof Action.Offer offer) {
            offer(offer);
        } else if (action instanceof Action.Sight sight) {
            lease.sighted("", sight.epoch(), clock());
        } else if (action instanceof Action.ReleaseLease) {
            lease.release();
        } else if (action instanceof Action.ProveLease prove) {
            prove(prove.step());
        } else {
            return false;
        }
        in(0, this::turn);
        return true;
    }

    private void offer(Action.Offer offer) {
        Peer to = offer.successor();
        cluster.judge.offers(this, to);
        if (!lease.handOver(offer.process(), to.node(), to.advertise(), true, clock())) {
            in(0, () -> tell(new Event.Failed(offer.step(), "the lease is not held")));
        }
    }

    /** Asks for the lease object to be read once more, as {@code Lease.confirm} does. */
    private void prove(long step) {
        proofs.add(new Proof(step, lease.epochHolding(), lease.confirm()));
    }

    private void tellProofs() {
        for (Proof proof : List.copyOf(proofs)) {
            boolean holds = lease.epochHolding() == proof.epoch;
            if (!holds || lease.confirmed() >= proof.request) {
                proofs.remove(proof);
                tell(
                        holds
                                ? new Event.LeaseProven(proof.step, proof.epoch)
                                : new Event.Failed(proof.step, "the lease is another's"));
            }
        }
    }

    // ---- peers

    /** How a peer answers a seal: the promise, or its higher epoch. */
    record SealAnswer(@Nullable Standing standing, long promised) {}

    private record PeekAnswer(Standing standing, boolean primary) {}

    private boolean performOnPeers(Action action) {
        if (action instanceof Action.Seal seal) {
            call(
                    seal.peer(),
                    seal.step(),
                    (there, reply) -> {
                        long request = there.next();
                        there.asked.put(request, reply);
                        there.tell(new Event.SealAsked(request, self, seal.epoch()));
                    },
                    result -> {
                        SealAnswer answer = (SealAnswer) result;
                        Standing standing = answer.standing();
                        tell(
                                standing != null
                                        ? new Event.Sealed(seal.step(), standing)
                                        : new Event.SealRefused(seal.step(), answer.promised()));
                    });
        } else if (action instanceof Action.AnswerSeal answer) {
            cluster.judge.promises(this, answer.standing());
            cluster.trouble.after(Trouble.Moment.PROMISED, machine());
            answer(
                    answer.request(),
                    new SealAnswer(answer.standing(), answer.standing().promised()));
        } else if (action instanceof Action.RefuseSeal refuse) {
            answer(refuse.request(), new SealAnswer(null, refuse.promised()));
        } else if (action instanceof Action.Peek peek) {
            call(
                    peek.peer(),
                    peek.step(),
                    (there, reply) ->
                            reply.accept(new PeekAnswer(there.machine.standing(), there.writes.accepting() >= 0)),
                    result -> {
                        PeekAnswer answer = (PeekAnswer) result;
                        tell(new Event.Peeked(peek.step(), answer.standing(), answer.primary()));
                    });
        } else if (action instanceof Action.AskHandOver ask) {
            call(
                    ask.primary(),
                    ask.step(),
                    (there, reply) -> {
                        long request = there.next();
                        there.asked.put(request, reply);
                        there.tell(new Event.HandOverAsked(request, self, id));
                    },
                    result -> tell(
                            (Boolean) result
                                    ? new Event.Done(ask.step())
                                    : new Event.Failed(ask.step(), "it does not hand over")));
        } else {
            return false;
        }
        return true;
    }

    /** What a peer does when it is called. */
    interface Handler {
        void handle(Node there, Consumer<Object> reply);
    }

    /** Calls a peer; no answer is a failure of the step. */
    void call(Peer peer, long step, Handler handler, Consumer<Object> answer) {
        cluster.network.<Object>call(
                this,
                cluster.machine(peer),
                Plan.TTL.toNanos() / 2,
                (there, reply) -> handler.handle((Node) there, reply),
                result -> {
                    if (result == null) {
                        tell(new Event.Failed(step, "no answer"));
                    } else {
                        answer.accept(result);
                    }
                });
    }

    private void answer(long request, Object result) {
        Consumer<Object> reply = asked.remove(request);
        if (reply != null) {
            reply.accept(result);
        }
    }

    // ---- operators

    void promote(Consumer<Boolean> answer) {
        long request = next();
        operators.put(request, answer);
        tell(new Event.Promote(request, false));
    }

    void handOff(Optional<String> to, Consumer<Boolean> answer) {
        long request = next();
        operators.put(request, answer);
        tell(new Event.HandOff(request, to));
    }

    void stop(Consumer<Boolean> answer) {
        long request = next();
        operators.put(request, answer);
        tell(new Event.Stop(request));
    }

    // ---- disk

    private long diskDelay() {
        long usual = world.between(World.MILLISECOND / 5, cluster.plan.diskDelayMax);
        return world.fault(60) ? usual * 50 : usual;
    }

    /** Makes durable what has been appended; one flush after the other. */
    void flush(Runnable durable) {
        int end = disk().end();
        flushedAt = Math.max(flushedAt, world.now() + diskDelay());
        in(flushedAt - world.now(), () -> {
            disk().flushedTo(end);
            durable.run();
        });
    }

    ClusterStatus status() {
        return machine.status(clock());
    }
}
