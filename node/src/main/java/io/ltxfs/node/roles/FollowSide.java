package io.ltxfs.node.roles;

import io.ltxfs.lease.Lease;
import io.ltxfs.node.cluster.Event;
import io.ltxfs.node.cluster.Standing;
import io.ltxfs.node.cluster.Standing.Place;
import io.ltxfs.node.replication.EpochGate;
import io.ltxfs.node.replication.FollowHandler;
import io.ltxfs.node.replication.HeartbeatFacts;
import io.ltxfs.node.replication.Member;
import io.ltxfs.node.replication.Refused;
import io.ltxfs.node.replication.Welcome;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** One stream by which this node follows another. */
final class FollowSide implements FollowHandler {
    private final long link;
    private final Lease lease;
    private final Consumer<Event> tell;
    private final Supplier<Standing> standing;
    private final Sights sights;
    private final FollowLag lag;
    private final Divergence divergence;
    private final EpochGate gate;
    private volatile @Nullable CompletableFuture<Long> welcome;
    private volatile @Nullable Member primary;

    /** @param link its number */
    FollowSide(
            long link,
            Lease lease,
            Consumer<Event> tell,
            Supplier<Standing> standing,
            Sights sights,
            FollowLag lag,
            Divergence divergence,
            EpochGate gate) {
        this.link = link;
        this.lease = lease;
        this.tell = tell;
        this.standing = standing;
        this.sights = sights;
        this.lag = lag;
        this.divergence = divergence;
        this.gate = gate;
    }

    @Override
    public Standing standing() {
        return standing.get();
    }

    @Override
    public CompletionStage<?> welcomed(Welcome welcomed) {
        CompletableFuture<Long> answer = new CompletableFuture<>();
        welcome = answer;
        primary = welcomed.primary();
        sights.heard(welcomed.primary());
        lag.follows(welcomed.startPositions());
        tell.accept(new Event.Welcomed(
                link,
                welcomed.epoch(),
                PeerSide.peer(welcomed.primary()),
                welcomed.startPositions(),
                welcomed.replaced(),
                welcomed.absent()));
        return answer;
    }

    /** Goes on with what it was welcomed to. */
    void take(long epoch) {
        CompletableFuture<Long> waiting = welcome;
        if (waiting != null) {
            waiting.complete(epoch);
        }
    }

    /** Does not: it has promised more. */
    void refuse(long promised) {
        CompletableFuture<Long> waiting = welcome;
        if (waiting != null) {
            waiting.completeExceptionally(
                    new Refused("this node has promised epoch " + Long.toUnsignedString(promised)));
        }
    }

    @Override
    public void heartbeat(long epoch, HeartbeatFacts facts, Map<String, Place> positions) {
        Member from = primary;
        if (from != null) {
            sights.heard(from);
        }
        if (!facts.etag().isEmpty()) {
            lease.sighted(facts.etag(), epoch);
        }
        facts.members().stream().filter(member -> !member.process().isEmpty()).forEach(sights::heard);
        lag.heartbeat(positions);
        tell.accept(new Event.PeersSeen(facts.members().stream()
                .filter(member -> !member.advertise().isEmpty())
                .map(PeerSide::peer)
                .toList()));
    }

    @Override
    public void durable(long epoch, Map<String, Place> positions) {
        tell.accept(new Event.TakenDurably(link, positions));
    }

    @Override
    public void keepDivergent(String database, OptionalLong fork) throws IOException {
        divergence.keep(database, fork);
    }

    @Override
    public void absent(long epoch, String database) throws IOException {
        divergence.moveAside(database, gate.term(epoch));
        tell.accept(new Event.AsideDurably(link, database));
    }

    @Override
    public void disconnected(IOException why) {
        Optional<Member> other = Optional.empty();
        if (why instanceof Refused refused) {
            other = refused.primary();
            if (refused.promised() != 0) {
                tell.accept(new Event.PromiseSeen(refused.promised()));
                lease.sighted("", refused.promised());
            }
        }
        lag.lost();
        tell.accept(new Event.Disconnected(link, String.valueOf(why.getMessage()), other.map(PeerSide::peer)));
    }
}
