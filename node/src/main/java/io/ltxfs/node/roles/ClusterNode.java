package io.ltxfs.node.roles;

import io.ltxfs.database.Completion;
import io.ltxfs.database.log.TransactionHeader;
import io.ltxfs.database.posix.BootClock;
import io.ltxfs.fusefs.CommitWaiting;
import io.ltxfs.lease.LeaseObject;
import io.ltxfs.lease.LeaseSettings;
import io.ltxfs.lease.LeaseStores;
import io.ltxfs.lease.StoreLease;
import io.ltxfs.lease.UnfitStoreException;
import io.ltxfs.node.cluster.ClusterMachine;
import io.ltxfs.node.cluster.ClusterMemory;
import io.ltxfs.node.cluster.ClusterSettings;
import io.ltxfs.node.cluster.Event;
import io.ltxfs.node.cluster.Standing.Place;
import io.ltxfs.node.config.Durability;
import io.ltxfs.node.config.Endpoint;
import io.ltxfs.node.config.LtxfsConfig;
import io.ltxfs.node.replication.ClusterIdentity;
import io.ltxfs.node.replication.EpochGate;
import io.ltxfs.node.replication.Member;
import io.ltxfs.node.replication.PeerClient;
import io.ltxfs.node.replication.PeerServer;
import io.ltxfs.node.replication.PeerSettings;
import io.ltxfs.node.replication.PeerTls;
import io.ltxfs.objectstore.ObjectStore;
import io.ltxfs.objectstore.StoreException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A node of a cluster: lease, peers and role around the databases of one mount. Made before the mount, which asks it about
 * every commit; {@link #start started} once the mount is there; it takes part as soon as the lease's store answers.
 */
public final class ClusterNode implements Roles, CommitWaiting, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ClusterNode.class);

    /** A hand-over holds writers up for no longer than this. */
    private static final Duration HAND_OVER_MAX = Duration.ofSeconds(10);

    private static final Duration RETRY = Duration.ofSeconds(1);
    private static final String STAGE = "replication";

    /** What takes part in the cluster, once it does. */
    private record Running(
            StoreLease lease,
            PeerServer server,
            PeerClient client,
            ClusterLoop loop,
            Actions actions,
            PeerSide peers) {}

    private final LtxfsConfig config;
    private final Path data;
    private final BootClock clock;
    private final ClusterFile file;
    private final ClusterMemory memory;
    private final ObjectStore store;
    private final EpochGate gate;
    private final CommitGate commits = new CommitGate();
    private final AtomicLong numbers = new AtomicLong();
    private final Pending<String> operators = new Pending<>(numbers);
    private final Sights sights;
    private final String process = randomName();
    private volatile @Nullable CommitWaits waits;
    private volatile @Nullable Running running;
    private volatile @Nullable ClusterSetup setup;
    private volatile @Nullable FollowLag lag;
    private volatile @Nullable ReplicaProgress progress;
    private volatile String problem = "";
    private volatile boolean closing;
    private @Nullable Thread starter;

    private ClusterNode(LtxfsConfig config, Path data, BootClock clock, ClusterFile file, ClusterMemory memory) {
        this.config = config;
        this.data = data;
        this.clock = clock;
        this.file = file;
        this.memory = memory;
        this.store =
                LeaseStores.open(config.lease().url().text(), config.lease().ttl());
        this.gate = new EpochGate(memory.promised());
        this.sights = new Sights(clock);
    }

    private static String randomName() {
        byte[] random = new byte[16];
        new SecureRandom().nextBytes(random);
        return HexFormat.of().formatHex(random);
    }

    /**
     * Reads what the node remembers of its cluster, and the certificates. Asks nobody.
     *
     * @throws IOException if either is damaged or cannot be read; says which, and what to do
     */
    public static ClusterNode open(LtxfsConfig config) throws IOException {
        Optional<PeerTls> tls = tls(config);
        if (tls.isPresent()) {
            tls.get().check();
        }
        ClusterFile file = new ClusterFile(config.data());
        return new ClusterNode(config, config.data(), new BootClock(), file, file.read());
    }

    private static Optional<PeerTls> tls(LtxfsConfig config) {
        LtxfsConfig.Replication replication = config.replication();
        return replication.cert().isPresent()
                        && replication.key().isPresent()
                        && replication.ca().isPresent()
                ? Optional.of(new PeerTls(
                        replication.cert().get(),
                        replication.key().get(),
                        replication.ca().get()))
                : Optional.empty();
    }

    /**
     * Whether the lease's store does what a lease needs.
     *
     * @throws UnfitStoreException if it does not; one that cannot be asked now is asked later
     */
    public void probe() throws UnfitStoreException {
        makeDirectory();
        try {
            LeaseStores.probe(config.lease().url().text());
        } catch (StoreException e) {
            LOG.warn("could not ask the lease's store, goes on trying error=\"{}\"", e.getMessage());
        }
    }

    /**
     * Makes the lease's directory, if it is one and this node never took part in a cluster. Later, one that is missing may
     * lie on a disk that is not mounted, and the lease would be in it.
     */
    private void makeDirectory() {
        Optional<Path> directory = config.lease().url().directory();
        if (directory.isEmpty() || memory.promised() != 0 || Files.exists(directory.get())) {
            return;
        }
        try {
            Files.createDirectories(
                    directory.get(),
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            LOG.info("made the lease's directory path={}", directory.get());
        } catch (IOException e) {
            LOG.warn("could not make the lease's directory path={} error=\"{}\"", directory.get(), e.toString());
        }
    }

    // ---- what the mount asks

    /** 0, or the errno that a commit is refused with at this moment. */
    public int mayCommit() {
        return commits.mayCommit();
    }

    /** The epoch of what is committed at this moment. */
    public long epoch() {
        return commits.epoch();
    }

    /** Whether another node writes the databases, or is to. */
    public boolean isReplica() {
        return !commits.isAccepting();
    }

    /** The primary's host, if it is another node. */
    public Optional<String> primaryHost() {
        return view().primary()
                .filter(primary -> !primary.node().equals(config.node().id()))
                .map(primary -> host(primary.advertise()));
    }

    private static String host(String advertise) {
        int colon = advertise.lastIndexOf(':');
        String host = colon < 0 ? advertise : advertise.substring(0, colon);
        return host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
    }

    /** How far this node's readers are behind the primary. */
    public long lagMillis() {
        FollowLag known = lag;
        return known == null || commits.isAccepting() ? 0 : known.millis();
    }

    @Override
    public boolean waits(String database) {
        CommitWaits known = waits;
        return known != null && known.waits(database);
    }

    @Override
    public void await(TransactionHeader header, Completion completion) {
        CommitWaits known = waits;
        if (known == null || header.epoch() != commits.epoch()) {
            completion.done(io.ltxfs.database.disk.Errno.EIO);
        } else {
            known.await(header.database(), header.epoch(), header.txid(), completion);
        }
    }

    // ---- start

    /**
     * Begins to take part, in the background.
     *
     * @param failed told once if it cannot, and will not without somebody's help
     * @param onApplied told after each transaction that was applied
     */
    public void start(ClusterSetup what, Consumer<Exception> failed, Runnable onApplied) {
        this.setup = what;
        FollowLag following = new FollowLag(clock, database -> shownTxid(what, database));
        this.lag = following;
        this.progress = new ReplicaProgress(clock);
        this.waits = new CommitWaits(config, this::tell, what.archive(), commits::mayCommit, numbers);
        what.replica().onApplied(header -> {
            Running now = running;
            if (now != null) {
                now.actions().applied(header.database(), new Place(header.txid(), header.postChecksum()));
            }
            following.moved();
            onApplied.run();
        });
        Thread thread = new Thread(() -> startWhenPossible(what, failed), "cluster-start");
        thread.setDaemon(true);
        starter = thread;
        thread.start();
    }

    private static long shownTxid(ClusterSetup what, String database) {
        return what.databases()
                .find(database)
                .map(found -> found.position().txid())
                .orElse(0L);
    }

    private void tell(Event event) {
        Running now = running;
        if (now != null) {
            now.loop().tell(event);
        }
    }

    private void startWhenPossible(ClusterSetup what, Consumer<Exception> failed) {
        try {
            ClusterIdentity identity = identity();
            takePart(what, identity);
        } catch (InterruptedException e) {
            LOG.debug("the node stops before it has taken part");
        } catch (IOException | UnfitStoreException | RuntimeException e) { // the root of the thread
            problem = String.valueOf(e.getMessage());
            LOG.debug("could not take part in the cluster", e);
            failed.accept(e);
        }
    }

    /** The cluster's identity: waited for as long as the store does not answer. */
    private ClusterIdentity identity() throws IOException, UnfitStoreException, InterruptedException {
        while (true) {
            try {
                LeaseStores.probe(config.lease().url().text());
                ClusterIdentity identity = ClusterIdentity.open(store);
                problem = "";
                return identity;
            } catch (StoreException e) {
                if (problem.isEmpty()) {
                    LOG.warn("could not reach the lease's store, tries again error=\"{}\"", e.getMessage());
                }
                problem = "lease " + store.describe("") + ": " + e.getMessage();
            }
            TimeUnit.MILLISECONDS.sleep(RETRY.toMillis());
        }
    }

    private synchronized void takePart(ClusterSetup what, ClusterIdentity identity) throws IOException {
        if (closing) {
            return;
        }
        ReplicaProgress replicas = java.util.Objects.requireNonNull(progress);
        FollowLag following = java.util.Objects.requireNonNull(lag);
        CommitWaits waiting = java.util.Objects.requireNonNull(waits);
        AtomicLong historyEpoch = new AtomicLong(memory.historyEpoch());
        LocalState local = new LocalState(config.node().id(), what.databases(), gate, file, historyEpoch::get);
        LateHandler late = new LateHandler();
        Endpoint listen = config.replication().listen();
        Member unknown = new Member(
                config.node().id(), process, config.node().advertise().toString());
        PeerSettings first =
                new PeerSettings(unknown, identity, tls(config), config.lease().ttl(), data.resolve(STAGE));
        PeerServer server = PeerServer.start(
                listen, first, late, what.databases(), what.databases().receiver());
        Member self = new Member(
                config.node().id(),
                process,
                config.node().advertise().withPort(server.port()).toString());
        PeerSettings settings = new PeerSettings(self, identity, first.tls(), first.ttl(), first.stage());
        PeerClient client =
                new PeerClient(settings, what.databases(), what.databases().receiver(), gate);
        LeaseSettings leaseSettings = LeaseSettings.of(
                process, self.node(), self.advertise(), config.lease().ttl());
        ClusterLoop[] loop = {null};
        StoreLease lease = StoreLease.start(new LeaseObject(store), leaseSettings, clock, memory.promised(), () -> {
            ClusterLoop told = loop[0];
            if (told != null) {
                told.leaseChanged();
            }
        });
        commits.lease(lease);
        Consumer<Event> tell =
                event -> java.util.Objects.requireNonNull(loop[0]).tell(event);
        ClusterMachine machine = new ClusterMachine(
                new ClusterSettings(
                        PeerSide.peer(self),
                        process,
                        config.lease().ttl(),
                        acks(),
                        !config.archive().url().isNone(),
                        config.durabilities().anyMatch(Durability.Archive.class::isInstance),
                        HAND_OVER_MAX),
                memory,
                local::positions,
                clock.getAsLong());
        PeerSide peers = new PeerSide(
                self,
                gate,
                lease,
                commits,
                tell,
                () -> java.util.Objects.requireNonNull(loop[0]).shown(),
                local::standing,
                sights,
                replicas,
                numbers);
        Actions actions = new Actions(
                new Actions.Tools(
                        what,
                        local,
                        new Divergence(what.databases()),
                        lease,
                        commits,
                        peers,
                        sights,
                        following,
                        waiting,
                        operators,
                        historyEpoch,
                        tell),
                server,
                client);
        loop[0] = new ClusterLoop(machine, lease::status, clock, actions, () -> {
            if (!replicas.isEmpty()) {
                replicas.sample(LocalState.shownTxids(what.databases()));
            }
        });
        running = new Running(lease, server, client, loop[0], actions, peers);
        loop[0].start();
        late.serve(peers);
        LOG.info(
                "takes part in the cluster node={} advertise={} lease={} ttl={} promised={} historyEpoch={}",
                self.node(),
                self.advertise(),
                store.describe(LeaseObject.KEY),
                config.lease().ttl(),
                Long.toUnsignedString(memory.promised()),
                Long.toUnsignedString(memory.historyEpoch()));
    }

    /** The smallest N of any database whose commits wait for replicas; 0 if none does. */
    private int acks() {
        OptionalInt least = config.durabilities()
                .filter(Durability.Replica.class::isInstance)
                .mapToInt(durability -> ((Durability.Replica) durability).count())
                .min();
        return least.orElse(0);
    }

    // ---- what people see and ask for

    @Override
    public ClusterView view() {
        Running now = running;
        ClusterSetup what = setup;
        if (now == null || what == null) {
            return ViewBuilder.starting(config, problem);
        }
        return ViewBuilder.of(
                now.loop().shown(),
                now.lease(),
                commits,
                config.node().id(),
                sights,
                java.util.Objects.requireNonNull(progress),
                java.util.Objects.requireNonNull(waits),
                what,
                lagMillis(),
                config.lease().ttl().toMillis());
    }

    @Override
    public CompletableFuture<String> promote(boolean force) {
        return ask(request -> new Event.Promote(request, force));
    }

    @Override
    public CompletableFuture<String> handOff(Optional<String> node) {
        return ask(request -> new Event.HandOff(request, node));
    }

    private CompletableFuture<String> ask(java.util.function.LongFunction<Event> event) {
        Running now = running;
        if (now == null) {
            return CompletableFuture.failedFuture(new RoleException(
                    "the node does not take part in the cluster yet" + (problem.isEmpty() ? "" : ": " + problem),
                    "try again when 'ltxfs status' shows a role"));
        }
        CompletableFuture<String> answer = new CompletableFuture<>();
        now.loop().tell(event.apply(operators.add(answer)));
        return answer;
    }

    /** Whether some replica follows this node. */
    public boolean hasReplicas() {
        ReplicaProgress known = progress;
        return known != null && !known.isEmpty();
    }

    /** Whether everything that was received is shown to readers. */
    public boolean hasAppliedAll() {
        ClusterSetup what = setup;
        return what != null
                && what.databases().receiver().received().entrySet().stream()
                        .allMatch(entry -> entry.getValue().commit() == 0
                                || Long.compareUnsigned(
                                                shownTxid(what, entry.getKey()),
                                                entry.getValue().txid())
                                        >= 0);
    }

    /** Whether this node has the history of the primary that it follows, all of it. */
    public boolean historyIsComplete() {
        Running now = running;
        if (now == null) {
            return false;
        }
        var status = now.loop().shown().status();
        return status.connected() && status.historyEpoch() == status.epoch() && status.epoch() != 0;
    }

    /** Whether a primary has taken this node in. */
    public boolean isConnected() {
        Running now = running;
        return now != null && now.loop().shown().status().connected();
    }

    /** Reads certificates again. */
    public void reload() {
        Running now = running;
        if (now != null) {
            try {
                now.server().reloadTls();
                now.client().reloadTls();
            } catch (IOException e) {
                LOG.warn("kept the certificates, the new ones are wrong error=\"{}\"", e.getMessage());
            }
        }
    }

    /**
     * Gives the role away, or the lease back. Called before the databases are closed.
     *
     * @return whether it was done in time
     */
    public boolean leave(Duration within) throws InterruptedException {
        if (running == null) {
            return true;
        }
        try {
            ask(Event.Stop::new).get(Math.max(within.toMillis(), 1), TimeUnit.MILLISECONDS);
            return true;
        } catch (java.util.concurrent.ExecutionException e) {
            LOG.warn(
                    "could not give the role away in order error=\"{}\"",
                    e.getCause() == null ? e : e.getCause().getMessage());
            return false;
        } catch (TimeoutException e) {
            LOG.warn("could not give the role away in time millis={}", within.toMillis());
            return false;
        }
    }

    @Override
    public void close() {
        closing = true;
        Thread starting = starter;
        if (starting != null) {
            starting.interrupt();
        }
        synchronized (this) {
            commits.refuse();
            Running now = running;
            if (now != null) {
                now.peers().close();
                now.server().close();
                now.loop().close();
                now.actions().close();
                now.client().close();
                now.lease().close();
            }
            CommitWaits waiting = waits;
            if (waiting != null) {
                waiting.close();
            }
            store.close();
        }
    }
}
