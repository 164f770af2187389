package io.ltxfs.node.cluster;

import io.ltxfs.node.cluster.Standing.Place;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Whether another node, or the archive, has more than this node, which then lets the other go first. */
final class Deferral {
    private record Answer(Peer peer, Standing standing, long at) {}

    private final Shared shared;
    private final Map<Long, Peer> asked = new HashMap<>();
    private final Map<String, Answer> answers = new TreeMap<>();
    private long askAgainAt;
    private long archiveStep;
    private long archiveAgainAt;
    private Map<String, Place> archive = Map.of();

    Deferral(Shared shared) {
        this.shared = shared;
        this.askAgainAt = shared.now();
        this.archiveAgainAt = shared.now();
    }

    /** Asks all peers, while there is no primary to be heard. */
    void advance() {
        if (!shared.isPast(askAgainAt)) {
            return;
        }
        askAgainAt = shared.in(0.25);
        asked.clear();
        for (Peer peer : shared.memory().peers()) {
            long step = shared.nextStep();
            asked.put(step, peer);
            shared.add(new Action.Peek(step, peer));
        }
        if (shared.settings.archive() && shared.isPast(archiveAgainAt)) {
            archiveAgainAt = shared.in(1);
            archiveStep = shared.nextStep();
            shared.add(new Action.ReadArchive(archiveStep));
        }
    }

    /** @return the peer, if it answered what was asked last */
    Optional<Peer> peeked(Event.Peeked answer) {
        Peer peer = asked.remove(answer.step());
        if (peer != null) {
            answers.put(answer.standing().node(), new Answer(peer, answer.standing(), shared.now()));
        }
        return Optional.ofNullable(peer);
    }

    void archiveRead(Event.ArchiveRead answer) {
        if (answer.step() == archiveStep) {
            Map<String, Place> places = new HashMap<>();
            answer.places().forEach((database, there) -> places.put(database, there.place()));
            archive = places;
        }
    }

    /** Who is better, for people; empty if nobody is known to be. */
    Optional<String> better() {
        Standing own = shared.standing();
        for (Answer answer : answers.values()) {
            if (!shared.isPast(answer.at() + shared.ttlNanos()) && Ranking.isBetter(answer.standing(), own)) {
                return Optional.of(answer.standing().node());
            }
        }
        return Ranking.isAhead(archive, own.positions()) ? Optional.of("the archive") : Optional.empty();
    }

    /** What was learned is not of today any more. */
    void forget() {
        asked.clear();
        answers.clear();
        archive = Map.of();
        archiveAgainAt = shared.now();
    }
}
