package io.ltxfs.node.cluster.sim;

import io.ltxfs.node.cluster.ClusterMemory;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What a machine keeps: a log of all databases, of which a crash leaves what was flushed and perhaps some of the rest,
 * {@code cluster.json}, and what was put aside.
 */
final class Disk {
    /** A database is at this transaction; null if it is there no more. */
    private record Entry(String database, @Nullable Tx head) {}

    private final List<Entry> log = new ArrayList<>();
    private int durable;
    private final Map<String, Tx> appended = new TreeMap<>();
    private final Map<String, Tx> flushed = new TreeMap<>();
    private final Set<Tx> divergent = new HashSet<>();
    private ClusterMemory memory = ClusterMemory.NONE;
    /** Is being written: a crash leaves this one or the one before. */
    private @Nullable ClusterMemory writing;

    /** Appends where a database is now; durable once a flush that begins later is done. */
    void append(String database, @Nullable Tx head) {
        log.add(new Entry(database, head));
        put(appended, database, head);
    }

    private static void put(Map<String, Tx> heads, String database, @Nullable Tx head) {
        if (head == null) {
            heads.remove(database);
        } else {
            heads.put(database, head);
        }
    }

    /** Where the log ends. */
    int end() {
        return log.size();
    }

    /** A flush that began when the log ended there is done. */
    void flushedTo(int end) {
        for (; durable < end; durable++) {
            put(flushed, log.get(durable).database, log.get(durable).head);
        }
    }

    /** Power is lost: of what was not flushed the first few entries may be there all the same. */
    void crash(World world) {
        int kept = durable + world.random.nextInt(log.size() - durable + 1);
        log.subList(kept, log.size()).clear();
        recover();
        ClusterMemory half = writing;
        writing = null;
        if (half != null && world.oneIn(2)) {
            memory = half;
        }
    }

    /** The log is opened: what is in it counts, and is flushed. */
    void recover() {
        flushedTo(log.size());
        appended.clear();
        appended.putAll(flushed);
    }

    /** A database's last transaction, durable or not. */
    @Nullable
    Tx last(String database) {
        return appended.get(database);
    }

    /** A database's last durable transaction. */
    @Nullable
    Tx lastDurable(String database) {
        return flushed.get(database);
    }

    /** The last durable transaction of every database. */
    Map<String, Tx> durableHeads() {
        return flushed;
    }

    /** The last transaction of every database, durable or not. */
    Map<String, Tx> heads() {
        return appended;
    }

    /** Keeps what a history has and another has not. */
    int putAside(@Nullable Tx mine, @Nullable Tx theirs) {
        int kept = 0;
        Tx both = Tx.common(mine, theirs);
        for (Tx tx = mine; tx != null && tx != both; tx = tx.before) {
            kept += divergent.add(tx) ? 1 : 0;
        }
        return kept;
    }

    /** Whether a transaction was put aside here. */
    boolean hasAside(Tx tx) {
        return divergent.contains(tx);
    }

    ClusterMemory memory() {
        return memory;
    }

    /** Begins to write the memory. */
    void write(ClusterMemory next) {
        writing = next;
    }

    /** What was being written is durable. */
    void written(ClusterMemory next) {
        memory = next;
        writing = null;
    }
}
