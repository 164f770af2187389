package io.ltxfs.node.replication;

import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.ltxfs.database.DatabaseSet;
import io.ltxfs.database.receive.Receiver;
import io.ltxfs.node.cluster.Standing;
import io.ltxfs.node.cluster.Standing.Place;
import io.ltxfs.replicationproto.Acknowledgement;
import io.ltxfs.replicationproto.FromPrimary;
import io.ltxfs.replicationproto.FromReplica;
import io.ltxfs.replicationproto.Heartbeat;
import io.ltxfs.replicationproto.Hello;
import io.ltxfs.replicationproto.Instruction;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One replica's stream. Messages come on gRPC's threads, one at a time; what is sent comes from the {@link ReplicaSender}'s
 * thread. Its monitor guards the sending side of the call.
 */
final class ReplicaStream implements ReplicaLink, StreamObserver<FromReplica>, ReplicaSender.Out {
    private static final Logger LOG = LoggerFactory.getLogger(ReplicaStream.class);
    private static final Member NOBODY = new Member("", "", "");
    /** What may wait in this process to be sent: enough to keep a network busy. */
    private static final int READY_BYTES = 1 << 20;

    private final ServerCallStreamObserver<FromPrimary> call;
    private final PeerHandler handler;
    private final PeerSettings settings;
    private final DatabaseSet databases;
    private final Receiver receiver;
    private final Encoder encoder;
    private final Consumer<ReplicaStream> onEnd;

    private volatile Member replica = NOBODY;
    private volatile long epoch;
    private volatile boolean over;
    private volatile long heardNanos = System.nanoTime();
    private volatile @Nullable ReplicaSender sender;
    private Map<String, Place> startPositions = Map.of();
    private boolean greeted;
    private boolean admitted;
    private boolean gone;

    ReplicaStream(
            ServerCallStreamObserver<FromPrimary> call,
            PeerHandler handler,
            PeerSettings settings,
            DatabaseSet databases,
            Receiver receiver,
            Encoder encoder,
            Consumer<ReplicaStream> onEnd) {
        this.call = call;
        this.handler = handler;
        this.settings = settings;
        this.databases = databases;
        this.receiver = receiver;
        this.encoder = encoder;
        this.onEnd = onEnd;
        call.setOnReadyThreshold(READY_BYTES);
        call.setOnReadyHandler(this::wake);
        call.setOnCancelHandler(() -> end("the connection has ended"));
    }

    private void wake() {
        ReplicaSender now = sender;
        if (now != null) {
            now.wake();
        }
    }

    // ---- from the replica

    @Override
    public void onNext(FromReplica message) {
        if (over) {
            return;
        }
        heardNanos = System.nanoTime();
        try {
            switch (message.getMessageCase()) {
                case HELLO -> hello(message.getHello());
                case ACKNOWLEDGEMENT -> {
                    requireEpoch(message);
                    acknowledgement(message.getAcknowledgement());
                }
                case RESUME -> {
                    requireEpoch(message);
                    ReplicaSender to = sender;
                    if (to == null) {
                        throw wrong("a Resume before the Welcome");
                    }
                    handler.heard(this);
                    to.resume(
                            message.getResume().getPosition().getDatabase(),
                            Messages.place(message.getResume().getPosition()));
                }
                case MESSAGE_NOT_SET -> throw wrong("a message that this version does not know");
            }
        } catch (StatusException e) {
            fail(e);
        }
    }

    private void hello(Hello hello) throws StatusException {
        if (greeted) {
            throw wrong("a second Hello");
        }
        greeted = true;
        replica = Messages.member(hello.getReplica());
        Standing standing = new Standing(
                replica.node(),
                hello.getPromised(),
                hello.getHistoryEpoch(),
                Messages.places(hello.getPositionsList()));
        handler.replicaComes(this, standing).whenComplete((admission, failure) -> {
            if (failure != null) {
                fail(Refusals.toStatus(PeerService.cause(failure), handler));
            } else {
                admit(admission, standing);
            }
        });
    }

    private void admit(PeerHandler.Admission admission, Standing standing) {
        ReplicaSender made = new ReplicaSender(
                replica.node(),
                standing.positions(),
                databases,
                receiver,
                encoder,
                this,
                PeerServer.heartbeatNanos(settings.ttl()));
        boolean wentAway;
        synchronized (this) {
            admitted = true;
            startPositions = admission.startPositions();
            epoch = admission.epoch();
            wentAway = over;
            if (!wentAway) {
                sender = made;
            }
        }
        if (wentAway) {
            tellGone("it went away at once");
        } else {
            made.start();
        }
    }

    private void acknowledgement(Acknowledgement message) {
        if (message.getDurableCount() == 0 && message.getAppliedCount() == 0 && !message.getHistoryComplete()) {
            handler.heard(this);
            return;
        }
        handler.acknowledged(
                this,
                Messages.places(message.getDurableList()),
                Messages.places(message.getAppliedList()),
                message.getHistoryComplete());
    }

    private void requireEpoch(FromReplica message) throws StatusException {
        if (Long.compareUnsigned(message.getEpoch(), epoch) > 0 && epoch != 0) {
            handler.promiseSeen(message.getEpoch());
            throw Refusals.toStatus(
                    new Refused(replica.node() + " has promised epoch " + Long.toUnsignedString(message.getEpoch())
                            + ", the stream is of " + Long.toUnsignedString(epoch)),
                    handler);
        }
        if (message.getEpoch() != epoch || epoch == 0) {
            throw wrong("a message of epoch " + Long.toUnsignedString(message.getEpoch()) + " where "
                    + Long.toUnsignedString(epoch) + " is due");
        }
    }

    private StatusException wrong(String what) {
        return new StatusException(Status.INVALID_ARGUMENT.withDescription(
                handler.self().node() + " got " + what + " from the replica " + replica.node()));
    }

    @Override
    public void onError(Throwable failure) {
        end("the connection has ended");
    }

    @Override
    public void onCompleted() {
        close("the replica has ended its stream");
    }

    // ---- to the replica, by the sender's thread

    @Override
    public boolean isReady() {
        return call.isReady();
    }

    @Override
    public boolean isOver() {
        return over;
    }

    @Override
    public synchronized void send(FromPrimary.Builder message) {
        if (!over) {
            call.onNext(message.setEpoch(epoch).build());
        }
    }

    @Override
    public void welcome(List<Instruction> instructions) {
        io.ltxfs.replicationproto.Welcome.Builder welcome = io.ltxfs.replicationproto.Welcome.newBuilder()
                .setPrimary(Messages.member(handler.self()))
                .addAllStartPositions(Messages.places(startPositions))
                .addAllInstructions(instructions)
                .setTtlMillis(settings.ttl().toMillis());
        send(FromPrimary.newBuilder().setWelcome(welcome));
    }

    @Override
    public Heartbeat.Builder heartbeat() {
        HeartbeatFacts facts = handler.heartbeat();
        Heartbeat.Builder heartbeat =
                Heartbeat.newBuilder().setEtag(facts.etag()).setTimeMillis(System.currentTimeMillis());
        facts.members().forEach(member -> heartbeat.addMembers(Messages.member(member)));
        return heartbeat;
    }

    /** gRPC itself looks after ten seconds at the earliest. */
    @Override
    public void endIfSilent() {
        if (System.nanoTime() - heardNanos > settings.ttl().toNanos()) {
            fail(new IOException("nothing was heard of " + replica.node() + " for "
                    + settings.ttl().toMillis() + " ms"));
        }
    }

    @Override
    public void fail(IOException why) {
        LOG.warn("a replica's stream failed: replica={} why={}", replica.node(), why.getMessage());
        fail(Refusals.toStatus(why, handler));
    }

    // ---- the end

    private void fail(StatusException failure) {
        synchronized (this) {
            if (over) {
                return;
            }
            over = true;
            try {
                call.onError(failure);
            } catch (IllegalStateException e) {
                LOG.debug("a stream had ended already: replica={}", replica.node(), e);
            }
        }
        end(String.valueOf(failure.getStatus().getDescription()));
    }

    private void end(String why) {
        synchronized (this) {
            over = true;
        }
        tellGone(why);
        wake();
        onEnd.accept(this);
    }

    /** Once. Without the monitor: the handler may wait for the very thread that is about to close this stream. */
    private void tellGone(String why) {
        synchronized (this) {
            if (!admitted || gone) {
                return;
            }
            gone = true;
        }
        LOG.info("a replica has gone: replica={} why={}", replica.node(), why);
        handler.replicaGone(this, why);
    }

    @Override
    public Member replica() {
        return replica;
    }

    @Override
    public long epoch() {
        return epoch;
    }

    @Override
    public Map<String, Place> sent() {
        ReplicaSender now = sender;
        return now == null ? Map.of() : now.sent();
    }

    @Override
    public void close(String why) {
        fail(Refusals.toStatus(new Refused(handler.self().node() + ": " + why), handler));
    }
}
