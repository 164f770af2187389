package io.ltxfs.node.replication;

import io.ltxfs.database.DatabaseSet;
import io.ltxfs.database.Position;
import io.ltxfs.database.feed.Transaction;
import io.ltxfs.database.feed.TransactionFeed;
import io.ltxfs.database.log.TransactionHeader;
import io.ltxfs.database.receive.Fit;
import io.ltxfs.database.receive.Receiver;
import io.ltxfs.node.cluster.Standing.Place;
import io.ltxfs.replicationproto.FromPrimary;
import io.ltxfs.replicationproto.Heartbeat;
import io.ltxfs.replicationproto.Instruction;
import io.ltxfs.replicationproto.Instruction.Kind;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends one replica what the log has: a thread that follows the log, deals transactions out to the lanes of their databases,
 * and sends a chunk of each lane in turn. What waits are headers, a bounded number of them; bytes are read when they can
 * be sent. A lane whose place in the log is lost is told to take its database anew.
 */
final class ReplicaSender implements Runnable {
    private static final Logger LOG = LoggerFactory.getLogger(ReplicaSender.class);
    private static final int QUEUED_MAX = 16_384;
    /** Lanes whose large transactions are made ready or sent at a time; each may have a file. */
    private static final int LARGE_MAX = 4;
    /** A database that the replica does not have at all is given from its first transaction if that is not far back. */
    private static final long REPLAY_MAX = 64;

    /** The stream to the replica. Its methods do not block. */
    interface Out {
        boolean isReady();

        boolean isOver();

        void send(FromPrimary.Builder message);

        /** The first message. */
        void welcome(List<Instruction> instructions);

        Heartbeat.Builder heartbeat();

        /** Ends the stream if nothing was heard of the replica for a TTL. */
        void endIfSilent();

        /** Ends the stream, which cannot go on. */
        void fail(IOException why);
    }

    /** What to begin with. */
    private final Map<String, Place> positions;

    private final String name;
    private final DatabaseSet databases;
    private final Receiver receiver;
    private final Encoder encoder;
    private final Out out;
    private final long heartbeatNanos;

    private final ConcurrentLinkedQueue<Map.Entry<String, Place>> resumes = new ConcurrentLinkedQueue<>();
    private final ConcurrentHashMap<String, Place> sent = new ConcurrentHashMap<>();
    private final Thread thread;
    private volatile boolean woken;

    // Owned by the thread.
    private final Map<String, Lane> lanes = new HashMap<>();
    private final ArrayDeque<Lane> turn = new ArrayDeque<>();
    private final Set<Lane> preparing = new HashSet<>();
    private final Set<String> changed = new HashSet<>();
    private final List<Instruction> welcome = new ArrayList<>();
    private boolean welcomed;
    private TransactionFeed.@Nullable Follower follower;
    private long givenLsn;
    private long nextHeartbeat;
    private int queued;

    /**
     * @param name of the replica, for logs
     * @param positions what the replica has
     * @param heartbeatNanos how often heartbeats are sent
     */
    ReplicaSender(
            String name,
            Map<String, Place> positions,
            DatabaseSet databases,
            Receiver receiver,
            Encoder encoder,
            Out out,
            long heartbeatNanos) {
        this.name = name;
        this.positions = positions;
        this.databases = databases;
        this.receiver = receiver;
        this.encoder = encoder;
        this.out = out;
        this.heartbeatNanos = heartbeatNanos;
        this.thread = Threads.make("replication-send-" + name, this);
    }

    void start() {
        thread.start();
    }

    /** There may be something to do. For any thread. */
    void wake() {
        woken = true;
        LockSupport.unpark(thread);
    }

    /** The replica has taken a database anew. For any thread. */
    void resume(String database, Place position) {
        resumes.add(Map.entry(database, position));
        wake();
    }

    /** What was sent last. For any thread. */
    Map<String, Place> sent() {
        return Map.copyOf(sent);
    }

    @Override
    public void run() {
        try {
            begin();
            while (!out.isOver()) {
                woken = false;
                boolean moved = resume() | fill() | sendNext();
                heartbeat();
                if (!moved) {
                    release();
                    rest();
                }
            }
        } catch (IOException e) {
            out.fail(e);
        } catch (RuntimeException | Error e) { // the root of the thread
            LOG.error("sending to a replica failed: replica={}", name, e);
            out.fail(new IOException("sending failed: " + e, e));
        } finally {
            if (follower != null) {
                follower.close();
            }
            lanes.values().forEach(Lane::stopSending);
        }
    }

    private void rest() {
        if (!woken) {
            LockSupport.parkNanos(this, Math.max(1, nextHeartbeat - System.nanoTime()));
        }
    }

    // ---- where each database begins

    private void begin() throws IOException {
        nextHeartbeat = System.nanoTime();
        Map<String, TransactionHeader> here = receiver.received();
        Map<String, Place> from = new TreeMap<>(positions);
        here.keySet().forEach(database -> from.putIfAbsent(database, new Place(0, 0)));
        from.entrySet().removeIf(entry -> {
            boolean absent = !here.containsKey(entry.getKey());
            if (absent) {
                instruct(entry.getKey(), Kind.ABSENT);
            }
            return absent;
        });
        follow(from);
        out.welcome(List.copyOf(welcome));
        welcomed = true;
        LOG.info("a replica follows: replica={} databases={}", name, lanes.size());
    }

    private boolean resume() throws IOException {
        Map<String, Place> from = new TreeMap<>();
        for (Map.Entry<String, Place> next = resumes.poll(); next != null; next = resumes.poll()) {
            Lane lane = lanes.get(next.getKey());
            if (lane == null || !lane.replacing()) {
                throw new IOException(
                        Messages.brief(next.getKey()) + ": the replica resumes what it was not told to replace");
            }
            from.put(next.getKey(), next.getValue());
        }
        if (!from.isEmpty()) {
            follow(from);
        }
        return !from.isEmpty();
    }

    /** Begins, or begins again, after these positions; lanes that go on pass over what they know. */
    private void follow(Map<String, Place> from) throws IOException {
        Map<String, Position> asked = new HashMap<>();
        from.forEach((database, place) -> asked.put(database, new Position(place.txid(), place.checksum())));
        long next = follower == null ? Long.MAX_VALUE : givenLsn + 1;
        long first = next;
        Map<String, Receiver.Place> found = receiver.locate(asked);
        Map<String, Place> lost = new HashMap<>(from);
        for (Map.Entry<String, Receiver.Place> entry : found.entrySet()) {
            Receiver.Place place = entry.getValue();
            Place position = from.get(entry.getKey());
            if (position == null || place.fit() != Fit.KNOWN || !isWorthIt(entry.getKey(), position)) {
                continue;
            }
            lost.remove(entry.getKey());
            lane(entry.getKey()).resume(position, place.fromLsn());
            instruct(entry.getKey(), Kind.GO_ON);
            first = Math.min(first, place.fromLsn());
        }
        if (follower == null || first < next) {
            restart(first == Long.MAX_VALUE ? 0 : first);
        }
        lost.keySet().forEach(database -> replace(lane(database)));
    }

    private boolean isWorthIt(String database, Place position) {
        return position.txid() != 0
                || receiver.received(database)
                        .map(last -> Long.compareUnsigned(last.txid(), REPLAY_MAX) <= 0)
                        .orElse(true);
    }

    private void restart(long fromLsn) {
        TransactionFeed.Follower before = follower;
        follower = databases.feed().follow("replica " + name, TransactionFeed.Kind.REPLICA, fromLsn, this::wake);
        if (before != null) {
            before.close();
        }
        givenLsn = Math.max(0, fromLsn - 1);
    }

    private Lane lane(String database) {
        return lanes.computeIfAbsent(database, unknown -> new Lane(unknown, new Place(0, 0)));
    }

    private void replace(Lane lane) {
        queued -= lane.queued();
        turn.remove(lane);
        preparing.remove(lane);
        lane.replace(givenLsn + 1);
        instruct(lane.database(), Kind.REPLACE);
        LOG.info("a replica takes a database anew: replica={} database={}", name, lane.database());
    }

    private void instruct(String database, Kind kind) {
        Instruction.Builder instruction =
                Instruction.newBuilder().setDatabase(database).setKind(kind);
        if (welcomed) {
            out.send(FromPrimary.newBuilder().setInstruction(instruction));
        } else {
            welcome.add(instruction.build());
        }
    }

    // ---- from the log to the lanes

    private boolean fill() throws IOException {
        TransactionFeed.Follower from = follower;
        if (from == null) {
            return false;
        }
        boolean moved = false;
        while (queued < QUEUED_MAX) {
            Transaction transaction = from.next();
            if (transaction == null) {
                if (!from.lost()) {
                    return moved;
                }
                startOver();
                return true;
            }
            moved = true;
            givenLsn = transaction.lsn();
            deal(transaction);
        }
        return moved;
    }

    private void deal(Transaction transaction) {
        String database = transaction.header().database();
        Lane lane = lane(database);
        if (lane.replacing()) {
            return;
        }
        switch (lane.fit(transaction)) {
            case NEXT -> {
                if (!lane.hasWork()) {
                    turn.add(lane);
                }
                lane.add(transaction);
                queued++;
                changed.add(database);
            }
            case GAP -> replace(lane);
            case KNOWN -> {
                // A follower that began again gives it a second time.
            }
        }
    }

    /** What was not sent may not be in the log any more. */
    private void startOver() throws IOException {
        Map<String, Place> from = new TreeMap<>();
        for (Lane lane : lanes.values()) {
            if (!lane.replacing()) {
                queued -= lane.queued();
                lane.dropQueue();
                from.put(lane.database(), lane.sent());
            }
        }
        turn.removeIf(lane -> !lane.hasWork());
        if (follower != null) {
            follower.close();
            follower = null;
        }
        follow(from);
    }

    // ---- from the lanes to the replica

    private boolean sendNext() {
        boolean moved = preparing.removeIf(lane -> {
            boolean ready = lane.isSending() ? lane.isReady() : mayBegin(lane);
            if (ready) {
                turn.add(lane);
            }
            return ready;
        });
        for (Lane lane = turn.peek(); lane != null && out.isReady() && !out.isOver(); lane = turn.peek()) {
            turn.remove();
            send(lane);
            moved = true;
            if (woken) {
                // Others may have become ready to take their turns.
                break;
            }
        }
        return moved;
    }

    private boolean mayBegin(Lane lane) {
        return !lane.nextIsLarge()
                || lanes.values().stream().filter(Lane::isSendingLarge).count() < LARGE_MAX;
    }

    private void send(Lane lane) {
        if (!lane.isSending() && !mayBegin(lane)) {
            preparing.add(lane);
            return;
        }
        try {
            if (!begin(lane)) {
                preparing.add(lane);
                return;
            }
            out.send(FromPrimary.newBuilder().setChunk(lane.next()));
        } catch (IOException e) {
            // The log does not have it any more, or cannot be read.
            LOG.warn(
                    "a transaction cannot be sent: replica={} database={} after={} why={}",
                    name,
                    lane.database(),
                    lane.sent(),
                    e.getMessage());
            replace(lane);
            return;
        }
        sent.put(lane.database(), lane.sent());
        if (lane.hasWork()) {
            turn.add(lane);
        }
    }

    private boolean begin(Lane lane) throws IOException {
        int before = lane.queued();
        try {
            return lane.begin(encoder, this::wake);
        } finally {
            queued -= before - lane.queued();
        }
    }

    private void heartbeat() {
        long now = System.nanoTime();
        if (now - nextHeartbeat < 0) {
            return;
        }
        nextHeartbeat = now + heartbeatNanos;
        out.endIfSilent();
        if (!out.isReady()) {
            return; // What is on its way to it says that this node lives.
        }
        Heartbeat.Builder heartbeat = out.heartbeat();
        for (String database : changed) {
            heartbeat.addPositions(Messages.place(database, lane(database).last()));
        }
        changed.clear();
        out.send(FromPrimary.newBuilder().setHeartbeat(heartbeat));
    }

    /** Lets go of what no lane needs. */
    private void release() {
        long needed = givenLsn + 1;
        for (Lane lane : lanes.values()) {
            needed = Math.min(needed, lane.neededLsn());
        }
        if (follower != null) {
            follower.release(needed);
        }
    }
}
