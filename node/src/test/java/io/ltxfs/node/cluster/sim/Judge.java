package io.ltxfs.node.cluster.sim;

import io.ltxfs.archive.DatabaseRecord;
import io.ltxfs.lease.LeaseRecord;
import io.ltxfs.lease.Quorum;
import io.ltxfs.node.cluster.ClusterMemory;
import io.ltxfs.node.cluster.ClusterStatus;
import io.ltxfs.node.cluster.Peer;
import io.ltxfs.node.cluster.Standing;
import io.ltxfs.node.config.Durability;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Sees everything at once, in real time, and says when a promise of the cluster is broken. */
final class Judge {
    /** A promise of the cluster is broken. */
    static final class Broken extends RuntimeException {
        private static final long serialVersionUID = 1;

        Broken(String what) {
            super(what);
        }
    }

    private final Cluster cluster;
    /** What each primary had of every database when it accepted, by epoch. */
    private final Map<Long, Map<String, Tx>> starts = new TreeMap<>();

    private long acceptedEpoch;
    private String acceptedBy = "nobody";
    /** The last transaction of each database that was acknowledged for good; it has all earlier ones in it. */
    private final Map<String, Tx> kept = new HashMap<>();
    /** What had been acknowledged for good when a transaction began. */
    private final Map<Tx, Long> floors = new HashMap<>();
    /** Acknowledged as durable on the node that committed it, and no more. */
    private final Map<Tx, Machine> local = new HashMap<>();

    private final Map<String, Long> contents = new HashMap<>();
    int accepts;
    int acknowledged;
    int reads;

    Judge(Cluster cluster) {
        this.cluster = cluster;
    }

    private static Broken broken(String rule, String what) {
        return new Broken(rule + ": " + what);
    }

    // ---- primaries

    /** A node accepts commits from here on. */
    void accepts(Node node, long epoch) {
        accepts++;
        if (Long.compareUnsigned(epoch, acceptedEpoch) < 0 || epoch == acceptedEpoch && !node.id.equals(acceptedBy)) {
            throw broken(
                    "one primary",
                    node + " accepts under epoch " + epoch + " after " + acceptedBy + " under " + acceptedEpoch);
        }
        LeaseRecord lease = cluster.store.lease().orElse(null);
        if (lease != null && lease.epoch() == epoch) {
            long written = lease.quorum().map(Quorum::epoch).orElse(0L);
            if (written != epoch) {
                throw broken(
                        "a primary is written down",
                        node + " accepts under epoch " + epoch + ", the quorum is of " + written);
            }
        }
        if (cluster.plan.waitsForArchive()) {
            node.disk().heads().forEach((database, head) -> {
                DatabaseRecord record = cluster.store.place(database).record;
                if (record == null || Long.compareUnsigned(record.lastEpoch(), epoch) < 0) {
                    throw broken(
                            "a primary has claimed", node + " accepts under epoch " + epoch + " and has not " + head);
                }
            });
        }
        boolean handedOver = node.lease.status(node.clock()).vouched();
        kept.forEach((database, last) -> has(node, last, "acknowledged is in every later primary"));
        if (handedOver) {
            for (Tx tx : local.keySet()) {
                Tx start = starts.getOrDefault(acceptedEpoch, Map.of()).get(tx.database);
                if (tx.epoch == acceptedEpoch || tx.isIn(start)) {
                    has(node, tx, "a hand-over loses nothing");
                }
            }
        }
        acceptedEpoch = epoch;
        acceptedBy = node.id;
        starts.putIfAbsent(epoch, Map.copyOf(node.disk().heads()));
    }

    private static void has(Node node, Tx tx, String rule) {
        Tx head = node.disk().last(tx.database);
        if (!tx.isIn(head)) {
            throw broken(rule, node + " accepts without " + tx + ", it has " + Tx.text(head));
        }
    }

    /** No two nodes would accept a commit now, by their clocks. */
    void onePrimary() {
        Node found = null;
        for (int i = 0; i < cluster.machines.size(); i++) {
            if (cluster.machines.get(i).process instanceof Node node
                    && !node.dead()
                    && !node.paused()
                    && node.writes.mayCommit()) {
                if (found != null) {
                    throw broken("one primary", "both " + found + " and " + node + " accept commits");
                }
                found = node;
            }
        }
    }

    // ---- commits

    /** A transaction begins to be committed. */
    void begins(Tx tx) {
        String place = tx.database + "/" + tx.txid + "/" + tx.epoch;
        Long other = contents.put(place, tx.content);
        if (other != null && other != tx.content) {
            throw broken("a TXID for one content", tx + " takes the place of content " + other);
        }
        floors.put(tx, Tx.txid(kept.get(tx.database)));
    }

    /** An application is told that its transaction is committed. */
    void acknowledges(Node node, Tx tx, boolean asAsked, Durability durability) {
        acknowledged++;
        cluster.world.note("{} acknowledges {}", node, tx);
        if (Long.compareUnsigned(tx.epoch, acceptedEpoch) < 0) {
            throw broken(
                    "one primary",
                    node + " acknowledges " + tx + " after " + acceptedBy + " accepted under epoch " + acceptedEpoch);
        }
        if (!asAsked) {
            local.put(tx, node.machine());
            return;
        }
        Tx before = kept.get(tx.database);
        if (before != null && !before.isIn(tx)) {
            throw broken("real-time order", tx + " is acknowledged after " + before + " and does not contain it");
        }
        if (tx.txid <= floors.getOrDefault(tx, 0L)) {
            throw broken("real-time order", tx + " began after TXID " + floors.get(tx) + " was acknowledged");
        }
        kept.put(tx.database, tx);
        if (durability instanceof Durability.Replica replica) {
            long holders = cluster.machines.stream()
                    .filter(machine -> machine != node.machine() && tx.isIn(machine.disk.lastDurable(tx.database)))
                    .count();
            if (holders < replica.count()) {
                throw broken("acknowledged as asked", tx + " is on " + holders + " of " + replica.count());
            }
            quorum(tx.epoch).ifPresent(quorum -> {
                if (holders(quorum, tx) < replica.count()) {
                    throw broken("acknowledged as asked", tx + " is not on enough of " + Store.text(quorum));
                }
            });
        } else if (durability instanceof Durability.Archive
                && !tx.isIn(cluster.store.place(tx.database).end())) {
            throw broken("acknowledged as asked", tx + " is not in the archive");
        }
    }

    /** What the lease object says of an epoch's primary. */
    private Optional<Quorum> quorum(long epoch) {
        return cluster.store.lease().flatMap(LeaseRecord::quorum).filter(quorum -> quorum.epoch() == epoch);
    }

    private long holders(Quorum quorum, Tx tx) {
        return quorum.voters().stream()
                .filter(voter ->
                        tx.isIn(cluster.machine(new Peer(voter.node(), "")).disk.lastDurable(tx.database)))
                .count();
    }

    /** The lease object has a quorum: those whom a candidate will ask must know what was acknowledged. */
    void writes(Quorum quorum) {
        if (quorum.epoch() != acceptedEpoch || quorum.voters().isEmpty() || quorum.acks() == 0) {
            return;
        }
        int asked = Math.max(1, quorum.voters().size() - quorum.acks() + 1);
        kept.forEach((database, last) -> {
            boolean byReplicas = cluster.plan.durability.get(database) instanceof Durability.Replica;
            if (byReplicas && quorum.voters().size() - holders(quorum, last) >= asked) {
                throw broken("voters know what was acknowledged", last + " is not on enough of " + Store.text(quorum));
            }
        });
    }

    /** A node is about to take what comes of an epoch. */
    void takes(Node node, long epoch) {
        long promised = node.disk().memory().promised();
        if (Long.compareUnsigned(epoch, promised) < 0) {
            throw broken("a promise is kept", node + " takes what is of epoch " + epoch + " and promised " + promised);
        }
    }

    /** A primary offers its role to another. */
    void offers(Node node, Peer successor) {
        Disk theirs = cluster.machine(successor).disk;
        node.disk().heads().forEach((database, head) -> {
            if (!head.isIn(theirs.lastDurable(database))) {
                throw broken("a hand-over loses nothing", node + " offers to " + successor + ", which has not " + head);
            }
        });
    }

    /** An application reads on a node that takes itself for the primary. */
    void reads(Node node, String database) {
        reads++;
        Tx last = kept.get(database);
        if (last != null && !last.isIn(node.writes.read(database))) {
            throw broken("a primary's reads are new", node + " does not show " + last);
        }
    }

    // ---- replicas

    /** A node has appended a transaction that it got from another, or from the archive. */
    void received(Node node, Tx tx) {
        cluster.world.note("{} takes {}", node, tx);
    }

    /** A node answers a seal. */
    void promises(Node node, Standing standing) {
        ClusterMemory memory = node.disk().memory();
        if (Long.compareUnsigned(memory.promised(), standing.promised()) < 0) {
            throw broken("a promise is durable", node + " answers " + standing + " and remembers " + memory);
        }
        if (!standing.positions().equals(node.positions())) {
            throw broken("a promise is durable", node + " answers " + standing + " and has " + node.positions());
        }
    }

    /** What a node has recorded, durably. */
    void remembers(Node node, ClusterMemory before, ClusterMemory memory) {
        if (Long.compareUnsigned(memory.promised(), before.promised()) < 0
                || memory.historyEpoch() != 0
                        && Long.compareUnsigned(memory.historyEpoch(), before.historyEpoch()) < 0) {
            throw broken("what is remembered only grows", node + " remembered " + before + ", and now " + memory);
        }
        Map<String, Tx> start = starts.get(memory.historyEpoch());
        if (start == null) {
            return;
        }
        cluster.world.note("{} remembers {}", node, memory);
        start.forEach((database, tx) -> {
            Tx head = node.disk().lastDurable(database);
            if (!tx.isIn(head)) {
                throw broken(
                        "a history epoch is complete",
                        node + " says so of " + memory.historyEpoch() + " and has " + Tx.text(head) + ", not " + tx);
            }
        });
    }

    /** After every change of what nodes have: those of one history epoch have parts of one history. */
    void compare() {
        for (int i = 0; i < Plan.DATABASES.size(); i++) {
            String database = Plan.DATABASES.get(i);
            Tx other = null;
            long of = -1;
            for (int at = 0; at < cluster.machines.size(); at++) {
                Machine machine = cluster.machines.get(at);
                long epoch = machine.disk.memory().historyEpoch();
                Tx head = machine.disk.lastDurable(database);
                if (head == null || isOnItsWay(machine, epoch) || !starts.containsKey(epoch)) {
                    continue;
                }
                if (of == epoch && other != null && !other.isIn(head) && !head.isIn(other)) {
                    throw broken(
                            "one history",
                            "of epoch " + epoch + ": " + machine + " has " + head + ", another " + other);
                }
                if (other == null || Long.compareUnsigned(epoch, of) > 0 || of == epoch && other.isIn(head)) {
                    of = epoch;
                    other = head;
                }
            }
        }
    }

    /** Whether a node is on its way to a newer history. */
    private static boolean isOnItsWay(Machine machine, long epoch) {
        return machine.disk.memory().promised() != epoch;
    }

    // ---- the end

    /** Faults have stopped long ago, and nobody writes any more. */
    void end() {
        Node primary = null;
        List<Node> nodes = new ArrayList<>();
        for (Machine machine : cluster.machines) {
            Node node = (Node) machine.process;
            if (node == null || node.dead()) {
                throw broken("progress", machine + " does not run");
            }
            nodes.add(node);
            if (node.writes.mayCommit()) {
                primary = node;
            }
        }
        if (primary == null) {
            throw broken("progress", "nobody accepts commits\n" + states(nodes));
        }
        Node first = primary;
        for (Node node : nodes) {
            for (String database : Plan.DATABASES) {
                Tx head = first.disk().last(database);
                if (node.disk().lastDurable(database) != head) {
                    throw broken(
                            "progress",
                            node + " has " + Tx.text(node.disk().lastDurable(database)) + ", the primary " + first + " "
                                    + Tx.text(head) + "\n" + states(nodes));
                }
            }
            if (node.writes.waiting() > 0 || node.writes.toApply() > 0) {
                throw broken("progress", node + " has commits that wait, or does not apply\n" + states(nodes));
            }
        }
        kept.forEach((database, last) -> has(first, last, "acknowledged is in every later primary"));
        local.forEach((tx, machine) -> {
            if (!tx.isIn(first.disk().last(tx.database)) && !machine.disk.hasAside(tx)) {
                throw broken("nothing vanishes", tx + " was durable on " + machine + " and is neither kept nor aside");
            }
        });
    }

    /** For the trace. */
    static String states(List<Node> nodes) {
        StringBuilder text = new StringBuilder();
        for (Node node : nodes) {
            ClusterStatus status = node.status();
            text.append(node)
                    .append(": ")
                    .append(status)
                    .append("; ")
                    .append(node.following.text())
                    .append("; lease ")
                    .append(node.lease.status(node.clock()))
                    .append('\n');
        }
        return text.toString();
    }

    @Nullable
    Tx kept(String database) {
        return kept.get(database);
    }
}
