package io.ltxfs.node.replication;

import io.grpc.InsecureServerCredentials;
import io.grpc.Server;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.ltxfs.database.DatabaseSet;
import io.ltxfs.database.receive.Receiver;
import io.ltxfs.node.config.Endpoint;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The port for peers: one stream for each replica, and short calls. */
public final class PeerServer implements AutoCloseable {
    /** A Hello names every database with its position. */
    static final int MESSAGE_BYTES_MAX = 16 << 20;

    private static final int METADATA_BYTES_MAX = 16 * 1024;
    private static final int CALLS_PER_CONNECTION = 32;
    private static final int CONNECTIONS_MAX = 256;
    private static final int WINDOW_BYTES = 1 << 20;
    private static final long IDLE_MINUTES = 5;
    private static final long STOP_MILLIS = 2_000;

    private final Server server;
    private final PeerService service;
    private final PeerTls.@Nullable Loaded tls;

    private PeerServer(Server server, PeerService service, PeerTls.@Nullable Loaded tls) {
        this.server = server;
        this.service = service;
        this.tls = tls;
    }

    /** A tenth of a TTL, at most a second. */
    static long heartbeatNanos(Duration ttl) {
        return Math.min(TimeUnit.SECONDS.toNanos(1), Math.max(1, ttl.toNanos() / 10));
    }

    /**
     * Listens.
     *
     * @param databases whose transactions and images are given
     * @throws IOException if the port cannot be had, or a certificate not be read; says which
     */
    public static PeerServer start(
            Endpoint listen, PeerSettings settings, PeerHandler handler, DatabaseSet databases, Receiver receiver)
            throws IOException {
        InetSocketAddress address = new InetSocketAddress(listen.host(), listen.port());
        if (address.isUnresolved()) {
            throw new IOException("replication.listen: " + listen.host() + " is no address of this machine");
        }
        GrpcLog.redirect();
        PeerTls.Loaded tls =
                settings.tls().isPresent() ? new PeerTls.Loaded(settings.tls().get()) : null;
        PeerService service = new PeerService(settings, handler, databases, receiver);
        Duration half = settings.ttl().dividedBy(2);
        Server server = NettyServerBuilder.forAddress(
                        address, tls == null ? InsecureServerCredentials.create() : tls.server())
                .directExecutor()
                .intercept(new ClusterProof(settings.identity()).server(settings.self()))
                .addTransportFilter(new ConnectionLimit(CONNECTIONS_MAX))
                .addService(service)
                .keepAliveTime(half.toMillis(), TimeUnit.MILLISECONDS)
                .keepAliveTimeout(half.toMillis(), TimeUnit.MILLISECONDS)
                .permitKeepAliveTime(1, TimeUnit.SECONDS)
                .permitKeepAliveWithoutCalls(true)
                .maxConnectionIdle(IDLE_MINUTES, TimeUnit.MINUTES)
                .maxConcurrentCallsPerConnection(CALLS_PER_CONNECTION)
                .maxInboundMessageSize(MESSAGE_BYTES_MAX)
                .maxInboundMetadataSize(METADATA_BYTES_MAX)
                .flowControlWindow(WINDOW_BYTES)
                .build();
        try {
            server.start();
        } catch (IOException e) {
            service.close();
            Throwable why = e.getCause() == null ? e : e.getCause();
            throw new IOException("replication.listen: " + listen + " cannot be listened on: " + why.getMessage(), e);
        }
        return new PeerServer(server, service, tls);
    }

    /** The port that it listens on. */
    public int port() {
        return server.getPort();
    }

    /** The replicas that follow at the moment. */
    public List<ReplicaLink> replicas() {
        return service.replicas();
    }

    /** Ends all replicas' streams: this node is no primary any more. */
    public void closeReplicas(String why) {
        service.closeReplicas(why);
    }

    /** Reads certificates again; connections that are open stay. */
    public void reloadTls() throws IOException {
        if (tls != null) {
            tls.reload();
        }
    }

    /** Ends all streams and gives the port back. */
    @Override
    public void close() {
        server.shutdown();
        service.close();
        boolean interrupted = false;
        try {
            server.awaitTermination(STOP_MILLIS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            interrupted = true;
        }
        server.shutdownNow();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
