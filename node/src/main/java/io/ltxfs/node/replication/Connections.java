package io.ltxfs.node.replication;

import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Makes connections to peers. Each use has one of its own, made afresh: one that is kept may be half-open without anybody
 * knowing.
 */
final class Connections {
    private static final int WINDOW_BYTES = 1 << 20;

    private final ClusterProof proof;
    private final PeerTls.@Nullable Loaded tls;

    Connections(PeerSettings settings) throws IOException {
        GrpcLog.redirect();
        this.proof = new ClusterProof(settings.identity());
        this.tls =
                settings.tls().isPresent() ? new PeerTls.Loaded(settings.tls().get()) : null;
    }

    void reloadTls() throws IOException {
        if (tls != null) {
            tls.reload();
        }
    }

    /** A connection to one peer, made with the first call. */
    static final class Connection implements AutoCloseable {
        private final ManagedChannel managed;
        private final Channel channel;

        private Connection(ManagedChannel managed, Channel channel) {
            this.managed = managed;
            this.channel = channel;
        }

        Channel channel() {
            return channel;
        }

        /** Ends it, with every call on it. */
        @Override
        public void close() {
            managed.shutdownNow();
        }

        /** Waits until every call on it has been told its end. */
        void awaitEnd(long millis) throws InterruptedException {
            managed.awaitTermination(millis, TimeUnit.MILLISECONDS);
        }
    }

    /**
     * Prepares one.
     *
     * @param address {@code host:port}
     */
    Connection to(String address) {
        ManagedChannel managed = NettyChannelBuilder.forTarget(
                        "dns:///" + address, tls == null ? InsecureChannelCredentials.create() : tls.client())
                .maxInboundMessageSize(PeerServer.MESSAGE_BYTES_MAX)
                .flowControlWindow(WINDOW_BYTES)
                .keepAliveTime(10, TimeUnit.SECONDS)
                .keepAliveTimeout(5, TimeUnit.SECONDS)
                .disableRetry()
                .directExecutor()
                .build();
        return new Connection(managed, ClientInterceptors.intercept(managed, proof.client(address)));
    }
}
