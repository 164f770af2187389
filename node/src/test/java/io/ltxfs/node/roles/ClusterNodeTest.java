package io.ltxfs.node.roles;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.database.Database;
import io.ltxfs.database.DatabaseSet;
import io.ltxfs.database.DatabaseSetOptions;
import io.ltxfs.database.Host;
import io.ltxfs.database.Position;
import io.ltxfs.database.disk.Errno;
import io.ltxfs.database.disk.PosixDisk;
import io.ltxfs.database.log.TransactionHeader;
import io.ltxfs.fusefs.replica.ReplicaMount;
import io.ltxfs.node.cluster.Event.ArchivePlace;
import io.ltxfs.node.config.ConfigLoader;
import io.ltxfs.node.config.ConfigRequest;
import io.ltxfs.node.config.LtxfsConfig;
import io.ltxfs.node.replication.EpochGate;
import io.ltxfs.node.roles.ClusterView.Role;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whole nodes but for their mounts: a lease in a directory, gRPC over loopback, the real machines. */
class ClusterNodeTest {
    private static final Duration LONG = Duration.ofSeconds(60);
    /** Longer than a busy machine keeps a thread waiting: no term ends by accident. */
    private static final Duration TTL = Duration.ofSeconds(5);

    @TempDir
    Path directory;

    private final List<TestNode> nodes = new ArrayList<>();

    /** One of them. */
    private static final class TestNode {
        final String name;
        final DatabaseSet databases;
        final ClusterNode node;
        final CompletableFuture<Exception> failed = new CompletableFuture<>();

        TestNode(Path directory, String name, ReplicaMount mount) throws IOException {
            this.name = name;
            Path data = Files.createDirectories(directory.resolve(name));
            Path lease = Files.createDirectories(directory.resolve("lease"));
            LtxfsConfig config = ConfigLoader.load(new ConfigRequest(
                            Optional.empty(),
                            List.of(
                                    "data=" + data,
                                    "node.id=" + name,
                                    "lease.url=" + lease,
                                    "lease.ttl=" + TTL.toMillis() + "ms",
                                    "archive.url=none",
                                    "replication.listen=127.0.0.1:0"),
                            Map.of(),
                            true,
                            "host"))
                    .config();
            node = ClusterNode.open(config);
            databases = DatabaseSet.open(new PosixDisk(data), DatabaseSetOptions.defaults(), new NoHost(node));
            node.start(
                    new ClusterSetup(databases, mount, new NoArchive(), Duration.ofSeconds(5)),
                    failed::complete,
                    () -> {});
        }

        Role role() {
            return node.view().role();
        }

        void close() throws IOException {
            node.close();
            databases.close();
        }
    }

    private TestNode start(String name) throws IOException {
        return start(name, new NoMount(0));
    }

    private TestNode start(String name, ReplicaMount mount) throws IOException {
        TestNode node = new TestNode(directory, name, mount);
        nodes.add(node);
        return node;
    }

    @AfterEach
    void close() throws IOException {
        for (TestNode node : nodes) {
            node.close();
        }
    }

    private static void awaitRole(TestNode node, Role role) {
        await(node.name + " " + role).atMost(LONG).until(() -> node.role() == role);
    }

    /** Waits until the primary knows that a replica has everything: only then its role can be that one's. */
    private static void awaitVoter(TestNode primary, String replica) {
        await(replica + " is a voter of " + primary.name)
                .atMost(LONG)
                .until(() -> primary.node.view().peers().stream()
                        .anyMatch(peer -> peer.node().equals(replica) && peer.reachable() && peer.voter()));
    }

    private static void awaitFollows(TestNode replica, TestNode primary) {
        await(replica.name + " follows " + primary.name)
                .atMost(LONG)
                .until(() -> replica.node.historyIsComplete()
                        && replica.node
                                .view()
                                .primary()
                                .filter(member -> member.node().equals(primary.name))
                                .isPresent());
    }

    @Test
    void oneLeadsTheOtherFollowsAndTheRoleMoves() throws Exception {
        TestNode a = start("a");
        assertEquals(Errno.EIO, a.node.mayCommit());
        awaitRole(a, Role.PRIMARY);
        assertEquals(Errno.OK, a.node.mayCommit());
        assertEquals(1, a.node.epoch());
        assertFalse(a.node.isReplica());
        assertTrue(a.node.view().leaseRemainingMillis().orElseThrow() <= TTL.toMillis());

        TestNode b = start("b");
        awaitFollows(b, a);
        assertEquals(Errno.EIO, b.node.mayCommit());
        assertTrue(b.node.isReplica());
        assertEquals(Optional.of("127.0.0.1"), b.node.primaryHost());
        assertEquals(Optional.empty(), a.node.primaryHost());
        awaitVoter(a, "b");

        assertTrue(a.node.handOff(Optional.of("b")).get(60, TimeUnit.SECONDS).contains("b"));
        awaitRole(b, Role.PRIMARY);
        awaitFollows(a, b);
        assertEquals(Errno.OK, b.node.mayCommit());
        assertEquals(Errno.EIO, a.node.mayCommit());
        assertEquals(2, b.node.epoch());

        awaitVoter(b, "a");
        a.node.promote(false).get(60, TimeUnit.SECONDS);
        awaitRole(a, Role.PRIMARY);
        awaitFollows(b, a);
    }

    @Test
    void anotherTakesOverWhenThePrimaryIsGoneAndItsEpochIsNeverUsedAgain() throws Exception {
        TestNode a = start("a");
        awaitRole(a, Role.PRIMARY);
        TestNode b = start("b");
        awaitFollows(b, a);
        nodes.remove(a);
        a.close(); // without a word: the lease runs out
        awaitRole(b, Role.PRIMARY);
        assertTrue(b.node.epoch() > 1);
        TestNode again = start("a");
        awaitFollows(again, b);
        assertTrue(b.node.leave(LONG));
        awaitRole(again, Role.PRIMARY);
        assertTrue(again.node.epoch() > b.node.view().epoch() - 1);
    }

    @Test
    void aHandOverToNobodyIsRefusedWithAReason() throws Exception {
        TestNode a = start("a");
        awaitRole(a, Role.PRIMARY);
        ExecutionException e = assertThrows(
                ExecutionException.class,
                () -> a.node.handOff(Optional.of("nobody")).get(60, TimeUnit.SECONDS));
        assertTrue(e.getCause() instanceof RoleException, String.valueOf(e.getCause()));
        assertEquals(Errno.OK, a.node.mayCommit());
    }

    @Test
    void whatFailsOnceKeepsNoNodeFromItsRole() throws Exception {
        TestNode a = start("a", new NoMount(3));
        awaitRole(a, Role.PRIMARY);
        assertEquals(Errno.OK, a.node.mayCommit());
    }

    /** Locks that nobody else wants; the first times that they are taken or given there is no memory for it. */
    private static final class NoMount implements ReplicaMount {
        private final AtomicInteger failures;

        NoMount(int failures) {
            this.failures = new AtomicInteger(failures);
        }

        private void fail() {
            if (failures.getAndDecrement() > 0) {
                throw new OutOfMemoryError("unable to create native thread");
            }
        }

        @Override
        public CompletableFuture<Void> follow(Duration bound, boolean force) {
            fail();
            return CompletableFuture.completedFuture(null);
        }

        @Override
        public CompletableFuture<Void> lead() {
            fail();
            return CompletableFuture.completedFuture(null);
        }

        @Override
        public void letWrite() {}

        @Override
        public Optional<Position> readable(String database) {
            return Optional.empty();
        }

        @Override
        public void onApplied(Consumer<TransactionHeader> listener) {}

        @Override
        public List<Waiting> waiting() {
            return List.of();
        }
    }

    private static final class NoArchive implements ClusterArchive {
        @Override
        public Map<String, ArchivePlace> read() {
            return Map.of();
        }

        @Override
        public void fetch(String database, boolean conform, EpochGate.Term term) {}

        @Override
        public void claim(long epoch) {}

        @Override
        public void begin(LongSupplier epoch) {}

        @Override
        public void cease() {}

        @Override
        public void whenArchived(String database, long txid, Runnable then) {}
    }

    private record NoHost(ClusterNode node) implements Host {
        @Override
        public void probeWriteLock(Database database, Consumer<WriteLock> answer) {
            answer.accept(WriteLock.FREE);
        }

        @Override
        public void withExclusiveLocks(
                Database first, Database second, Consumer<Boolean> action, Runnable afterwards) {}

        @Override
        public void withExclusiveLock(Database database, Consumer<Boolean> action) {
            action.accept(true);
        }

        @Override
        public void invalidate(Database database, long offset, long length) {}

        @Override
        public void checkDiedWriter(Database database) {}

        @Override
        public void background(Runnable task) {
            task.run();
        }

        @Override
        public int mayCommit() {
            return node.mayCommit();
        }

        @Override
        public long epoch() {
            return node.epoch();
        }
    }
}
