package io.ltxfs.node.cluster;

import io.ltxfs.lease.Quorum;
import io.ltxfs.node.cluster.Event.ArchivePlace;
import io.ltxfs.node.cluster.Standing.Place;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * One attempt's fetching of what this node does not have (decision 11, step 4): first of peers, each database from the
 * furthest of those with the highest history epoch; then of the archive.
 */
final class Learning {
    /** Databases that are fetched at a time. */
    private static final int AT_A_TIME = 8;
    /** What has failed so often does not go on. */
    private static final int FAILURES_BUSY = 2;

    /** How a database gets to where it is to be. */
    private enum How {
        FETCH,
        CONFORM,
        ASIDE,
        ARCHIVE,
        ARCHIVE_CONFORM
    }

    /** A database that is not where it is to be. */
    private static final class Need {
        final String database;
        final @Nullable Peer peer;
        /** Where it is to be, at least; null for one that is to be moved aside. */
        final @Nullable Place target;

        How how;
        long step;
        int failures;
        String why = "";
        long againAt;

        Need(String database, How how, @Nullable Peer peer, @Nullable Place target, long now) {
            this.database = database;
            this.how = how;
            this.peer = peer;
            this.target = target;
            this.againAt = now;
        }
    }

    private final Shared shared;
    private final long epoch;
    private boolean forced;
    private final boolean archiveNeeded;
    private final long historyEpoch;
    private final Map<String, Need> needs = new TreeMap<>();

    private enum Archive {
        NOT_READ,
        READING,
        READ,
        WITHOUT
    }

    private Archive archive;
    private long archiveStep;
    private long archiveAgainAt;
    private long archiveGivenUpAt;
    private String archiveProblem = "";

    Learning(Shared shared, long epoch, Optional<Quorum> quorum, Map<Peer, Standing> standings) {
        this.shared = shared;
        this.epoch = epoch;
        this.archiveNeeded = quorum.map(Quorum::archive).orElse(false);
        this.archive = shared.settings.archive() ? Archive.NOT_READ : Archive.WITHOUT;
        this.archiveAgainAt = shared.now();
        long highest = shared.historyEpoch();
        for (Standing standing : standings.values()) {
            highest = Shared.isAbove(standing.historyEpoch(), highest) ? standing.historyEpoch() : highest;
        }
        this.historyEpoch = highest;
        if (highest != 0) {
            compare(standings);
        }
    }

    private void compare(Map<Peer, Standing> standings) {
        Map<String, Place> own = shared.positions();
        boolean sameHistory = shared.historyEpoch() == historyEpoch;
        Map<String, Place> furthest = new HashMap<>(sameHistory ? own : Map.of());
        Map<String, Peer> holders = new HashMap<>();
        standings.forEach((peer, standing) -> {
            if (standing.historyEpoch() != historyEpoch) {
                return;
            }
            standing.positions().forEach((database, place) -> {
                Place best = furthest.get(database);
                if (best == null || Shared.isAbove(place.txid(), best.txid())) {
                    furthest.put(database, place);
                    holders.put(database, peer);
                }
            });
        });
        holders.forEach((database, peer) -> {
            Place target = furthest.get(database);
            if (target != null && !target.equals(own.get(database))) {
                needs.put(database, new Need(database, How.FETCH, peer, target, shared.now()));
            }
        });
        if (!sameHistory) {
            own.keySet().stream()
                    .filter(database -> !furthest.containsKey(database))
                    .forEach(database -> needs.put(database, new Need(database, How.ASIDE, null, null, shared.now())));
        }
    }

    /** Goes on without what cannot be had. */
    void force() {
        forced = true;
        if (archive == Archive.NOT_READ && !archiveProblem.isEmpty()) {
            giveArchiveUp();
        }
    }

    // ---- answers

    void fetched(Event.Fetched answer) {
        find(answer.step()).ifPresent(need -> {
            need.step = 0;
            if (answer.inHistory()) {
                arrived(need, "its position did not get to where the peer was");
            } else {
                need.how = How.CONFORM;
                need.againAt = shared.now();
            }
        });
    }

    void done(Event.Done answer) {
        find(answer.step()).ifPresent(need -> {
            need.step = 0;
            if (need.how == How.CONFORM) {
                // The peer gives what its readers see; what it has beyond that is in its log.
                need.how = How.FETCH;
            }
            if (need.how == How.ASIDE || need.how == How.ARCHIVE_CONFORM) {
                needs.remove(need.database);
            } else {
                arrived(need, "it is not yet where it is to be");
            }
        });
    }

    private void arrived(Need need, String otherwise) {
        Place target = need.target;
        Place own = shared.positions().get(need.database);
        if (target == null || !Shared.isAbove(target.txid(), Ranking.txid(own))) {
            needs.remove(need.database);
        } else {
            failed(need, otherwise);
        }
    }

    void failed(Event.Failed answer) {
        find(answer.step()).ifPresent(need -> failed(need, answer.why()));
        if (archive == Archive.READING && answer.step() == archiveStep) {
            archive = Archive.NOT_READ;
            archiveFailed(answer.why());
        }
    }

    private void failed(Need need, String why) {
        need.step = 0;
        need.failures++;
        need.why = why;
        need.againAt = need.failures == 1 ? shared.now() : shared.in(0.1);
        boolean ofArchive = need.how == How.ARCHIVE || need.how == How.ARCHIVE_CONFORM;
        if (ofArchive && !archiveNeeded && need.failures > 3 || forced && need.failures > 2) {
            shared.say(true, "goes on without what " + from(need) + " has of " + need.database + ": " + why);
            needs.remove(need.database);
        }
    }

    private static String from(Need need) {
        return need.peer == null ? "the archive" : need.peer.node();
    }

    void archiveRead(Event.ArchiveRead answer) {
        if (archive != Archive.READING || answer.step() != archiveStep) {
            return;
        }
        archive = Archive.READ;
        Map<String, Place> own = shared.positions();
        for (Map.Entry<String, ArchivePlace> entry : answer.places().entrySet()) {
            String database = entry.getKey();
            Place there = entry.getValue().place();
            Place here = own.get(database);
            // An object of a later epoch is of a primary whose history none of those has that were asked.
            boolean newer = historyEpoch != 0 && Shared.isAbove(entry.getValue().epoch(), historyEpoch);
            boolean same = here != null
                    && here.txid() == there.txid()
                    && (there.checksum() == 0 || here.checksum() == there.checksum());
            if (newer && !same) {
                needs.put(database, new Need(database, How.ARCHIVE_CONFORM, null, there, shared.now()));
            } else if (Shared.isAbove(there.txid(), Ranking.txid(here))) {
                needs.put(database, new Need(database, How.ARCHIVE, null, there, shared.now()));
            }
        }
    }

    private void archiveFailed(String why) {
        if (archiveProblem.isEmpty()) {
            archiveGivenUpAt = shared.in(1);
        }
        archiveProblem = why;
        archiveAgainAt = shared.in(0.1);
        if (forced || !archiveNeeded && shared.isPast(archiveGivenUpAt)) {
            giveArchiveUp();
        }
    }

    private void giveArchiveUp() {
        shared.say(true, "goes on without what the archive may have: error=\"" + archiveProblem + "\"");
        archive = Archive.WITHOUT;
    }

    private Optional<Need> find(long step) {
        return needs.values().stream()
                .filter(need -> need.step == step && step != 0)
                .findFirst();
    }

    // ---- going on

    void advance() {
        List<Need> due = new ArrayList<>();
        int underWay = 0;
        for (Need need : needs.values()) {
            if (need.step != 0) {
                underWay++;
            } else if (shared.isPast(need.againAt)) {
                due.add(need);
            }
        }
        for (Need need : due) {
            if (underWay < AT_A_TIME) {
                underWay++;
                begin(need);
            }
        }
        if (!needs.isEmpty()) {
            return;
        }
        if (archive == Archive.NOT_READ && shared.isPast(archiveAgainAt)) {
            archive = Archive.READING;
            archiveStep = shared.nextStep();
            shared.add(new Action.ReadArchive(archiveStep));
            if (archiveProblem.isEmpty()) {
                archiveGivenUpAt = shared.in(1);
            }
        } else if (archive == Archive.READING && !archiveNeeded && shared.isPast(archiveGivenUpAt)) {
            archiveProblem = archiveProblem.isEmpty() ? "no answer within a TTL" : archiveProblem;
            giveArchiveUp();
        }
    }

    private void begin(Need need) {
        need.step = shared.nextStep();
        Peer peer = need.peer;
        switch (need.how) {
            case FETCH -> shared.add(new Action.Fetch(need.step, known(peer), epoch, need.database));
            case CONFORM -> shared.add(new Action.Conform(need.step, known(peer), epoch, need.database));
            case ASIDE -> shared.add(new Action.MoveAside(need.step, epoch, need.database));
            case ARCHIVE -> shared.add(new Action.FetchArchive(need.step, epoch, need.database, false));
            case ARCHIVE_CONFORM -> shared.add(new Action.FetchArchive(need.step, epoch, need.database, true));
        }
    }

    private static Peer known(@Nullable Peer peer) {
        return java.util.Objects.requireNonNull(peer);
    }

    boolean isDone() {
        return needs.isEmpty() && (archive == Archive.READ || archive == Archive.WITHOUT);
    }

    /**
     * Whether something is under way that may take long. What has failed twice is tried again, and does not count: a peer that
     * has gone for good would keep the lease from others for ever. What has come of it by then is there for the next attempt.
     */
    boolean isBusy() {
        return needs.values().stream().anyMatch(need -> need.step != 0 && need.failures < FAILURES_BUSY);
    }

    /** What it waits for, for people. */
    String waitsFor() {
        for (Need need : needs.values()) {
            if (!need.why.isEmpty()) {
                return need.database + " from " + from(need) + ": " + need.why;
            }
        }
        if (!needs.isEmpty()) {
            return needs.size() + " databases that others have newer";
        }
        return archiveProblem.isEmpty() ? "the archive" : "the archive: " + archiveProblem;
    }
}
