package io.ltxfs.node.replication;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.grpc.ClientInterceptors;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.StreamObserver;
import io.ltxfs.database.log.TransactionHeader;
import io.ltxfs.ltx.PageChecksum;
import io.ltxfs.node.cluster.Standing.Place;
import io.ltxfs.replicationproto.Acknowledgement;
import io.ltxfs.replicationproto.FromPrimary;
import io.ltxfs.replicationproto.FromReplica;
import io.ltxfs.replicationproto.Heartbeat;
import io.ltxfs.replicationproto.Hello;
import io.ltxfs.replicationproto.PeerGrpc;
import io.ltxfs.replicationproto.Resume;
import io.ltxfs.replicationproto.TransactionChunk;
import io.ltxfs.replicationproto.TransactionHead;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What nodes answer to what they must not be sent. */
@Timeout(300)
class ProtocolTest {
    @TempDir
    Path root;

    private final List<AutoCloseable> open = new ArrayList<>();
    private int replicas;

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

    private static void assertContains(String expected, String message) {
        assertTrue(message.contains(expected), () -> "'" + expected + "' is not in: " + message);
    }

    // ---- what a server is sent

    /** How the primary ends a stream on which it is sent some messages. */
    private String ended(TestNode primary, FromReplica... messages) throws Exception {
        ManagedChannel channel = NettyChannelBuilder.forTarget(
                        "dns:///" + primary.address(), InsecureChannelCredentials.create())
                .build();
        CompletableFuture<String> end = new CompletableFuture<>();
        try {
            StreamObserver<FromReplica> out = PeerGrpc.newStub(ClientInterceptors.intercept(
                            channel, new ClusterProof(TestNode.IDENTITY).client(primary.address())))
                    .replicate(new StreamObserver<>() {
                        @Override
                        public void onNext(FromPrimary message) {}

                        @Override
                        public void onError(Throwable failure) {
                            end.complete(String.valueOf(failure.getMessage()));
                        }

                        @Override
                        public void onCompleted() {
                            end.complete("completed");
                        }
                    });
            for (FromReplica message : messages) {
                out.onNext(message);
                // What comes after a Hello is for a stream that was admitted.
                await().atMost(Duration.ofSeconds(60))
                        .until(() -> !message.hasHello()
                                || !primary.server.replicas().isEmpty()
                                || end.isDone());
            }
            return end.get(60, TimeUnit.SECONDS);
        } finally {
            channel.shutdownNow();
        }
    }

    private static FromReplica.Builder of(long epoch) {
        return FromReplica.newBuilder().setEpoch(epoch);
    }

    private static FromReplica hello() {
        return of(0).setHello(Hello.newBuilder().setReplica(Messages.member(new Member("raw", "p", "x:1"))))
                .build();
    }

    @Test
    void messagesInAWrongOrderEndTheirStreamOnly() throws Exception {
        TestNode primary = closing(new TestNode("one", root)).primary();
        TestNode replica = closing(new TestNode("two", root));
        FromReplica acknowledgement =
                of(1).setAcknowledgement(Acknowledgement.getDefaultInstance()).build();
        assertContains("where 0 is due", ended(primary, acknowledgement));
        assertContains("a second Hello", ended(primary, hello(), hello()));
        assertContains("this version does not know", ended(primary, of(1).build()));
        FromReplica resume = of(1).setResume(
                        Resume.newBuilder().setPosition(Messages.place("never.db", new Place(1, -1))))
                .build();
        assertContains("was not told to replace", ended(primary, hello(), resume));
        FromReplica higher = acknowledgement.toBuilder().setEpoch(7).build();
        assertContains("has promised epoch 7", ended(primary, hello(), higher));
        assertEquals(List.of(7L), primary.handler.promises);
        FromReplica lower = acknowledgement.toBuilder().setEpoch(0).build();
        assertContains("a message of epoch 0 where 1 is due", ended(primary, hello(), lower));

        primary.commit("a.db", new Random(1), 2, 2);
        primary.flush();
        closing(replica.client.follow(primary.address(), replica.follower));
        await().atMost(Duration.ofSeconds(60))
                .untilAsserted(() -> assertEquals(primary.positions(), replica.positions()));
    }

    @Test
    void aMessageThatIsTooLargeIsRefused() throws Exception {
        TestNode primary = closing(new TestNode("one", root)).primary();
        FromReplica large = hello().toBuilder()
                .setHello(Hello.newBuilder()
                        .setReplica(
                                Messages.member(new Member("n".repeat(PeerServer.MESSAGE_BYTES_MAX + 1), "p", "x:1"))))
                .build();
        assertContains("RESOURCE_EXHAUSTED", ended(primary, large));
        assertEquals(0, primary.server.replicas().size());
    }

    @Test
    void aNodeThatIsNotPrimarySaysWhoIs() throws Exception {
        TestNode replica = closing(new TestNode("one", root));
        TestNode other = closing(new TestNode("two", root));
        replica.gate.promise(12);
        closing(other.client.follow(replica.address(), other.follower));
        await().atMost(Duration.ofSeconds(60)).until(() -> !other.follower.ends.isEmpty());
        Refused refused = assertInstanceOf(Refused.class, other.follower.ends.get(0));
        assertEquals("one is not the primary", refused.getMessage());
        assertEquals(12, refused.promised());
        assertEquals("elsewhere:1", refused.primary().orElseThrow().advertise());
    }

    @Test
    void questionsAreAnswered() throws Exception {
        TestNode asked = closing(new TestNode("one", root)).primary();
        TestNode asking = closing(new TestNode("two", root));
        asked.commit("a.db", new Random(1), 2, 2);
        PeerStanding peeked =
                asking.client.peek(asked.address()).toCompletableFuture().get();
        assertTrue(peeked.primary());
        assertEquals(asked.positions(), peeked.standing().positions());
        assertEquals(
                2,
                asking.client
                        .handOver(asked.address(), TestNode.TTL)
                        .toCompletableFuture()
                        .get());
        PeerStanding sealed =
                asking.client.seal(asked.address(), 8).toCompletableFuture().get();
        assertEquals(8, sealed.standing().promised());
        ExecutionException again = assertThrows(
                ExecutionException.class,
                () -> asking.client
                        .seal(asked.address(), 8)
                        .toCompletableFuture()
                        .get());
        assertEquals(8, assertInstanceOf(Refused.class, again.getCause()).promised());
        // What is of an epoch below the promised one is not given any more.
        assertThrows(Refused.class, () -> asking.client.fetch(asked.address(), 7, "a.db"));
    }

    @Test
    void whatIsMissingIsFetchedFromAnyNode() throws Exception {
        Random random = new Random(9);
        TestNode ahead = closing(new TestNode("one", root));
        TestNode behind = closing(new TestNode("two", root));
        for (int i = 0; i < 20; i++) {
            ahead.commit("a.db", random, 3, 10);
        }
        assertTrue(behind.client.fetch(ahead.address(), 1, "a.db"));
        assertArrayEquals(ahead.content("a.db"), behind.content("a.db"));
        assertTrue(behind.client.fetch(ahead.address(), 1, "a.db"));
        assertTrue(behind.client.fetch(ahead.address(), 1, "never.db"));
        behind.commit("a.db", random, 3, 10);
        assertFalse(behind.client.fetch(ahead.address(), 1, "a.db"));
        List<String> kept = new ArrayList<>();
        Place place = behind.client.conform(
                ahead.address(), 1, "a.db", (database, fork) -> kept.add(database + fork.orElse(-1)));
        assertEquals(ahead.positions().get("a.db"), place);
        assertEquals(List.of("a.db20"), kept);
        assertArrayEquals(ahead.content("a.db"), behind.content("a.db"));
        behind.gate.promise(5);
        ahead.commit("a.db", random, 3, 10);
        assertContains(
                "has promised 5",
                String.valueOf(assertThrows(Refused.class, () -> behind.client.fetch(ahead.address(), 1, "a.db"))
                        .getMessage()));
    }

    // ---- what a replica is sent

    @Test
    void aPromiseEndsTheStreamOfALowerEpoch() throws Exception {
        TestNode primary = closing(new TestNode("one", root)).primary();
        TestNode replica = closing(new TestNode("two", root));
        Following following = closing(replica.client.follow(primary.address(), replica.follower));
        await().atMost(Duration.ofSeconds(60)).until(following::connected);
        replica.gate.promise(5);
        primary.commit("a.db", new Random(1), 2, 2);
        primary.flush();
        await().atMost(Duration.ofSeconds(60)).until(() -> primary.handler.promises.contains(5L));
        assertEquals(Map.of(), replica.positions());
        assertEquals(Map.of(), primary.handler.acknowledged);
    }

    private static FromPrimary.Builder sent(long epoch) {
        return FromPrimary.newBuilder().setEpoch(epoch);
    }

    private String failure(FromPrimary... messages) throws Exception {
        try (FakePrimary fake = new FakePrimary(TestNode.IDENTITY, (message, out) -> {
                    if (message.hasHello()) {
                        for (FromPrimary one : messages) {
                            out.onNext(one);
                        }
                    }
                });
                TestNode replica = new TestNode("replica" + replicas++, root)) {
            Following following = replica.client.follow(fake.address(), replica.follower);
            await().atMost(Duration.ofSeconds(60)).until(() -> !replica.follower.failures.isEmpty());
            assertEquals(Map.of(), replica.positions());
            following.close();
            return replica.follower.failures.get(0);
        }
    }

    @Test
    void aPrimaryThatSendsWhatItMustNotIsLeft() throws Exception {
        TransactionChunk whole = chunk(transaction(new Random(1)));
        FromPrimary welcome = FakePrimary.welcome(3);
        FromPrimary heartbeat =
                sent(4).setHeartbeat(Heartbeat.getDefaultInstance()).build();
        assertContains("where a Welcome is due", failure(heartbeat));
        assertContains("a message of epoch 4 where 3 is due", failure(welcome, heartbeat));
        assertContains("a second Welcome", failure(welcome, welcome));
        assertContains(
                "had not begun",
                failure(
                        welcome,
                        sent(3).setChunk(whole.toBuilder().clearHead().setDatabase("a.db"))
                                .build()));
        assertContains(
                "is of epoch 9, later than the stream's 3",
                failure(
                        welcome,
                        sent(3).setChunk(whole.toBuilder()
                                        .setHead(whole.getHead().toBuilder().setEpoch(9)))
                                .build()));
        assertContains(
                "cannot have the name",
                failure(
                        welcome,
                        sent(3).setChunk(whole.toBuilder()
                                        .setHead(whole.getHead().toBuilder().setDatabase("../a.db")))
                                .build()));
        byte[] damaged = whole.getLtx().toByteArray();
        damaged[damaged.length / 2] ^= 4;
        assertContains(
                "checksum",
                failure(
                        welcome,
                        sent(3).setChunk(whole.toBuilder().setLtx(ByteString.copyFrom(damaged)))
                                .build()));
        assertContains(
                "follow",
                failure(
                        welcome,
                        sent(3).setChunk(chunk(new Sample(
                                        "a.db",
                                        5,
                                        TransactionHeader.Image.DELTA,
                                        PageChecksum.FLAG | 77,
                                        new Random(2))))
                                .build()));
    }

    // ---- decoders

    /** A transaction of three pages. */
    private static final class Sample {
        final TransactionHeader header;
        final byte[][] pages = new byte[3][512];

        Sample(String database, long txid, TransactionHeader.Image image, long before, Random random) {
            long checksum = PageChecksum.EMPTY;
            for (int i = 0; i < pages.length; i++) {
                random.nextBytes(pages[i]);
                checksum = PageChecksum.toggle(checksum, PageChecksum.of(i + 1, pages[i], 0, 512));
            }
            header = new TransactionHeader(
                    database, txid, 1, 1_700_000_000_000L, 512, 3, before, checksum, image, 0, 0, 0644);
        }
    }

    private static Sample transaction(Random random) {
        return new Sample("a.db", 1, TransactionHeader.Image.FULL, 0, random);
    }

    private static TransactionChunk chunk(Sample sample) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        LtxForm.write(
                sample.header,
                visitor -> {
                    for (int i = 0; i < sample.pages.length; i++) {
                        visitor.page(i + 1, 0, ByteBuffer.wrap(sample.pages[i]));
                    }
                },
                out);
        TransactionHead.Image image = sample.header.image() == TransactionHeader.Image.FULL
                ? TransactionHead.Image.FULL
                : TransactionHead.Image.DELTA;
        return TransactionChunk.newBuilder()
                .setHead(Messages.head(sample.header, image, sample.pages.length))
                .setLtx(ByteString.copyFrom(out.toByteArray()))
                .setLast(true)
                .build();
    }

    /** Damaged messages are refused with an IOException, or say the same pages; nothing else happens. */
    @Test
    void damagedMessagesAreRefusedOrHarmless() throws Exception {
        long seed = Long.getLong("seed", System.nanoTime());
        Random random = new Random(seed);
        Sample sample = transaction(random);
        byte[] bytes = sent(1).setChunk(chunk(sample)).build().toByteArray();
        int refused = 0;
        int taken = 0;
        for (int i = 0; i < 20_000; i++) {
            byte[] damaged = bytes.clone();
            for (int flips = 1 + random.nextInt(3); flips > 0; flips--) {
                // Most of the bytes are pages; the others are worth as much.
                int at = random.nextBoolean() ? random.nextInt(damaged.length) : random.nextInt(160);
                damaged[at] = (byte) (random.nextBoolean() ? damaged[at] ^ 1 << random.nextInt(8) : random.nextInt());
            }
            int length = random.nextInt(8) == 0 ? random.nextInt(damaged.length) : damaged.length;
            try (Assembly assembly = new Assembly(root.resolve("stage"))) {
                FromPrimary message = FromPrimary.parseFrom(ByteString.copyFrom(damaged, 0, length));
                boolean[] whole = {false};
                assembly.add(message.getChunk(), (header, pages) -> {
                    boolean[] same = {true};
                    pages.visit((pgno, checksum, page) -> same[0] &=
                            pgno <= sample.pages.length && page.equals(ByteBuffer.wrap(sample.pages[pgno - 1])));
                    assertTrue(same[0], "other pages were found right");
                    whole[0] = true;
                });
                taken += whole[0] ? 1 : 0;
            } catch (InvalidProtocolBufferException e) {
                refused++;
            } catch (IOException e) {
                refused++;
            } catch (RuntimeException | AssertionError e) {
                throw new AssertionError("seed " + seed + ", message " + i, e);
            }
        }
        assertTrue(refused > 10_000, "refused " + refused + ", taken " + taken + ", seed " + seed);
    }

    @Test
    void whatArrivedInPartIsReadFromFilesToo() throws Exception {
        Random random = new Random(11);
        try (Assembly assembly = new Assembly(root.resolve("stage"))) {
            byte[] large = new byte[10 << 20];
            random.nextBytes(large);
            TransactionHead head =
                    chunk(transaction(random)).getHead().toBuilder().setPages(0).build();
            for (int at = 0; at < large.length; at += Messages.CHUNK_BYTES) {
                int length = Math.min(Messages.CHUNK_BYTES, large.length - at);
                TransactionChunk.Builder part =
                        TransactionChunk.newBuilder().setLtx(ByteString.copyFrom(large, at, length));
                assembly.add(
                        at == 0
                                ? part.setHead(head).build()
                                : part.setDatabase("a.db").build(),
                        (h, p) -> {});
            }
            try (var files = Files.list(root.resolve("stage"))) {
                assertEquals(0, files.count());
            }
        }
    }
}
