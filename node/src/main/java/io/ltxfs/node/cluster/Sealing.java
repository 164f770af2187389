package io.ltxfs.node.cluster;

import io.ltxfs.lease.Quorum;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** One attempt's question to all peers: promise this epoch. */
final class Sealing {
    private static final long SECOND = 1_000_000_000L;

    /** What is known of a peer that is asked. */
    private static final class Asked {
        long step;
        long againAt;
        boolean failed;

        @Nullable
        Standing standing;
    }

    private final Shared shared;
    private final long epoch;
    private final Optional<Quorum> quorum;
    private final Map<Peer, Asked> peers = new LinkedHashMap<>();
    private final long allAskedAt;
    private boolean outrun;

    Sealing(Shared shared, long epoch, Optional<Quorum> quorum) {
        this.shared = shared;
        this.epoch = epoch;
        this.quorum = quorum;
        this.allAskedAt = shared.now() + Math.min(shared.ttlNanos() / 2, SECOND);
        quorum.ifPresent(last -> {
            last.voters().forEach(voter -> ask(new Peer(voter.node(), voter.advertise())));
            ask(new Peer(last.node(), last.advertise()));
        });
        shared.memory().peers().forEach(this::ask);
    }

    private void ask(Peer peer) {
        if (!peer.node().equals(shared.settings.self().node())) {
            peers.computeIfAbsent(peer, unused -> {
                Asked asked = new Asked();
                asked.againAt = shared.now();
                return asked;
            });
        }
    }

    void sealed(Event.Sealed answer) {
        find(answer.step()).ifPresent(asked -> {
            asked.step = 0;
            if (Shared.isAbove(answer.standing().promised(), epoch)) {
                outrun = true;
                shared.promise(answer.standing().promised());
            } else if (!Shared.isAbove(epoch, answer.standing().promised())) {
                asked.standing = answer.standing();
            }
        });
    }

    void refused(Event.SealRefused answer) {
        find(answer.step()).ifPresent(asked -> {
            asked.step = 0;
            asked.failed = true;
            asked.againAt = shared.in(0.1);
            if (Shared.isAbove(answer.promised(), epoch)) {
                outrun = true;
                shared.promise(answer.promised());
            }
        });
    }

    void failed(Event.Failed answer) {
        find(answer.step()).ifPresent(asked -> {
            asked.step = 0;
            asked.failed = true;
            asked.againAt = shared.in(0.1);
        });
    }

    private Optional<Asked> find(long step) {
        return peers.values().stream().filter(asked -> asked.step == step).findFirst();
    }

    /** Asks, again and again, whoever has not answered. */
    void advance() {
        peers.forEach((peer, asked) -> {
            if (asked.standing == null && shared.isPast(asked.againAt)) {
                asked.step = shared.nextStep();
                asked.againAt = shared.in(0.6);
                shared.add(new Action.Seal(asked.step, peer, epoch));
            }
        });
    }

    /** Whether a peer has promised a higher epoch to somebody else. */
    boolean isOutrun() {
        return outrun;
    }

    /** Who is missing; empty if those that have promised are enough. This node counts once its promise is durable. */
    Optional<String> missing(boolean forced) {
        if (!shared.hasPromised(epoch)) {
            return Optional.of("its own disk");
        }
        Map<String, Standing> promised = new HashMap<>();
        standings().values().forEach(standing -> promised.put(standing.node(), standing));
        promised.put(shared.settings.self().node(), shared.standing());
        boolean allAsked = shared.isPast(allAskedAt)
                || peers.values().stream().allMatch(asked -> asked.standing != null || asked.failed);
        return Sufficiency.missing(forced ? Optional.empty() : quorum, promised, allAsked);
    }

    /** What those have that have promised. */
    Map<Peer, Standing> standings() {
        Map<Peer, Standing> standings = new LinkedHashMap<>();
        peers.forEach((peer, asked) -> {
            if (asked.standing != null) {
                standings.put(peer, asked.standing);
            }
        });
        return standings;
    }
}
