package io.ltxfs.node.replication;

import com.google.common.util.concurrent.ListenableFuture;
import io.ltxfs.database.DatabaseSet;
import io.ltxfs.database.receive.Receiver;
import io.ltxfs.node.cluster.Standing.Place;
import io.ltxfs.replicationproto.HandOverAnswer;
import io.ltxfs.replicationproto.HandOverRequest;
import io.ltxfs.replicationproto.PeekRequest;
import io.ltxfs.replicationproto.PeerGrpc;
import io.ltxfs.replicationproto.SealRequest;
import java.io.IOException;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/** Speaks to peers. Addresses are {@code host:port}. A refusal by a peer is a {@link Refused}. */
public final class PeerClient implements AutoCloseable {
    private final PeerSettings settings;
    private final DatabaseSet databases;
    private final Receiver receiver;
    private final EpochGate gate;
    private final Connections connections;

    /**
     * Makes one; nothing is connected.
     *
     * @param receiver takes what comes
     * @param gate asked before anything is taken or acknowledged
     * @throws IOException if a certificate cannot be read; says which
     */
    public PeerClient(PeerSettings settings, DatabaseSet databases, Receiver receiver, EpochGate gate)
            throws IOException {
        this.settings = settings;
        this.databases = databases;
        this.receiver = receiver;
        this.gate = gate;
        this.connections = new Connections(settings);
    }

    /** Asks a peer to promise an epoch. Fails within half a TTL. */
    public CompletionStage<PeerStanding> seal(String address, long epoch) {
        SealRequest request = SealRequest.newBuilder()
                .setEpoch(epoch)
                .setCandidate(Messages.member(settings.self()))
                .build();
        return call(address, settings.ttl().dividedBy(2), stub -> stub.seal(request), Messages::standing);
    }

    /** Asks a peer what it has. Fails within half a TTL. */
    public CompletionStage<PeerStanding> peek(String address) {
        PeekRequest request = PeekRequest.newBuilder()
                .setEpoch(gate.promised())
                .setCaller(Messages.member(settings.self()))
                .build();
        return call(address, settings.ttl().dividedBy(2), stub -> stub.peek(request), Messages::standing);
    }

    /** Asks the primary for its role. Fails within the time given. @return the epoch that is offered */
    public CompletionStage<Long> handOver(String address, Duration within) {
        HandOverRequest request = HandOverRequest.newBuilder()
                .setEpoch(gate.promised())
                .setSuccessor(Messages.member(settings.self()))
                .build();
        return call(address, within, stub -> stub.handOver(request), HandOverAnswer::getEpoch);
    }

    private <A, T> CompletionStage<T> call(
            String address,
            Duration within,
            Function<PeerGrpc.PeerFutureStub, ListenableFuture<A>> call,
            Function<A, T> form) {
        Connections.Connection connection = connections.to(address);
        CompletableFuture<T> result = new CompletableFuture<>();
        ListenableFuture<A> answer = call.apply(PeerGrpc.newFutureStub(connection.channel())
                .withDeadlineAfter(within.toMillis(), TimeUnit.MILLISECONDS));
        answer.addListener(
                () -> {
                    connection.close();
                    try {
                        result.complete(form.apply(answer.get()));
                    } catch (ExecutionException e) {
                        result.completeExceptionally(Refusals.toException(address, PeerService.cause(e)));
                    } catch (InterruptedException | RuntimeException e) {
                        result.completeExceptionally(e);
                    }
                },
                Runnable::run);
        return result;
    }

    /**
     * Takes a peer's transactions of one database after what this node has received of it, and makes them durable. Blocks.
     *
     * @param epoch under which this is done; the gate must let it through
     * @return whether the peer's history holds this node's position; if not, nothing was taken: {@link #conform}
     */
    public boolean fetch(String address, long epoch, String database) throws IOException, InterruptedException {
        try (Connections.Connection connection = connections.to(address)) {
            return new FetchTaker(receiver, gate, settings.stage())
                    .take(connection.channel(), address, epoch, database);
        }
    }

    /**
     * Brings one database to what a peer's readers see of it, by taking the pages that differ, durably. Blocks.
     *
     * @param divergent told before the database is changed
     * @return where it is now
     */
    public Place conform(String address, long epoch, String database, Divergent divergent)
            throws IOException, InterruptedException {
        try (Connections.Connection connection = connections.to(address)) {
            return new SnapshotTaker(databases, receiver, gate, settings.stage())
                    .take(connection.channel(), address, epoch, database, divergent);
        }
    }

    /** Keeps what is about to be replaced: {@link FollowHandler#keepDivergent}. */
    @FunctionalInterface
    public interface Divergent {
        /** Keeps it. */
        void keep(String database, OptionalLong fork) throws IOException;
    }

    /** Follows a primary, from now on until it is closed. One at a time. */
    public Following follow(String address, FollowHandler handler) {
        FollowLoop loop = new FollowLoop(address, settings, handler, connections, databases, receiver, gate);
        loop.start();
        return loop;
    }

    /** Reads certificates again, for new connections. */
    public void reloadTls() throws IOException {
        connections.reloadTls();
    }

    /** Nothing is kept between calls. */
    @Override
    public void close() {}
}
