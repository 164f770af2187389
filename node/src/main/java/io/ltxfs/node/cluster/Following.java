package io.ltxfs.node.cluster;

import io.ltxfs.lease.Lease;
import io.ltxfs.lease.LeaseRecord;
import io.ltxfs.node.cluster.Standing.Place;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * This node as a replica: whom it follows, whether it may take what comes, and when it has the primary's history
 * completely.
 */
final class Following {
    private final Shared shared;

    private long lastLink;
    /** The stream that is open, or being opened; 0 for none. */
    private long link;

    private @Nullable Peer target;
    /** A peer that says that it is the primary, while the lease cannot be read. */
    private @Nullable Peer hinted;

    private Event.@Nullable Welcomed welcome;
    private boolean taking;
    private boolean said;
    /** Databases that are not where the primary was when it accepted, or not in its history. */
    private final Set<String> behind = new HashSet<>();

    private final Set<String> aside = new HashSet<>();
    private boolean everTaken;
    private String problem = "";

    Following(Shared shared) {
        this.shared = shared;
    }

    // ---- whom

    /** Follows whom the lease names, while this node is a replica. */
    void advance(boolean isReplica) {
        Event.Welcomed welcomed = welcome;
        if (welcomed != null && Shared.isAbove(shared.promised(), welcomed.epoch())) {
            stop(); // whatever still comes is of an epoch that is over
        }
        Peer wanted = isReplica ? whom() : null;
        Peer followed = target;
        if (followed != null && !followed.equals(wanted)) {
            stop();
        }
        if (wanted != null && link == 0) {
            link = ++lastLink;
            target = wanted;
            shared.add(new Action.Follow(link, wanted));
        }
        take();
    }

    private @Nullable Peer whom() {
        Optional<Lease.Seen> seen = shared.lease().seen();
        if (seen.isEmpty()) {
            return target != null ? target : hinted;
        }
        LeaseRecord record = seen.get().record();
        boolean self = record.node().equals(shared.settings.self().node());
        if (self || record.state() == LeaseRecord.State.RELEASED) {
            return null;
        }
        // A higher epoch was promised to somebody whom the lease, as it was last seen, does not name yet.
        return Shared.isAbove(shared.promised(), record.epoch()) ? null : new Peer(record.node(), record.advertise());
    }

    /** A peer says that it is the primary. */
    void hint(Peer primary) {
        hinted = primary;
    }

    private void stop() {
        if (link != 0) {
            shared.add(new Action.StopFollowing(link));
        }
        link = 0;
        target = null;
        forget();
    }

    private void forget() {
        welcome = null;
        taking = false;
        said = false;
        behind.clear();
        aside.clear();
    }

    // ---- the stream

    void welcomed(Event.Welcomed welcomed) {
        if (welcomed.link() != link || link == 0) {
            shared.add(new Action.RefuseWelcome(welcomed.link(), shared.promised()));
            return;
        }
        forget();
        if (Shared.isAbove(shared.promised(), welcomed.epoch())) {
            shared.add(new Action.RefuseWelcome(link, shared.promised()));
            return;
        }
        shared.promise(welcomed.epoch());
        shared.know(welcomed.primary(), true);
        welcome = welcomed;
    }

    private void take() {
        Event.Welcomed welcomed = welcome;
        if (welcomed == null) {
            return;
        }
        if (!taking && shared.hasPromised(welcomed.epoch())) {
            taking = true;
            everTaken = true;
            problem = "";
            compare(welcomed);
            shared.add(new Action.Take(link, welcomed.epoch()));
        }
        if (taking && !said && behind.isEmpty() && aside.isEmpty()) {
            shared.rememberHistory(welcomed.epoch());
            if (shared.hasHistory(welcomed.epoch())) {
                said = true;
                shared.add(new Action.SayComplete(link, welcomed.epoch(), shared.positions()));
            }
        }
    }

    private void compare(Event.Welcomed welcomed) {
        Map<String, Place> own = shared.positions();
        behind.addAll(welcomed.replaced());
        boolean lost = false;
        for (Map.Entry<String, Place> start : welcomed.start().entrySet()) {
            if (Shared.isAbove(start.getValue().txid(), Ranking.txid(own.get(start.getKey())))) {
                behind.add(start.getKey());
                lost = true;
            }
        }
        aside.addAll(welcomed.absent());
        if (lost && shared.historyEpoch() == welcomed.epoch()) {
            shared.say(true, "this node has lost what it had of the primary's history, and takes it anew");
            shared.rememberHistory(0);
        }
    }

    void taken(Event.TakenDurably taken) {
        Event.Welcomed welcomed = welcome;
        if (taken.link() != link || welcomed == null || !taking) {
            return;
        }
        taken.positions().forEach((database, place) -> {
            if (!Shared.isAbove(Ranking.txid(welcomed.start().get(database)), place.txid())) {
                behind.remove(database);
            }
        });
    }

    void movedAside(Event.AsideDurably moved) {
        if (moved.link() == link) {
            aside.remove(moved.database());
        }
    }

    void disconnected(Event.Disconnected end) {
        if (end.link() == link) {
            forget();
            problem = end.why();
            end.primary().filter(primary -> shared.lease().seen().isEmpty()).ifPresent(this::hint);
        }
    }

    // ---- what is shown

    boolean isConnected() {
        return taking;
    }

    /** Whether it has followed anybody since the start of the process. */
    boolean hasFollowed() {
        return everTaken;
    }

    Optional<Peer> target() {
        return Optional.ofNullable(target);
    }

    String problem() {
        return problem;
    }
}
