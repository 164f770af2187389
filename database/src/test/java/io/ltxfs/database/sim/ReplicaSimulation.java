package io.ltxfs.database.sim;

import io.ltxfs.database.Database;
import io.ltxfs.database.DatabaseSet;
import io.ltxfs.database.DatabaseSetOptions;
import io.ltxfs.database.Position;
import io.ltxfs.database.feed.Transaction;
import io.ltxfs.database.feed.TransactionFeed;
import io.ltxfs.database.log.LogOptions;
import io.ltxfs.database.log.TransactionHeader;
import io.ltxfs.database.log.TransactionHeader.Image;
import io.ltxfs.database.receive.Arrival;
import io.ltxfs.database.sim.SimReplica.Sent;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;

/**
 * A recorded trace on a primary, and a replica that receives what its feed gives, applies it now and then, and may die
 * after every operation of its disk. What is recovered is a prefix of the primary's history, with everything that was
 * flushed.
 */
final class ReplicaSimulation {
    /** Counts of a run. */
    static final class Result {
        int transactions;
        int byFrames;
        int byFile;
        int powerCuts;
        int kills;
        int secondLives;
        final List<String> failures = new ArrayList<>();

        @Override
        public String toString() {
            return "%d transactions, %d by frames, %d by file, %d power cuts, %d kills, %d second lives, %d failures"
                    .formatted(transactions, byFrames, byFile, powerCuts, kills, secondLives, failures.size());
        }
    }

    private final Trace trace;
    private final long seed;
    private final double rate;
    private final Random draw;
    private final Result result = new Result();
    private final List<Sent> sent = new ArrayList<>();
    private final Map<String, List<TransactionHeader>> histories = new HashMap<>();
    private final Map<String, TreeMap<Integer, byte[]>> mirrors = new HashMap<>();
    private final Map<String, Long> flushed = new HashMap<>();
    private final Map<String, Long> received = new HashMap<>();
    private boolean judging;
    private int operation;

    ReplicaSimulation(Trace trace, long seed, double rate) {
        this.trace = trace;
        this.seed = seed;
        this.rate = rate;
        this.draw = new Random(seed * 7919 + trace.name().hashCode());
    }

    static Result run(Trace trace, long seed, double rate) {
        ReplicaSimulation simulation = new ReplicaSimulation(trace, seed, rate);
        try {
            simulation.run();
        } catch (Exception | AssertionError e) {
            java.io.StringWriter text = new java.io.StringWriter();
            e.printStackTrace(new java.io.PrintWriter(text));
            simulation.result.failures.add(
                    trace.name() + " seed " + seed + " at operation " + simulation.operation + ": " + text);
        }
        return simulation.result;
    }

    private DatabaseSetOptions options(boolean replica) {
        long maxBytes = replica && seed % 2 == 1 ? 32 << 10 : 64 << 20;
        LogOptions log = new LogOptions(24 << 10, maxBytes, true, false);
        long[] clock = {1_700_000_000_000L};
        return new DatabaseSetOptions(log, name -> false, seed % 3 == 1 ? 4 << 10 : 1 << 20, () -> clock[0]++);
    }

    private void run() throws IOException {
        SimDisk disk = new SimDisk(seed);
        SimHost host = new SimHost();
        DatabaseSet primary = DatabaseSet.open(disk, options(false), host);
        TransactionFeed.Follower follower = primary.feed().follow("replica", TransactionFeed.Kind.REPLICA, 0, () -> {});
        double walShare = new double[] {0.6, 0, 1}[(int) Math.floorMod(seed, 3L)];
        SimReplica replica = new SimReplica(new SimDisk(seed + 1), options(true), draw, walShare);
        replica.disk.hook((kind, path) -> {
            if (!judging && draw.nextDouble() < rate) {
                judging = true;
                crash(replica, "after " + kind + " of " + path);
                judging = false;
            }
        });
        TraceDriver driver = new TraceDriver(primary, disk, host);
        for (TraceRecord record : trace.records()) {
            if (record.kind() == TraceRecord.MARK) {
                Mark mark = Mark.parse(record.data());
                if (mark.kind().equals("exit")) {
                    driver.exited(Integer.parseInt(mark.fields().get("pid")));
                } else {
                    while (host.runTask()) {
                        // Adoption is background work.
                    }
                }
            } else {
                driver.apply(record);
            }
            operation++;
            if (draw.nextInt(4) == 0) {
                primary.flush();
                host.runTask();
                host.runAnswers();
            }
            take(primary, follower, replica);
            work(replica);
        }
        while (host.runTask()) {
            // All of it.
        }
        primary.flush();
        take(primary, follower, replica);
        while (applyOne(replica)) {
            // All of it.
        }
        compare(primary, replica);
        result.byFrames = replica.byFrames;
        result.byFile = replica.byFile;
        replica.set.close();
        replica.disk.hook((kind, path) -> {});
        try (DatabaseSet again = DatabaseSet.open(replica.disk, options(true), new SimHost())) {
            check(again, "after a clean stop", received);
        }
    }

    private void take(DatabaseSet primary, TransactionFeed.Follower follower, SimReplica replica) throws IOException {
        for (Transaction next = follower.next(); next != null; next = follower.next()) {
            TreeMap<Integer, byte[]> pages = new TreeMap<>();
            primary.feed().pages(next, (pgno, checksum, page) -> {
                byte[] bytes = new byte[page.remaining()];
                page.get(bytes);
                pages.put(pgno, bytes);
            });
            Sent transaction = new Sent(next.header(), pages);
            sent.add(transaction);
            String name = next.header().database();
            received.put(name, next.txid());
            histories.computeIfAbsent(name, n -> new ArrayList<>()).add(next.header());
            replica.receive(transaction);
            result.transactions++;
            if (draw.nextInt(3) == 0) {
                work(replica);
            }
        }
    }

    private void work(SimReplica replica) throws IOException {
        switch (draw.nextInt(8)) {
            case 0, 1, 2 -> applyOne(replica);
            case 3 -> {
                Map<String, Long> now = new HashMap<>(received);
                Map<String, TransactionHeader> there = replica.receiver.received();
                now.forEach((name, txid) -> {
                    if (there.get(name) == null || there.get(name).txid() != txid) {
                        throw new AssertionError(name + ": " + there.get(name) + " is received, not " + txid);
                    }
                });
                replica.set.flush();
                flushed.putAll(now);
            }
            case 4 -> {
                replica.set.maintain();
                replica.host.runAnswers();
            }
            case 5 -> replica.host.runTask();
            default -> {
                // Nothing for once.
            }
        }
    }

    private boolean applyOne(SimReplica replica) throws IOException {
        List<String> names = new ArrayList<>(histories.keySet());
        java.util.Collections.shuffle(names, draw);
        for (String name : names) {
            Arrival arrival = replica.apply(name);
            if (arrival != null) {
                applied(replica, arrival.header());
                return true;
            }
        }
        return false;
    }

    /** What a reader sees and what is exported is what the primary had. */
    private void applied(SimReplica replica, TransactionHeader header) throws IOException {
        String name = header.database();
        TreeMap<Integer, byte[]> mirror = mirrors.computeIfAbsent(name, n -> new TreeMap<>());
        Sent transaction = sent.stream()
                .filter(s -> s.header().database().equals(name) && s.header().txid() == header.txid())
                .findFirst()
                .orElseThrow();
        if (header.image() != Image.DELTA) {
            mirror.clear();
        }
        mirror.putAll(transaction.pages());
        mirror.tailMap(header.commit() + 1).clear();
        if (header.image() == Image.DROP) {
            require(replica.set.find(name).isEmpty(), name + " is still there after its drop");
            require(replica.set.droppedAt(name) == header.txid(), name + ": dropped at another TXID");
            return;
        }
        ByteArrayOutputStream expected = new ByteArrayOutputStream();
        mirror.values().forEach(expected::writeBytes);
        Database database = replica.set.find(name).orElseThrow();
        Position position = new Position(header.txid(), header.postChecksum());
        require(database.position().equals(position), name + " is at " + database.position() + ", not " + position);
        require(
                Arrays.equals(expected.toByteArray(), replica.content(name)),
                name + ": a reader sees other content at " + position);
        ByteArrayOutputStream exported = new ByteArrayOutputStream();
        replica.set.export(name, 0, Channels.newChannel(exported));
        require(
                Arrays.equals(expected.toByteArray(), exported.toByteArray()),
                name + ": the export has other content at " + position);
    }

    private void compare(DatabaseSet primary, SimReplica replica) throws IOException {
        require(
                primary.all().stream().filter(d -> d.position().txid() != 0).count()
                        == replica.set.all().size(),
                "other databases");
        for (Database database : primary.all()) {
            if (database.position().txid() == 0) {
                continue;
            }
            ByteArrayOutputStream there = new ByteArrayOutputStream();
            ByteArrayOutputStream here = new ByteArrayOutputStream();
            primary.export(database.name(), 0, Channels.newChannel(there));
            replica.set.export(database.name(), 0, Channels.newChannel(here));
            require(Arrays.equals(there.toByteArray(), here.toByteArray()), database.name() + " is not the same");
        }
    }

    private void crash(SimReplica replica, String where) {
        boolean power = draw.nextInt(4) != 0;
        SimDisk image = power ? replica.disk.powerCut(draw.nextLong()) : replica.disk.kill();
        String how = trace.name() + " seed " + seed + " at operation " + operation + ", "
                + (power ? "power cut " : "kill ") + where;
        if (power) {
            result.powerCuts++;
        } else {
            result.kills++;
        }
        try {
            // A transaction may be in the log whose receive has not returned.
            Map<String, Long> atMost = new HashMap<>(received);
            DatabaseSet again = DatabaseSet.open(image, options(true), new SimHost());
            check(again, how, atMost);
            if (draw.nextInt(4) == 0) {
                result.secondLives++;
                goOn(image, how);
            }
        } catch (IOException | RuntimeException | AssertionError e) {
            result.failures.add(how + ": " + e);
        }
    }

    /** Every database is at one of its positions, not before what was flushed. */
    private void check(DatabaseSet set, String how, Map<String, Long> atMost) throws IOException {
        for (Map.Entry<String, List<TransactionHeader>> history : histories.entrySet()) {
            String name = history.getKey();
            Optional<Database> database = set.find(name);
            long txid = database.map(d -> d.position().txid()).orElse(set.droppedAt(name));
            long least = flushed.getOrDefault(name, 0L);
            if (txid < least || txid > atMost.getOrDefault(name, 0L)) {
                result.failures.add(
                        how + ": " + name + " is at " + txid + ", flushed " + least + ", received " + atMost.get(name));
                continue;
            }
            if (txid == 0) {
                continue;
            }
            TransactionHeader header = history.getValue().stream()
                    .filter(h -> h.txid() == txid)
                    .findFirst()
                    .orElseThrow();
            if (database.isEmpty()) {
                require(header.image() == Image.DROP, name + " is not there at " + txid);
                continue;
            }
            require(
                    database.get().status().state().equals("ok"),
                    name + ": " + database.get().warnings());
            long checksum = SqliteImage.checksum(Checker.content(database.get()));
            if (checksum != header.postChecksum() || database.get().position().checksum() != checksum) {
                result.failures.add(how + ": " + name + " has other content at " + txid);
            }
        }
    }

    /** A node that comes back gets what it lacks, and ends where the primary is. */
    private void goOn(SimDisk image, String how) throws IOException {
        SimReplica replica = new SimReplica(image.kill(), options(true), new Random(draw.nextLong()), 0.5);
        Map<String, TransactionHeader> there = replica.receiver.received();
        for (Sent transaction : sent) {
            TransactionHeader header = transaction.header();
            long had = there.containsKey(header.database())
                    ? there.get(header.database()).txid()
                    : 0;
            if (header.txid() > had) {
                replica.receive(transaction);
            }
        }
        for (String name : histories.keySet()) {
            while (replica.apply(name) != null) {
                // All of it.
            }
        }
        for (Map.Entry<String, TransactionHeader> entry :
                replica.receiver.received().entrySet()) {
            List<TransactionHeader> history = histories.get(entry.getKey());
            TransactionHeader last = history.get(history.size() - 1);
            require(entry.getValue().txid() == last.txid(), how + ": " + entry.getKey() + " does not come to the end");
            Optional<Database> database = replica.set.find(entry.getKey());
            if (database.isPresent()) {
                long checksum = SqliteImage.checksum(replica.content(entry.getKey()));
                require(checksum == last.postChecksum(), how + ": " + entry.getKey() + " ends with other content");
            }
        }
        replica.set.close();
    }

    private static void require(boolean holds, String message) {
        if (!holds) {
            throw new AssertionError(message);
        }
    }
}
