package io.ltxfs.node.replication;

import io.grpc.CallOptions;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ClientResponseObserver;
import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.log.TransactionHeader;
import io.ltxfs.database.receive.PageSource;
import io.ltxfs.node.cluster.Standing;
import io.ltxfs.node.cluster.Standing.Place;
import io.ltxfs.replicationproto.Acknowledgement;
import io.ltxfs.replicationproto.FromPrimary;
import io.ltxfs.replicationproto.FromReplica;
import io.ltxfs.replicationproto.Heartbeat;
import io.ltxfs.replicationproto.Hello;
import io.ltxfs.replicationproto.Instruction;
import io.ltxfs.replicationproto.PeerGrpc;
import io.ltxfs.replicationproto.Resume;
import io.ltxfs.replicationproto.TransactionChunk;
import java.io.IOException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection to a primary. What comes is taken by one thread, in order; what goes out is sent under the monitor, by
 * whoever has it. A connection that has ended once takes, sends and tells nothing any more.
 */
final class FollowConnection implements ClientResponseObserver<FromReplica, FromPrimary>, Acknowledger.Told {
    private static final Logger LOG = LoggerFactory.getLogger(FollowConnection.class);
    /** Messages that may be on their way to the thread that takes them. */
    private static final int AHEAD = 16;

    private final FollowLoop loop;
    private final FollowHandler handler;
    private final EpochGate gate;
    private final Connections.Connection connection;
    private final Assembly assembly;
    private final Acknowledger acknowledger;
    private final Set<String> replacing = new HashSet<>();

    private volatile long epoch;
    private volatile boolean welcomed;
    private volatile boolean over;
    private volatile boolean busy;
    private volatile long heardNanos = System.nanoTime();

    // Guarded by the monitor.
    private @Nullable ClientCallStreamObserver<FromReplica> call;
    private Map<String, Place> durable = new HashMap<>();
    private Map<String, Place> applied = new HashMap<>();
    private boolean complete;
    private long sentNanos = System.nanoTime();

    FollowConnection(FollowLoop loop, FollowHandler handler, EpochGate gate, Connections.Connection connection) {
        this.loop = loop;
        this.handler = handler;
        this.gate = gate;
        this.connection = connection;
        this.assembly = new Assembly(loop.settings().stage());
        this.acknowledger = new Acknowledger(loop.receiver(), loop::flush, this);
    }

    /** Says what this node has. */
    void open(Standing standing) {
        CallOptions options = CallOptions.DEFAULT.withExecutor(loop::take);
        ClientCalls.asyncBidiStreamingCall(connection.channel().newCall(PeerGrpc.getReplicateMethod(), options), this);
        Hello hello = Hello.newBuilder()
                .setReplica(Messages.member(loop.settings().self()))
                .setPromised(standing.promised())
                .setHistoryEpoch(standing.historyEpoch())
                .addAllPositions(Messages.places(standing.positions()))
                .build();
        synchronized (this) {
            send(FromReplica.newBuilder().setEpoch(standing.promised()).setHello(hello));
        }
    }

    @Override
    public void beforeStart(ClientCallStreamObserver<FromReplica> made) {
        made.disableAutoRequestWithInitial(1);
        made.setOnReadyHandler(this::sendWaiting);
        synchronized (this) {
            call = made;
        }
    }

    boolean isWelcomed() {
        return welcomed && !over;
    }

    boolean isOver() {
        return over;
    }

    // ---- from the primary, on the thread that takes

    @Override
    public void onNext(FromPrimary message) {
        if (over) {
            return;
        }
        busy = true;
        try {
            take(message);
        } catch (IOException e) {
            fail(e);
        } catch (RuntimeException | Error e) { // the root of what comes: what was not taken has to come again
            LOG.error("taking from the primary failed: primary={}", loop.address(), e);
            fail(new IOException("taking from " + loop.address() + " failed: " + e, e));
        } finally {
            heardNanos = System.nanoTime();
            busy = false;
        }
        if (welcomed) {
            request(1);
        }
    }

    private synchronized void request(int count) {
        if (call != null && !over) {
            call.request(count);
        }
    }

    private void take(FromPrimary message) throws IOException {
        if (message.hasWelcome()) {
            welcome(message.getEpoch(), message.getWelcome());
            return;
        }
        if (!welcomed || message.getEpoch() != epoch) {
            throw new IOException(loop.address() + " sent a message of epoch "
                    + Long.toUnsignedString(message.getEpoch()) + " where "
                    + (welcomed ? Long.toUnsignedString(epoch) : "a Welcome") + " is due");
        }
        switch (message.getMessageCase()) {
            case INSTRUCTION -> follow(message.getInstruction());
            case CHUNK -> chunk(message.getChunk());
            case HEARTBEAT -> heartbeat(message.getHeartbeat());
            default -> throw new IOException(loop.address() + " sent a message that this version does not know");
        }
    }

    private void welcome(long offered, io.ltxfs.replicationproto.Welcome welcome) throws IOException {
        if (epoch != 0 || offered == 0) {
            throw new IOException(loop.address() + " sent a second Welcome, or one of no epoch");
        }
        epoch = offered;
        Set<String> anew = new HashSet<>();
        Set<String> absent = new HashSet<>();
        for (Instruction instruction : welcome.getInstructionsList()) {
            switch (instruction.getKind()) {
                case REPLACE -> anew.add(instruction.getDatabase());
                case ABSENT -> absent.add(instruction.getDatabase());
                default -> {
                    // Transactions come.
                }
            }
        }
        Welcome told = new Welcome(
                offered,
                Messages.member(welcome.getPrimary()),
                Messages.places(welcome.getStartPositionsList()),
                anew,
                absent,
                welcome.getTtlMillis());
        handler.welcomed(told).whenComplete((done, failure) -> {
            loop.take(() -> begin(welcome.getInstructionsList(), failure));
        });
    }

    private void begin(List<Instruction> instructions, @Nullable Throwable refusal) {
        if (over) {
            return;
        }
        if (refusal != null) {
            Throwable why = PeerService.cause(refusal);
            refuse(why instanceof IOException e ? e : new IOException(String.valueOf(why.getMessage()), why));
            return;
        }
        if (Long.compareUnsigned(gate.promised(), epoch) > 0) {
            failPromised();
            return;
        }
        welcomed = true;
        heardNanos = System.nanoTime();
        LOG.info("this node follows: primary={} epoch={}", loop.address(), Long.toUnsignedString(epoch));
        loop.welcomed();
        instructions.forEach(this::follow);
        request(AHEAD);
    }

    private void follow(Instruction instruction) {
        String database = instruction.getDatabase();
        switch (instruction.getKind()) {
            case REPLACE -> {
                assembly.discard(database);
                loop.replace(this, database);
            }
            case ABSENT -> loop.absent(this, database);
            default -> {
                // Transactions come.
            }
        }
    }

    private void chunk(TransactionChunk chunk) throws IOException {
        assembly.add(chunk, this::receive);
    }

    private void receive(TransactionHeader header, PageSource pages) throws IOException {
        if (Long.compareUnsigned(header.epoch(), epoch) > 0) {
            throw new IOException(String.format(
                    "%s: transaction %016x is of epoch %s, later than the stream's %s",
                    header.database(),
                    header.txid(),
                    Long.toUnsignedString(header.epoch()),
                    Long.toUnsignedString(epoch)));
        }
        long[] lsn = {0};
        if (!gate.pass(epoch, () -> lsn[0] = loop.receiver().receive(header, pages))) {
            failPromised();
            return;
        }
        acknowledger.received(lsn[0], header.database(), new Place(header.txid(), header.postChecksum()));
    }

    private void heartbeat(Heartbeat heartbeat) {
        List<Member> members =
                heartbeat.getMembersList().stream().map(Messages::member).toList();
        handler.heartbeat(
                epoch, new HeartbeatFacts(heartbeat.getEtag(), members), Messages.places(heartbeat.getPositionsList()));
    }

    // ---- to the primary

    /** Has the monitor. */
    private void send(FromReplica.Builder message) {
        ClientCallStreamObserver<FromReplica> to = call;
        if (to != null && !over) {
            to.onNext(message.build());
            sentNanos = System.nanoTime();
        }
    }

    @Override
    public void durable(Map<String, Place> places) {
        if (over) {
            return;
        }
        synchronized (this) {
            durable.putAll(places);
        }
        sendWaiting();
        loop.tell(this, () -> handler.durable(epoch, places));
    }

    @Override
    public void failed(DiskException failure) {
        fail(new IOException("what was received cannot be made durable: " + failure.getMessage(), failure));
    }

    void applied(Map<String, Place> places) {
        synchronized (this) {
            applied.putAll(places);
        }
        sendWaiting();
    }

    void complete(long of, Map<String, Place> all) {
        synchronized (this) {
            if (of == epoch) {
                complete = true;
                all.forEach(durable::putIfAbsent);
            }
        }
        sendWaiting();
    }

    /** A database was taken anew: its transactions may come. */
    synchronized void resume(String database, Place place) {
        replacing.remove(database);
        send(FromReplica.newBuilder()
                .setEpoch(epoch)
                .setResume(Resume.newBuilder().setPosition(Messages.place(database, place))));
    }

    /** Sends what waits, if the primary takes it; one that does not read is told the newest later. */
    private void sendWaiting() {
        try {
            if (!over && welcomed && !gate.pass(epoch, this::sendUnderEpoch)) {
                failPromised();
            }
        } catch (IOException e) {
            fail(e);
        }
    }

    private synchronized void sendUnderEpoch() {
        ClientCallStreamObserver<FromReplica> to = call;
        if (to == null || !to.isReady() || (durable.isEmpty() && applied.isEmpty() && !complete)) {
            return;
        }
        Acknowledgement acknowledgement = Acknowledgement.newBuilder()
                .addAllDurable(Messages.places(durable))
                .addAllApplied(Messages.places(applied))
                .setHistoryComplete(complete)
                .build();
        durable = new HashMap<>();
        applied = new HashMap<>();
        complete = false;
        send(FromReplica.newBuilder().setEpoch(epoch).setAcknowledgement(acknowledgement));
    }

    /** A sign of life, and a look for the primary's. */
    void tick(long intervalNanos, long silenceNanos) {
        long now = System.nanoTime();
        long limit = welcomed ? silenceNanos : Math.max(silenceNanos, FollowLoop.WELCOME_NANOS);
        if (!busy && now - heardNanos > limit) {
            fail(new IOException(loop.address() + ": nothing was heard for " + limit / 1_000_000 + " ms"));
            return;
        }
        if (!welcomed) {
            return;
        }
        sendWaiting();
        synchronized (this) {
            if (now - sentNanos >= intervalNanos && call != null && call.isReady()) {
                send(FromReplica.newBuilder().setEpoch(epoch).setAcknowledgement(Acknowledgement.getDefaultInstance()));
            }
        }
    }

    // ---- the end

    private void failPromised() {
        refuse(SnapshotTaker.promisedMore(loop.address(), epoch, gate));
    }

    /** Ends it so that the other side learns of a higher promise first: it is deposed. */
    private void refuse(IOException why) {
        boolean first;
        synchronized (this) {
            ClientCallStreamObserver<FromReplica> to = call;
            if (to != null && !over && Long.compareUnsigned(gate.promised(), epoch) > 0) {
                send(FromReplica.newBuilder()
                        .setEpoch(gate.promised())
                        .setAcknowledgement(Acknowledgement.getDefaultInstance()));
                to.onCompleted();
            }
            first = end(); // nobody sends anything after these last words
        }
        if (first) {
            loop.closeSoon(connection);
            loop.ended(this, why);
        }
    }

    @Override
    public void onError(Throwable failure) {
        fail(Refusals.toException(loop.address(), failure));
    }

    @Override
    public void onCompleted() {
        fail(new IOException(loop.address() + " has ended the stream"));
    }

    /** Ends it, once. */
    void fail(IOException why) {
        if (end()) {
            connection.close();
            loop.ended(this, why);
        }
    }

    private synchronized boolean end() {
        boolean first = !over;
        over = true;
        return first;
    }

    /** Frees what has arrived in part; on the thread that takes. */
    void discard() {
        assembly.close();
    }

    /** Whether a replacement of a database has to be begun. */
    synchronized boolean beginReplacing(String database) {
        return replacing.add(database);
    }

    Connections.Connection connection() {
        return connection;
    }

    long epoch() {
        return epoch;
    }
}
