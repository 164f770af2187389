package io.ltxfs.node.replication;

import io.ltxfs.database.Database;
import io.ltxfs.database.DatabaseSet;
import io.ltxfs.database.DatabaseSetOptions;
import io.ltxfs.database.Host;
import io.ltxfs.database.disk.PosixDisk;
import io.ltxfs.database.log.LogOptions;
import io.ltxfs.database.log.TransactionHeader;
import io.ltxfs.database.log.TransactionHeader.Image;
import io.ltxfs.database.receive.Arrival;
import io.ltxfs.database.receive.Receiver;
import io.ltxfs.ltx.PageChecksum;
import io.ltxfs.node.cluster.Standing;
import io.ltxfs.node.cluster.Standing.Place;
import io.ltxfs.node.config.Endpoint;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;

/** A node with its databases, a server and a client, whose transactions the test writes itself. */
final class TestNode implements AutoCloseable {
    static final ClusterIdentity IDENTITY = ClusterIdentity.random();
    static final Duration TTL = Duration.ofSeconds(30);
    static final int PAGE = 512;

    /** What a test may choose. */
    static final class Choice {
        ClusterIdentity identity = IDENTITY;
        Optional<PeerTls> tls = Optional.empty();
        Duration ttl = TTL;
        LogOptions log = LogOptions.defaults();
        String listen = "127.0.0.1";
        long epoch = 1;
    }

    final String name;
    final Path data;
    final Choice choice;
    final DatabaseSet databases;
    final Receiver receiver;
    final EpochGate gate;
    final PeerSettings settings;
    final PeerClient client;
    final PeerServer server;
    private final FreeHost host = new FreeHost();
    final Handler handler = new Handler();
    final Follower follower = new Follower();
    volatile boolean primary;
    private final Map<String, TreeMap<Integer, byte[]>> contents = new HashMap<>();

    TestNode(String name, Path root, Choice choice) throws IOException {
        this.name = name;
        this.data = root.resolve(name);
        this.choice = choice;
        Files.createDirectories(data);
        DatabaseSetOptions options =
                new DatabaseSetOptions(choice.log, database -> false, 1 << 20, System::currentTimeMillis);
        databases = DatabaseSet.open(new PosixDisk(data), options, host);
        receiver = databases.receiver();
        gate = new EpochGate(0);
        settings = new PeerSettings(
                new Member(name, "process-of-" + name, "127.0.0.1:1"),
                choice.identity,
                choice.tls,
                choice.ttl,
                data.resolve("replication"));
        client = new PeerClient(settings, databases, receiver, gate);
        server = PeerServer.start(new Endpoint(choice.listen, 0), settings, handler, databases, receiver);
    }

    TestNode(String name, Path root) throws IOException {
        this(name, root, new Choice());
    }

    TestNode primary() {
        primary = true;
        return this;
    }

    String address() {
        return "127.0.0.1:" + server.port();
    }

    // ---- transactions

    /** Commits a transaction of some pages. */
    TransactionHeader commit(String database, Map<Integer, byte[]> pages) throws IOException {
        TreeMap<Integer, byte[]> content = contents.computeIfAbsent(database, unknown -> new TreeMap<>());
        Optional<TransactionHeader> last = receiver.received(database);
        boolean whole = content.isEmpty();
        content.putAll(pages);
        long checksum = PageChecksum.EMPTY;
        for (Map.Entry<Integer, byte[]> page : content.entrySet()) {
            checksum = PageChecksum.toggle(checksum, PageChecksum.of(page.getKey(), page.getValue(), 0, PAGE));
        }
        TransactionHeader header = new TransactionHeader(
                database,
                last.map(TransactionHeader::txid).orElse(0L) + 1,
                choice.epoch,
                1_700_000_000_000L + last.map(TransactionHeader::txid).orElse(0L),
                PAGE,
                content.lastKey(),
                last.map(TransactionHeader::postChecksum).orElse(0L),
                checksum,
                whole ? Image.FULL : Image.DELTA,
                1000,
                1000,
                0640);
        receiver.receive(header, visitor -> {
            for (Map.Entry<Integer, byte[]> page : new TreeMap<>(pages).entrySet()) {
                visitor.page(page.getKey(), 0, ByteBuffer.wrap(page.getValue()));
            }
        });
        apply(database);
        if (header.txid() % 8 == 0) {
            databases.flush();
        }
        return header;
    }

    /** Makes everything durable: it is sent then. */
    void flush() throws IOException {
        databases.flush();
    }

    /** Commits some random pages of a database of at most so many. */
    TransactionHeader commit(String database, Random random, int pages, int of) throws IOException {
        Map<Integer, byte[]> changed = new TreeMap<>();
        int have = contents.getOrDefault(database, new TreeMap<>()).size();
        for (int pgno = have + 1; pgno <= Math.min(of, have + pages); pgno++) {
            changed.put(pgno, page(random));
        }
        while (changed.size() < pages) {
            changed.put(1 + random.nextInt(Math.max(have, pages)), page(random));
        }
        return commit(database, changed);
    }

    private static byte[] page(Random random) {
        byte[] page = new byte[PAGE];
        random.nextBytes(page);
        return page;
    }

    TransactionHeader drop(String database) throws IOException {
        TransactionHeader last = receiver.received(database).orElseThrow();
        TransactionHeader header = new TransactionHeader(
                database,
                last.txid() + 1,
                choice.epoch,
                last.timeMillis() + 1,
                PAGE,
                0,
                last.postChecksum(),
                PageChecksum.EMPTY,
                Image.DROP,
                1000,
                1000,
                0640);
        receiver.receive(header, visitor -> {});
        contents.remove(database);
        apply(database);
        databases.flush();
        return header;
    }

    /** Applies everything that was received of a database. */
    void apply(String database) throws IOException {
        for (Optional<Arrival> next = receiver.next(database); next.isPresent(); next = receiver.next(database)) {
            receiver.applyToFile(next.get());
        }
    }

    Map<String, Place> positions() {
        Map<String, Place> positions = new HashMap<>();
        receiver.received()
                .forEach(
                        (database, header) -> positions.put(database, new Place(header.txid(), header.postChecksum())));
        return positions;
    }

    byte[] content(String database) throws IOException {
        apply(database);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        databases.export(database, 0, Channels.newChannel(out));
        return out.toByteArray();
    }

    @Override
    public void close() throws IOException {
        server.close();
        client.close();
        host.thread.shutdown();
        databases.close();
    }

    // ---- the node's decisions, as simple as can be

    final class Handler implements PeerHandler {
        final Map<String, Place> acknowledged = new ConcurrentHashMap<>();
        final Map<String, Place> applied = new ConcurrentHashMap<>();
        final List<String> gone = new CopyOnWriteArrayList<>();
        final List<Long> promises = new CopyOnWriteArrayList<>();
        volatile boolean complete;
        volatile long heard;
        /** Run on the thread that tells. */
        volatile Runnable onGone = () -> {};

        @Override
        public Member self() {
            return settings.self();
        }

        @Override
        public long promised() {
            return Math.max(gate.promised(), primary ? choice.epoch : 0);
        }

        @Override
        public Optional<Member> primary() {
            return primary ? Optional.of(self()) : Optional.of(new Member("other", "p", "elsewhere:1"));
        }

        @Override
        public CompletionStage<Admission> replicaComes(ReplicaLink link, Standing standing) {
            if (!primary) {
                return CompletableFuture.failedFuture(new Refused(name + " is not the primary"));
            }
            if (standing.promised() > choice.epoch) {
                return CompletableFuture.failedFuture(
                        new Refused(standing.node() + " has promised epoch " + standing.promised()));
            }
            return CompletableFuture.completedFuture(new Admission(choice.epoch, positions()));
        }

        @Override
        public void acknowledged(
                ReplicaLink link, Map<String, Place> durable, Map<String, Place> seen, boolean historyComplete) {
            acknowledged.putAll(durable);
            applied.putAll(seen);
            complete |= historyComplete;
        }

        @Override
        public void heard(ReplicaLink link) {
            heard++;
        }

        @Override
        public void promiseSeen(long promised) {
            promises.add(promised);
        }

        @Override
        public void replicaGone(ReplicaLink link, String why) {
            gone.add(why);
            onGone.run();
        }

        @Override
        public CompletionStage<Standing> seal(Member candidate, long epoch) {
            if (epoch <= promised()) {
                return CompletableFuture.failedFuture(new Refused(name + " has promised epoch " + promised()));
            }
            gate.promise(epoch);
            return CompletableFuture.completedFuture(standing());
        }

        @Override
        public Standing standing() {
            return new Standing(name, gate.promised(), choice.epoch, positions());
        }

        @Override
        public boolean acceptsCommits() {
            return primary;
        }

        @Override
        public CompletionStage<Long> handOver(Member successor) {
            return primary
                    ? CompletableFuture.completedFuture(choice.epoch + 1)
                    : CompletableFuture.failedFuture(new Refused(name + " is not the primary"));
        }

        @Override
        public HeartbeatFacts heartbeat() {
            return new HeartbeatFacts("etag-" + choice.epoch, List.of(self()));
        }
    }

    final class Follower implements FollowHandler {
        final List<Welcome> welcomes = new CopyOnWriteArrayList<>();
        final List<String> failures = new CopyOnWriteArrayList<>();
        final List<IOException> ends = new CopyOnWriteArrayList<>();
        final List<String> divergent = new CopyOnWriteArrayList<>();
        final List<String> absent = new CopyOnWriteArrayList<>();
        final Map<String, Place> durable = new ConcurrentHashMap<>();
        final Map<String, Place> highest = new ConcurrentHashMap<>();
        volatile String etag = "";
        /** Run before a database is replaced, or moved aside. */
        volatile Runnable onReplacing = () -> {};
        /** Run on the thread that tells, once it is noted. */
        volatile Consumer<Map<String, Place>> onDurable = positions -> {};

        @Override
        public Standing standing() {
            return handler.standing();
        }

        @Override
        public CompletionStage<?> welcomed(Welcome welcome) {
            welcomes.add(welcome);
            if (Long.compareUnsigned(welcome.epoch(), gate.promised()) < 0) {
                return CompletableFuture.failedFuture(new Refused(name + " has promised epoch " + gate.promised()));
            }
            gate.promise(welcome.epoch());
            return CompletableFuture.completedFuture(null);
        }

        @Override
        public void heartbeat(long epoch, HeartbeatFacts facts, Map<String, Place> positions) {
            etag = facts.etag();
            highest.putAll(positions);
        }

        @Override
        public void durable(long epoch, Map<String, Place> positions) {
            durable.putAll(positions);
            onDurable.accept(positions);
        }

        @Override
        public void keepDivergent(String database, OptionalLong fork) {
            onReplacing.run();
            divergent.add(database + "@" + (fork.isPresent() ? fork.getAsLong() : "?"));
        }

        @Override
        public void absent(long epoch, String database) {
            onReplacing.run();
            absent.add(database);
        }

        @Override
        public void disconnected(IOException why) {
            ends.add(why);
            failures.add(String.valueOf(why.getMessage()));
        }
    }

    /** Nobody has anything open. */
    private static final class FreeHost implements Host {
        final ExecutorService thread = Executors.newSingleThreadExecutor();

        @Override
        public void probeWriteLock(Database database, Consumer<WriteLock> answer) {
            background(() -> answer.accept(WriteLock.FREE));
        }

        @Override
        public void withExclusiveLock(Database database, Consumer<Boolean> action) {
            background(() -> action.accept(true));
        }

        @Override
        public void withExclusiveLocks(Database first, Database second, Consumer<Boolean> action, Runnable afterwards) {
            background(() -> {
                action.accept(true);
                afterwards.run();
            });
        }

        @Override
        public void invalidate(Database database, long offset, long length) {}

        @Override
        public void checkDiedWriter(Database database) {}

        @Override
        public void background(Runnable task) {
            try {
                thread.execute(task);
            } catch (RejectedExecutionException e) {
                // The node is closed.
            }
        }

        @Override
        public int mayCommit() {
            return 0;
        }

        @Override
        public long epoch() {
            return 0;
        }
    }

    /** A list that a test fills. */
    static List<String> names(int count) {
        List<String> names = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            names.add("d" + i + ".db");
        }
        return names;
    }
}
