package io.ltxfs.node.replication;

import io.grpc.InsecureServerCredentials;
import io.grpc.Server;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import io.ltxfs.replicationproto.FromPrimary;
import io.ltxfs.replicationproto.FromReplica;
import io.ltxfs.replicationproto.PeerGrpc;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BiConsumer;

/** A node that sends whatever a test wants. */
final class FakePrimary implements AutoCloseable {
    static final Member SELF = new Member("fake", "p", "127.0.0.1:1");

    private final Server server;
    final List<FromReplica> heard = new CopyOnWriteArrayList<>();

    /** @param script told each message of a replica, and where to answer */
    FakePrimary(ClusterIdentity identity, BiConsumer<FromReplica, StreamObserver<FromPrimary>> script)
            throws IOException {
        server = NettyServerBuilder.forAddress(
                        new InetSocketAddress("127.0.0.1", 0), InsecureServerCredentials.create())
                .directExecutor()
                .intercept(new ClusterProof(identity).server(SELF))
                .addService(new PeerGrpc.PeerImplBase() {
                    @Override
                    public StreamObserver<FromReplica> replicate(StreamObserver<FromPrimary> out) {
                        return observer(script, out);
                    }
                })
                .build()
                .start();
    }

    /** One that takes every caller for its own, and proves itself with another secret. */
    static FakePrimary ofAnotherCluster() throws IOException {
        Server[] made = {null};
        made[0] = NettyServerBuilder.forAddress(
                        new InetSocketAddress("127.0.0.1", 0), InsecureServerCredentials.create())
                .directExecutor()
                .addService(new PeerGrpc.PeerImplBase() {
                    @Override
                    public StreamObserver<FromReplica> replicate(StreamObserver<FromPrimary> out) {
                        out.onNext(welcome(1));
                        return new Ignoring();
                    }
                })
                .build()
                .start();
        return new FakePrimary(made[0]);
    }

    private FakePrimary(Server server) {
        this.server = server;
    }

    static FromPrimary welcome(long epoch) {
        return FromPrimary.newBuilder()
                .setEpoch(epoch)
                .setWelcome(io.ltxfs.replicationproto.Welcome.newBuilder()
                        .setPrimary(Messages.member(SELF))
                        .setTtlMillis(5000))
                .build();
    }

    String address() {
        return "127.0.0.1:" + server.getPort();
    }

    private StreamObserver<FromReplica> observer(
            BiConsumer<FromReplica, StreamObserver<FromPrimary>> script, StreamObserver<FromPrimary> out) {
        return new Ignoring() {
            @Override
            public void onNext(FromReplica message) {
                heard.add(message);
                script.accept(message, out);
            }
        };
    }

    private static class Ignoring implements StreamObserver<FromReplica> {
        @Override
        public void onNext(FromReplica message) {}

        @Override
        public void onError(Throwable failure) {}

        @Override
        public void onCompleted() {}
    }

    @Override
    public void close() {
        server.shutdownNow();
    }
}
