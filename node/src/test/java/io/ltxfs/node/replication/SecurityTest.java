package io.ltxfs.node.replication;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.ltxfs.node.cli.certs.TestCertificates;
import io.ltxfs.objectstore.MemoryStore;
import io.ltxfs.replicationproto.PeekRequest;
import io.ltxfs.replicationproto.PeerGrpc;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Who may speak to whom. */
@Timeout(300)
class SecurityTest {
    @TempDir
    Path root;

    private final List<AutoCloseable> open = new ArrayList<>();

    @AfterEach
    void close() throws Exception {
        for (int i = open.size() - 1; i >= 0; i--) {
            open.get(i).close();
        }
    }

    private <T extends AutoCloseable> T closing(T one) {
        open.add(one);
        return one;
    }

    private static TestNode.Choice with(PeerTls tls) {
        TestNode.Choice choice = new TestNode.Choice();
        choice.tls = Optional.of(tls);
        return choice;
    }

    private static TestNode.Choice of(ClusterIdentity identity) {
        TestNode.Choice choice = new TestNode.Choice();
        choice.identity = identity;
        return choice;
    }

    private static String failure(CompletionStage<?> stage) {
        ExecutionException failed = assertThrows(
                ExecutionException.class, () -> stage.toCompletableFuture().get(60, TimeUnit.SECONDS));
        return String.valueOf(failed.getCause().getMessage());
    }

    private static void assertContains(String expected, String message) {
        assertTrue(message.contains(expected), () -> "'" + expected + "' is not in: " + message);
    }

    // ---- certificates

    @Test
    void nodesWithCertificatesOfOneAuthoritySpeak() throws Exception {
        TestCertificates certificates = new TestCertificates(root.resolve("certs"));
        TestNode primary = closing(new TestNode("one", root, with(certificates.tls("127.0.0.1"))))
                .primary();
        TestNode replica = closing(new TestNode("two", root, with(certificates.tls("node-b"))));
        primary.commit("a.db", new Random(1), 3, 3);
        primary.flush();
        closing(replica.client.follow(primary.address(), replica.follower));
        await().atMost(Duration.ofSeconds(60))
                .untilAsserted(() ->
                        assertEquals(primary.positions(), replica.positions(), () -> replica.follower.failures + ""));
    }

    @Test
    void certificatesAreReadAgain() throws Exception {
        TestCertificates old = new TestCertificates(root.resolve("old"));
        TestCertificates renewed = new TestCertificates(root.resolve("renewed"));
        PeerTls used = old.tls("127.0.0.1");
        TestNode server = closing(new TestNode("one", root, with(used)));
        TestNode client = closing(new TestNode("two", root, with(renewed.tls("node-b"))));
        failure(client.client.peek(server.address()));
        PeerTls next = renewed.tls("127.0.0.1");
        Files.copy(next.cert(), used.cert(), StandardCopyOption.REPLACE_EXISTING);
        Files.copy(next.key(), used.key(), StandardCopyOption.REPLACE_EXISTING);
        Files.copy(next.ca(), used.ca(), StandardCopyOption.REPLACE_EXISTING);
        server.server.reloadTls();
        assertEquals(
                "one",
                client.client
                        .peek(server.address())
                        .toCompletableFuture()
                        .get(60, TimeUnit.SECONDS)
                        .member()
                        .node());
    }

    @Test
    void aForeignCertificateIsRefusedByBothSides() throws Exception {
        TestCertificates ours = new TestCertificates(root.resolve("ours"));
        TestCertificates theirs = new TestCertificates(root.resolve("theirs"));
        TestNode server = closing(new TestNode("one", root, with(ours.tls("127.0.0.1"))));
        TestNode stranger = closing(new TestNode("two", root, with(theirs.tls("127.0.0.1"))));
        assertContains("certif", failure(stranger.client.peek(server.address())).toLowerCase(java.util.Locale.ROOT));
        // One that trusts our authority, and is not trusted by it.
        PeerTls foreign = theirs.tls("node-x");
        PeerTls mixed =
                new PeerTls(foreign.cert(), foreign.key(), ours.tls("node-y").ca());
        TestNode intruder = closing(new TestNode("three", root, with(mixed)));
        failure(intruder.client.peek(server.address()));
    }

    @Test
    void anExpiredCertificateIsRefused() throws Exception {
        TestCertificates certificates = new TestCertificates(root.resolve("certs"));
        TestNode server =
                closing(new TestNode("one", root, with(certificates.expired("127.0.0.1", Duration.ofDays(3)))));
        TestNode client = closing(new TestNode("two", root, with(certificates.tls("node-b"))));
        assertContains("expired", failure(client.client.peek(server.address())).toLowerCase(java.util.Locale.ROOT));
    }

    @Test
    void aCertificateForAnotherHostIsRefused() throws Exception {
        TestCertificates certificates = new TestCertificates(root.resolve("certs"));
        TestNode server = closing(new TestNode("one", root, with(certificates.tls("node-a"))));
        TestNode client = closing(new TestNode("two", root, with(certificates.tls("node-b"))));
        assertContains("127.0.0.1", failure(client.client.peek(server.address())));
    }

    @Test
    void aNodeWithoutCertificatesIsRefused() throws Exception {
        TestCertificates certificates = new TestCertificates(root.resolve("certs"));
        TestNode server = closing(new TestNode("one", root, with(certificates.tls("127.0.0.1"))));
        TestNode client = closing(new TestNode("two", root));
        failure(client.client.peek(server.address()));
        failure(server.client.peek(client.address()));
    }

    @Test
    void filesThatAreWrongAreNamed() throws Exception {
        TestCertificates certificates = new TestCertificates(root.resolve("certs"));
        PeerTls right = certificates.tls("node-a");
        Path none = root.resolve("none.pem");
        Path text = Files.writeString(root.resolve("text.pem"), "hello");
        for (Path wrong : List.of(none, text)) {
            assertContains(wrong.toString(), failure(new PeerTls(wrong, right.key(), right.ca())));
            assertContains(wrong.toString(), failure(new PeerTls(right.cert(), wrong, right.ca())));
            assertContains(wrong.toString(), failure(new PeerTls(right.cert(), right.key(), wrong)));
        }
    }

    private static String failure(PeerTls tls) {
        return String.valueOf(assertThrows(IOException.class, tls::check).getMessage());
    }

    // ---- the cluster's secret

    @Test
    void aNodeOfAnotherClusterIsRefused() throws Exception {
        TestNode server = closing(new TestNode("one", root)).primary();
        TestNode other = closing(new TestNode("two", root, of(ClusterIdentity.random())));
        assertContains("check that lease.url is the same", failure(other.client.peek(server.address())));
        ClusterIdentity forged = new ClusterIdentity(
                TestNode.IDENTITY.id(), ClusterIdentity.random().secret());
        TestNode liar = closing(new TestNode("three", root, of(forged)));
        assertContains("proof", failure(liar.client.seal(server.address(), 9)));
        assertEquals(0, server.gate.promised());
        closing(liar.client.follow(server.address(), liar.follower));
        await().atMost(Duration.ofSeconds(60)).until(() -> !liar.follower.failures.isEmpty());
        assertContains("proof", liar.follower.failures.get(0));
        assertEquals(List.of(), server.server.replicas());
    }

    /** One who answers must prove itself too: else its refusals and its transactions would be believed. */
    @Test
    void anAnswerWithoutProofIsNotBelieved() throws Exception {
        try (FakePrimary fake = FakePrimary.ofAnotherCluster()) {
            TestNode replica = closing(new TestNode("two", root));
            closing(replica.client.follow(fake.address(), replica.follower));
            await().atMost(Duration.ofSeconds(60)).until(() -> !replica.follower.failures.isEmpty());
            assertContains("does not prove that it is of cluster", replica.follower.failures.get(0));
            assertEquals(List.of(), replica.follower.welcomes);
        }
    }

    @Test
    void anotherVersionIsRefused() throws Exception {
        TestNode server = closing(new TestNode("one", root));
        ManagedChannel channel = NettyChannelBuilder.forTarget(
                        "dns:///" + server.address(), InsecureChannelCredentials.create())
                .build();
        open.add(channel::shutdownNow);
        Channel newer = ClientInterceptors.intercept(
                channel, new ClusterProof(TestNode.IDENTITY, ClusterProof.PROTOCOL + 1).client(server.address()));
        StatusRuntimeException refused = assertThrows(
                StatusRuntimeException.class,
                () -> PeerGrpc.newBlockingStub(newer).peek(PeekRequest.getDefaultInstance()));
        assertContains("run the same ltxfs on all nodes", String.valueOf(refused.getMessage()));
        StatusRuntimeException silent = assertThrows(
                StatusRuntimeException.class,
                () -> PeerGrpc.newBlockingStub(channel).peek(PeekRequest.getDefaultInstance()));
        assertContains("nodes of its cluster only", String.valueOf(silent.getMessage()));
    }

    @Test
    void theFirstNodeMakesTheIdentity() throws Exception {
        try (MemoryStore store = new MemoryStore()) {
            ClusterIdentity made = ClusterIdentity.open(store);
            assertEquals(made, ClusterIdentity.open(store));
            assertEquals(64, made.secret().length());
            assertTrue(!made.toString().contains(made.secret()));
        }
    }
}
