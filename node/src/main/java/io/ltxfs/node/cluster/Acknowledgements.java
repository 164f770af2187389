package io.ltxfs.node.cluster;

import io.ltxfs.node.cluster.Action.Outcome;
import io.ltxfs.node.cluster.Standing.Place;
import io.ltxfs.node.config.Durability;
import io.ltxfs.node.config.WhenWaitEnds;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Commits of a primary that wait for replicas or for the archive, and which of them may return. A commit that waits for N
 * replicas returns once N voters have it in every quorum that the lease object has, or may have.
 */
final class Acknowledgements {
    private record Waiting(long commit, long txid, Durability durability, long deadline, WhenWaitEnds then) {}

    /** The commits of one database, in order. */
    private static final class Database {
        final Deque<Waiting> waiting = new ArrayDeque<>();
        /** The last commit that was told of, and what it waited for. */
        long last;

        @Nullable
        Durability durability;
        /** The last commit of which a client was told that replicas have it. */
        long answered;

        long archived;
        /** Archived, and asked whether the lease still is this node's. */
        long proving;

        boolean degraded;
    }

    private final Shared shared;
    private final Map<String, Database> databases = new TreeMap<>();
    /** Those whose commits wait. */
    private final Set<Database> busy = new LinkedHashSet<>();
    /** Of each replica, what it has durably, by database. */
    private final Map<String, Map<String, Long>> acknowledged = new HashMap<>();

    private List<Set<String>> quorums = List.of();
    private long proofStep;
    private long proofAgainAt;
    private final Map<Outcome, List<Long>> answers = new EnumMap<>(Outcome.class);

    Acknowledgements(Shared shared) {
        this.shared = shared;
    }

    // ---- who acknowledges

    /** The voters of each quorum that the lease object has or may have, of this primary. */
    void quorums(List<Set<String>> voters) {
        if (!voters.equals(quorums)) {
            quorums = List.copyOf(voters);
            databases.forEach(this::answerAcknowledged);
            flush();
        }
    }

    /** A replica has that, durably, of this primary's history. */
    void acknowledged(String node, Map<String, Place> durable) {
        Map<String, Long> of = acknowledged.computeIfAbsent(node, unused -> new HashMap<>());
        new TreeMap<>(durable).forEach((name, place) -> {
            of.merge(name, place.txid(), (one, other) -> Shared.isAbove(one, other) ? one : other);
            Database database = databases.get(name);
            if (database != null) {
                answerAcknowledged(name, database);
            }
        });
        flush();
    }

    /** What a replica had acknowledged does not count any more: it has begun anew. */
    void forget(String node) {
        acknowledged.remove(node);
    }

    /** Whether everything of which clients were told is on enough of some voters. */
    boolean isSafeWith(Set<String> voters, int acks) {
        if (acks == 0) {
            return true;
        }
        if (voters.stream().filter(acknowledged::containsKey).count() < acks) {
            return false;
        }
        return databases.entrySet().stream()
                .allMatch(entry -> countOf(entry.getKey(), entry.getValue().answered, voters) >= acks);
    }

    private long countOf(String database, long txid, Set<String> voters) {
        return voters.stream()
                .filter(voter -> {
                    Map<String, Long> of = acknowledged.get(voter);
                    return of != null && !Shared.isAbove(txid, of.getOrDefault(database, 0L));
                })
                .count();
    }

    // ---- commits

    void waits(Event.CommitWaits commit) {
        Database database = databases.computeIfAbsent(commit.database(), unused -> new Database());
        database.last = commit.txid();
        database.durability = commit.durability();
        Waiting waiting = new Waiting(
                commit.commit(), commit.txid(), commit.durability(), shared.now() + commit.maxNanos(), commit.then());
        if (commit.durability() instanceof Durability.Local) {
            answer(waiting, Outcome.DURABLE);
        } else {
            database.waiting.add(waiting);
            busy.add(database);
            answerAcknowledged(commit.database(), database);
            if (database.degraded && database.waiting.remove(waiting)) {
                answer(waiting, Outcome.DEGRADED);
            }
        }
        flush();
    }

    private void answerAcknowledged(String name, Database database) {
        for (Iterator<Waiting> all = database.waiting.iterator(); all.hasNext(); ) {
            Waiting waiting = all.next();
            if (waiting.durability() instanceof Durability.Replica replica
                    && isOn(name, waiting.txid(), replica.count())) {
                all.remove();
                database.answered = waiting.txid();
                answer(waiting, Outcome.DURABLE);
            }
        }
        if (database.degraded
                && database.durability instanceof Durability.Replica replica
                && isOn(name, database.last, replica.count())) {
            database.degraded = false;
        }
    }

    private boolean isOn(String name, long txid, int count) {
        return !quorums.isEmpty() && quorums.stream().allMatch(voters -> countOf(name, txid, voters) >= count);
    }

    void archived(Event.Archived event) {
        Database database = databases.get(event.database());
        if (database != null && Shared.isAbove(event.txid(), database.archived)) {
            database.archived = event.txid();
            if (database.durability instanceof Durability.Archive && !Shared.isAbove(database.last, event.txid())) {
                database.degraded = false;
            }
        }
    }

    /** The lease was read after the archive had all that was asked about. */
    void proven(Event.LeaseProven proof, long epoch) {
        if (proof.step() != proofStep || proofStep == 0) {
            return;
        }
        proofStep = 0;
        if (proof.epoch() != epoch) {
            return; // the lease's loss is told in its own event
        }
        for (Database database : databases.values()) {
            for (Iterator<Waiting> all = database.waiting.iterator(); all.hasNext(); ) {
                Waiting waiting = all.next();
                if (waiting.durability() instanceof Durability.Archive
                        && !Shared.isAbove(waiting.txid(), database.proving)) {
                    all.remove();
                    answer(waiting, Outcome.DURABLE);
                }
            }
        }
        flush();
    }

    void failed(Event.Failed failure) {
        if (failure.step() == proofStep && proofStep != 0) {
            proofStep = 0;
            proofAgainAt = shared.in(0.05);
        }
    }

    /** Ends waits whose time is over, and asks for proofs of the lease. */
    void advance() {
        boolean prove = false;
        busy.removeIf(database -> database.waiting.isEmpty());
        for (Database database : busy) {
            for (Iterator<Waiting> all = database.waiting.iterator(); all.hasNext(); ) {
                Waiting waiting = all.next();
                if (waiting.then() != WhenWaitEnds.WAIT && shared.isPast(waiting.deadline())) {
                    all.remove();
                    boolean degrade = waiting.then() == WhenWaitEnds.DEGRADE;
                    database.degraded |= degrade;
                    answer(waiting, degrade ? Outcome.DEGRADED : Outcome.UNKNOWN);
                } else if (waiting.durability() instanceof Durability.Archive) {
                    prove |= !Shared.isAbove(waiting.txid(), database.archived);
                }
            }
        }
        if (prove && proofStep == 0 && shared.isPast(proofAgainAt)) {
            proofStep = shared.nextStep();
            busy.forEach(database -> database.proving = database.archived);
            shared.add(new Action.ProveLease(proofStep));
        }
        flush();
    }

    /** This node is no primary any more: nobody knows what becomes of what waits. */
    void end() {
        databases.values().forEach(database -> database.waiting.forEach(waiting -> answer(waiting, Outcome.UNKNOWN)));
        flush();
        busy.clear();
        databases.clear();
        acknowledged.clear();
        quorums = List.of();
        proofStep = 0;
    }

    private void answer(Waiting waiting, Outcome outcome) {
        answers.computeIfAbsent(outcome, unused -> new ArrayList<>()).add(waiting.commit());
    }

    private void flush() {
        answers.forEach((outcome, commits) -> shared.add(new Action.AnswerCommits(commits, outcome)));
        answers.clear();
    }

    // ---- what is shown

    Set<String> degraded() {
        Set<String> names = new TreeSet<>();
        databases.forEach((name, database) -> {
            if (database.degraded) {
                names.add(name);
            }
        });
        return names;
    }

    int waiting() {
        return busy.stream().mapToInt(database -> database.waiting.size()).sum();
    }

    /** A database whose commit has waited longer than it should; empty if none has. */
    Optional<String> overdue() {
        return databases.entrySet().stream()
                .filter(entry -> entry.getValue().waiting.stream().anyMatch(one -> shared.isPast(one.deadline())))
                .map(Map.Entry::getKey)
                .sorted()
                .findFirst();
    }

    /** When the next wait is over, if that is before some moment. */
    long wakeAt(long latest) {
        long wake = latest;
        for (Database database : busy) {
            for (Waiting waiting : database.waiting) {
                if (waiting.then() != WhenWaitEnds.WAIT && waiting.deadline() - wake < 0) {
                    wake = waiting.deadline();
                }
            }
        }
        return wake;
    }
}
