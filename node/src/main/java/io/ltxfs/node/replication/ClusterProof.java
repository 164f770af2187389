package io.ltxfs.node.replication;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import io.grpc.ForwardingClientCallListener.SimpleForwardingClientCallListener;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.Metadata;
import io.grpc.Metadata.Key;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.HexFormat;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Both sides of a call prove that they know the cluster's secret: the caller by a code over a fresh nonce and the method's
 * name, the one who answers by another over the same. It keeps nodes of different clusters apart, and strangers away. It does
 * not keep out one who can change what goes over the network: that takes TLS.
 */
final class ClusterProof {
    /** The version of the protocol. */
    static final int PROTOCOL = 1;

    static final Key<String> PROTOCOL_KEY = key("ltxfs-protocol");
    static final Key<String> CLUSTER_KEY = key("ltxfs-cluster");
    static final Key<String> PROOF_KEY = key("ltxfs-proof");

    private static final int NONCE_BYTES = 16;
    private static final String ALGORITHM = "HmacSHA256";

    private final ClusterIdentity identity;
    private final int protocol;
    private final SecureRandom random = new SecureRandom();

    ClusterProof(ClusterIdentity identity) {
        this(identity, PROTOCOL);
    }

    /** @param protocol another version, for tests */
    ClusterProof(ClusterIdentity identity, int protocol) {
        this.identity = identity;
        this.protocol = protocol;
    }

    private static Key<String> key(String name) {
        return Key.of(name, Metadata.ASCII_STRING_MARSHALLER);
    }

    private String code(String purpose, String method, String nonce) {
        try {
            Mac mac = Mac.getInstance(ALGORITHM);
            mac.init(new SecretKeySpec(HexFormat.of().parseHex(identity.secret()), ALGORITHM));
            mac.update((purpose + '\n' + method + '\n' + nonce).getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(mac.doFinal());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static boolean same(String one, String other) {
        return MessageDigest.isEqual(one.getBytes(StandardCharsets.UTF_8), other.getBytes(StandardCharsets.UTF_8));
    }

    private static String brief(String text) {
        return text.length() > 64 ? text.substring(0, 64) : text;
    }

    // ---- the one who answers

    ServerInterceptor server(Member self) {
        return new ServerInterceptor() {
            @Override
            public <Q, A> ServerCall.Listener<Q> interceptCall(
                    ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
                String refusal = refusal(self, call.getMethodDescriptor().getFullMethodName(), headers);
                if (refusal != null) {
                    call.close(Status.UNAUTHENTICATED.withDescription(refusal), new Metadata());
                    return new ServerCall.Listener<>() {};
                }
                String nonce = nonce(String.valueOf(headers.get(PROOF_KEY)));
                String answer = code("answer", call.getMethodDescriptor().getFullMethodName(), nonce);
                return next.startCall(new Answering<>(call, answer), headers);
            }
        };
    }

    private @Nullable String refusal(Member self, String method, Metadata headers) {
        String version = headers.get(PROTOCOL_KEY);
        String cluster = headers.get(CLUSTER_KEY);
        String proof = headers.get(PROOF_KEY);
        if (version == null || cluster == null || proof == null) {
            return self.node() + " speaks to nodes of its cluster only, and the caller does not say that it is one";
        }
        if (!version.equals(Integer.toString(protocol))) {
            return self.node() + " speaks version " + protocol + " of the protocol, the caller version "
                    + brief(version) + "; run the same ltxfs on all nodes";
        }
        if (!cluster.equals(identity.id())) {
            return self.node() + " belongs to cluster " + identity.id() + ", the caller to " + brief(cluster)
                    + "; check that lease.url is the same on all nodes";
        }
        String nonce = nonce(proof);
        if (nonce.length() != 2 * NONCE_BYTES || !same(proof, nonce + ':' + code("call", method, nonce))) {
            return "the caller's proof for cluster " + identity.id() + " is wrong; check that lease.url is the same on"
                    + " all nodes and that nobody has changed " + ClusterIdentity.KEY + ", then start the nodes again";
        }
        return null;
    }

    private static String nonce(String proof) {
        int colon = proof.indexOf(':');
        return colon < 0 ? "" : proof.substring(0, colon);
    }

    /** Proves this node in the headers, or, where there are none, in the trailers. */
    private static final class Answering<Q, A> extends SimpleForwardingServerCall<Q, A> {
        private final String answer;

        Answering(ServerCall<Q, A> call, String answer) {
            super(call);
            this.answer = answer;
        }

        @Override
        public void sendHeaders(Metadata headers) {
            headers.put(PROOF_KEY, answer);
            super.sendHeaders(headers);
        }

        @Override
        public void close(Status status, Metadata trailers) {
            trailers.put(PROOF_KEY, answer);
            super.close(status, trailers);
        }
    }

    // ---- the caller

    ClientInterceptor client(String address) {
        return new ClientInterceptor() {
            @Override
            public <Q, A> ClientCall<Q, A> interceptCall(
                    MethodDescriptor<Q, A> method, CallOptions options, Channel next) {
                return new Asking<>(next.newCall(method, options), method.getFullMethodName(), address);
            }
        };
    }

    private final class Asking<Q, A> extends SimpleForwardingClientCall<Q, A> {
        private final String method;
        private final String address;
        private final String nonce;

        Asking(ClientCall<Q, A> call, String method, String address) {
            super(call);
            this.method = method;
            this.address = address;
            byte[] bytes = new byte[NONCE_BYTES];
            random.nextBytes(bytes);
            this.nonce = HexFormat.of().formatHex(bytes);
        }

        @Override
        public void start(Listener<A> listener, Metadata headers) {
            headers.put(PROTOCOL_KEY, Integer.toString(protocol));
            headers.put(CLUSTER_KEY, identity.id());
            headers.put(PROOF_KEY, nonce + ':' + code("call", method, nonce));
            super.start(new Believing(listener), headers);
        }

        private boolean isProven(Metadata answer) {
            String proof = answer.get(PROOF_KEY);
            return proof != null && same(proof, code("answer", method, nonce));
        }

        /** Passes on only what comes from a node of the cluster. */
        private final class Believing extends SimpleForwardingClientCallListener<A> {
            private boolean proven;
            private boolean stranger;

            Believing(Listener<A> listener) {
                super(listener);
            }

            @Override
            public void onHeaders(Metadata headers) {
                proven = isProven(headers);
                if (proven) {
                    super.onHeaders(headers);
                } else {
                    stranger = true;
                    cancel("it does not prove that it is of the cluster", null);
                }
            }

            @Override
            public void onMessage(A message) {
                if (proven) {
                    super.onMessage(message);
                }
            }

            @Override
            public void onClose(Status status, Metadata trailers) {
                boolean believed = !stranger && (proven || isProven(trailers));
                if (stranger || status.isOk() && !believed) {
                    super.onClose(
                            Status.UNAUTHENTICATED.withDescription("the node at " + address
                                    + " does not prove that it is of cluster " + identity.id()
                                    + "; check the address, and that lease.url is the same on all nodes"),
                            new Metadata());
                } else {
                    // A refusal of a stranger's says nothing that may be acted on.
                    super.onClose(status, believed ? trailers : new Metadata());
                }
            }
        }
    }
}
