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
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;

/**
 * A recorded trace on a primary, and a replica that receives what its feed gives, applies it now and then, and may die
 * after every operation of its disk. What is recovered is a prefix of what it received, with everything that was flushed.
 * Now and then it commits something itself, as a deposed primary, or misses transactions: then it is brought to the
 * primary's position by one record, forwards or backwards.
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
        int jumps;
        int diverged;
        final List<String> failures = new ArrayList<>();

        @Override
        public String toString() {
            return "%d transactions, %d by frames, %d by file, %d jumps, %d of its own, %d power cuts, %d kills, %d second lives, %d failures"
                    .formatted(
                            transactions,
                            byFrames,
                            byFile,
                            jumps,
                            diverged,
                            powerCuts,
                            kills,
                            secondLives,
                            failures.size());
        }
    }

    private final Trace trace;
    private final long seed;
    private final double rate;
    private final Random draw;
    private final Result result = new Result();
    /** By the LSN of its record on the replica. */
    private final Map<Long, Sent> byLsn = new HashMap<>();

    /** What each database of the replica was to be, one after the other. */
    private final Map<String, List<Sent>> histories = new HashMap<>();
    /** Pages of the primary, as far as its feed was read. */
    private final Map<String, TreeMap<Integer, byte[]>> theirs = new HashMap<>();

    private final Map<String, TransactionHeader> theirLast = new HashMap<>();
    /** Pages of the replica as received. */
    private final Map<String, TreeMap<Integer, byte[]>> ours = new HashMap<>();
    /** Pages of the replica as applied. */
    private final Map<String, TreeMap<Integer, byte[]>> mirrors = new HashMap<>();
    /** Whose replica is not where the primary is, and needs a jump. */
    private final Set<String> apart = new HashSet<>();
    /** How many of the history were flushed. */
    private final Map<String, Integer> flushed = new HashMap<>();

    private boolean judging;
    /** For how long readers hold up what is applied, or the disk is slow to sync. */
    private int phase;

    private boolean applying;
    private boolean flushing;
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
        for (String name : new ArrayList<>(apart)) {
            jump(replica, name);
        }
        while (applyOne(replica)) {
            // All of it.
        }
        compare(primary, replica);
        result.byFrames = replica.byFrames;
        result.byFile = replica.byFile;
        replica.set.close();
        replica.disk.hook((kind, path) -> {});
        try (DatabaseSet again = DatabaseSet.open(replica.disk, options(true), new SimHost())) {
            check(again, "after a clean stop");
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
            String name = next.header().database();
            apply(theirs, transaction);
            theirLast.put(name, next.header());
            result.transactions++;
            if (apart.contains(name)) {
                if (draw.nextInt(3) == 0) {
                    jump(replica, name);
                }
            } else if (draw.nextInt(15) == 0) {
                apart.add(name);
            } else {
                if (draw.nextInt(6) == 0) {
                    damaged(replica, transaction);
                }
                received(transaction);
                byLsn.put(replica.receive(transaction), transaction);
            }
            if (draw.nextInt(3) == 0) {
                work(replica);
            }
        }
    }

    /** What is not the transaction that it says is refused, and nothing has changed. */
    private void damaged(SimReplica replica, Sent transaction) {
        TransactionHeader h = transaction.header();
        TreeMap<Integer, byte[]> pages = new TreeMap<>(transaction.pages());
        long txid = h.txid();
        long pre = h.preChecksum();
        int kind = draw.nextInt(3);
        if (kind == 0 || pages.isEmpty()) {
            txid += 1 + draw.nextInt(3);
        } else if (kind == 1) {
            pre ^= 1L << draw.nextInt(63);
        } else {
            int pgno = new ArrayList<>(pages.keySet()).get(draw.nextInt(pages.size()));
            byte[] page = pages.get(pgno).clone();
            page[draw.nextInt(page.length)] ^= (byte) (1 << draw.nextInt(8));
            pages.put(pgno, page);
        }
        Sent wrong = new Sent(
                new TransactionHeader(
                        h.database(),
                        txid,
                        h.epoch(),
                        h.timeMillis(),
                        h.pageSize(),
                        h.commit(),
                        pre,
                        h.postChecksum(),
                        h.image(),
                        h.uid(),
                        h.gid(),
                        h.mode()),
                pages);
        Map<String, TransactionHeader> before = replica.receiver.received();
        boolean refused = false;
        try {
            replica.receive(wrong);
        } catch (IOException e) {
            refused = true;
        }
        require(refused, "a transaction that was damaged (" + kind + ") was taken: " + wrong.header());
        require(before.equals(replica.receiver.received()), "a refused transaction has changed something");
    }

    /** Before it is received: what dies in between may have it. */
    private void received(Sent transaction) {
        histories
                .computeIfAbsent(transaction.header().database(), name -> new ArrayList<>())
                .add(transaction);
        apply(ours, transaction);
    }

    private static void apply(Map<String, TreeMap<Integer, byte[]>> all, Sent transaction) {
        TransactionHeader header = transaction.header();
        TreeMap<Integer, byte[]> pages = all.computeIfAbsent(header.database(), name -> new TreeMap<>());
        if (header.image() != Image.DELTA) {
            pages.clear();
        }
        pages.putAll(transaction.pages());
        pages.tailMap(header.commit() + 1).clear();
    }

    /** Brings a database of the replica to where the primary is. */
    private void jump(SimReplica replica, String name) throws IOException {
        TransactionHeader to = theirLast.get(name);
        TreeMap<Integer, byte[]> from = ours.getOrDefault(name, new TreeMap<>());
        TreeMap<Integer, byte[]> pages = new TreeMap<>(theirs.get(name));
        boolean whole =
                from.isEmpty() || pages.isEmpty() || from.get(1).length != to.pageSize() || draw.nextInt(4) == 0;
        if (!whole) {
            pages.entrySet().removeIf(page -> Arrays.equals(page.getValue(), from.get(page.getKey())));
        }
        Image image = to.image() == Image.DROP ? Image.DROP : whole ? Image.FULL : Image.DELTA;
        Sent jump = new Sent(
                new TransactionHeader(
                                name,
                                to.txid(),
                                to.epoch(),
                                to.timeMillis(),
                                to.pageSize(),
                                to.commit(),
                                0,
                                to.postChecksum(),
                                image,
                                to.uid(),
                                to.gid(),
                                to.mode())
                        .asJump(),
                pages);
        apart.remove(name);
        received(jump);
        result.jumps++;
        byLsn.put(replica.receiver.replace(jump.header(), visitor -> SimReplica.visit(jump, visitor)), jump);
    }

    /** A transaction of the replica's own, of a time when it was the primary. */
    private void diverge(SimReplica replica) throws IOException {
        for (Database database : replica.set.all()) {
            String name = database.name();
            TreeMap<Integer, byte[]> pages = ours.get(name);
            if (pages == null
                    || pages.size() < 2
                    || pages.get(1).length != Bench.PAGE_SIZE
                    || theirLast.get(name).commit() == 0
                    || replica.receiver.next(name).isPresent()) {
                continue;
            }
            replica.removeWal(database);
            byte[] after = Bench.changed(replica.content(name), draw);
            TransactionHeader before = replica.receiver.received(name).orElseThrow();
            TreeMap<Integer, byte[]> changed = new TreeMap<>();
            for (int pgno : List.of(1, before.commit())) {
                changed.put(pgno, Arrays.copyOfRange(after, (pgno - 1) * Bench.PAGE_SIZE, pgno * Bench.PAGE_SIZE));
            }
            TransactionHeader header = new TransactionHeader(
                    name,
                    before.txid() + 1,
                    0,
                    before.timeMillis(),
                    Bench.PAGE_SIZE,
                    before.commit(),
                    before.postChecksum(),
                    SqliteImage.checksum(after),
                    Image.DELTA,
                    before.uid(),
                    before.gid(),
                    before.mode());
            Sent own = new Sent(header, changed);
            received(own);
            Bench.commit(database, replica.host, replica.content(name), after);
            apply(mirrors, own);
            apart.add(name);
            result.diverged++;
            return;
        }
    }

    private void work(SimReplica replica) throws IOException {
        if (--phase <= 0) {
            phase = 20 + draw.nextInt(120);
            applying = draw.nextBoolean();
            flushing = draw.nextBoolean();
        }
        int kind = draw.nextInt(8);
        if (kind < 3 && !applying || kind == 3 && !flushing) {
            return;
        }
        switch (kind) {
            case 0, 1, 2 -> applyOne(replica);
            case 3 -> {
                Map<String, TransactionHeader> there = replica.receiver.received();
                histories.forEach((name, history) -> {
                    TransactionHeader last = history.get(history.size() - 1).header();
                    require(
                            there.containsKey(name)
                                    && there.get(name).txid() == last.txid()
                                    && there.get(name).postChecksum() == last.postChecksum(),
                            name + ": " + there.get(name) + " is received, not " + last);
                });
                replica.set.flush();
                histories.forEach((name, history) -> flushed.put(name, history.size()));
            }
            case 4 -> {
                replica.set.maintain();
                replica.host.runAnswers();
            }
            case 5 -> replica.host.runTask();
            case 6 -> {
                if (draw.nextInt(3) == 0) {
                    diverge(replica);
                }
            }
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
                applied(replica, arrival);
                return true;
            }
        }
        return false;
    }

    /** What a reader sees and what is exported is what the primary had. */
    private void applied(SimReplica replica, Arrival arrival) throws IOException {
        TransactionHeader header = arrival.header();
        String name = header.database();
        apply(mirrors, byLsn.get(arrival.lsn()));
        TreeMap<Integer, byte[]> mirror = mirrors.get(name);
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
            DatabaseSet again = DatabaseSet.open(image, options(true), new SimHost());
            check(again, how);
            if (draw.nextInt(4) == 0) {
                result.secondLives++;
                goOn(image, how);
            }
        } catch (IOException | RuntimeException | AssertionError e) {
            result.failures.add(how + ": " + e);
        }
    }

    /** Where in its history a position is that was recovered; -1 if it is nowhere where it may be. */
    private int index(String name, long txid, long checksum) {
        List<Sent> history = histories.get(name);
        for (int i = history.size() - 1; i >= Math.max(0, flushed.getOrDefault(name, 0) - 1); i--) {
            TransactionHeader header = history.get(i).header();
            if (header.txid() == txid && header.postChecksum() == checksum) {
                return i;
            }
        }
        return -1;
    }

    /** Every database is at one of its positions, not before what was flushed. */
    private void check(DatabaseSet set, String how) throws IOException {
        for (String name : histories.keySet()) {
            TransactionHeader there = set.receiver().received(name).orElse(null);
            if (there == null) {
                require(flushed.getOrDefault(name, 0) == 0, how + ": " + name + " is gone");
                continue;
            }
            int at = index(name, there.txid(), there.postChecksum());
            require(at >= 0, how + ": " + name + " is at " + there + " after " + flushed.get(name) + " were flushed");
            Optional<Database> database = set.find(name);
            if (database.isEmpty()) {
                require(
                        histories.get(name).get(at).header().image() == Image.DROP,
                        how + ": " + name + " is not there at " + there);
                continue;
            }
            require(
                    database.get().status().state().equals("ok"),
                    how + ": " + name + ": " + database.get().warnings());
            long checksum = SqliteImage.checksum(Checker.content(database.get()));
            require(
                    checksum == there.postChecksum()
                            && database.get().position().checksum() == checksum,
                    how + ": " + name + " has other content at " + there);
        }
    }

    /** A node that comes back gets what it lacks, and ends where this one will. */
    private void goOn(SimDisk image, String how) throws IOException {
        SimReplica replica = new SimReplica(image.kill(), options(true), new Random(draw.nextLong()), 0.5);
        for (Map.Entry<String, List<Sent>> entry : histories.entrySet()) {
            String name = entry.getKey();
            List<Sent> history = entry.getValue();
            int at = replica.receiver
                    .received(name)
                    .map(last -> index(name, last.txid(), last.postChecksum()))
                    .orElse(-1);
            for (Sent next : history.subList(at + 1, history.size())) {
                if (next.header().jump()) {
                    replica.receiver.replace(next.header(), visitor -> SimReplica.visit(next, visitor));
                } else {
                    replica.receive(next);
                }
            }
            while (replica.apply(name) != null) {
                // All of it.
            }
            TransactionHeader last = history.get(history.size() - 1).header();
            TransactionHeader there = replica.receiver.received(name).orElseThrow();
            require(there.txid() == last.txid(), how + ": " + name + " does not come to the end");
            if (replica.set.find(name).isPresent()) {
                long checksum = SqliteImage.checksum(replica.content(name));
                require(checksum == last.postChecksum(), how + ": " + name + " ends with other content");
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
