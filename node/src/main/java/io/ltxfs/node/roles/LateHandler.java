package io.ltxfs.node.roles;

import io.ltxfs.node.cluster.Standing;
import io.ltxfs.node.cluster.Standing.Place;
import io.ltxfs.node.replication.HeartbeatFacts;
import io.ltxfs.node.replication.Member;
import io.ltxfs.node.replication.PeerHandler;
import io.ltxfs.node.replication.Refused;
import io.ltxfs.node.replication.ReplicaLink;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Answers peers before the node knows its own port, and so what it is: nothing. Then passes all on. */
final class LateHandler implements PeerHandler {
    private final CompletableFuture<PeerHandler> handler = new CompletableFuture<>();

    /** From now on peers get their answers from this one. */
    void serve(PeerHandler real) {
        handler.complete(real);
    }

    private PeerHandler now() {
        PeerHandler real = handler.getNow(null);
        if (real == null) {
            throw new IllegalStateException("the node starts");
        }
        return real;
    }

    private boolean isReady() {
        return handler.isDone();
    }

    @Override
    public Member self() {
        return handler.join().self();
    }

    @Override
    public long promised() {
        return isReady() ? now().promised() : 0;
    }

    @Override
    public Optional<Member> primary() {
        return isReady() ? now().primary() : Optional.empty();
    }

    @Override
    public CompletionStage<Admission> replicaComes(ReplicaLink link, Standing standing) {
        return isReady() ? now().replicaComes(link, standing) : starting();
    }

    private static <T> CompletionStage<T> starting() {
        return CompletableFuture.failedFuture(new Refused("the node starts; try again in a moment"));
    }

    @Override
    public void acknowledged(
            ReplicaLink link, Map<String, Place> durable, Map<String, Place> applied, boolean historyComplete) {
        now().acknowledged(link, durable, applied, historyComplete);
    }

    @Override
    public void heard(ReplicaLink link) {
        now().heard(link);
    }

    @Override
    public void promiseSeen(long promised) {
        now().promiseSeen(promised);
    }

    @Override
    public void replicaGone(ReplicaLink link, String why) {
        if (isReady()) {
            now().replicaGone(link, why);
        }
    }

    @Override
    public CompletionStage<Standing> seal(Member candidate, long epoch) {
        return isReady() ? now().seal(candidate, epoch) : starting();
    }

    @Override
    public Standing standing() {
        return handler.join().standing();
    }

    @Override
    public boolean acceptsCommits() {
        return isReady() && now().acceptsCommits();
    }

    @Override
    public CompletionStage<Long> handOver(Member successor) {
        return isReady() ? now().handOver(successor) : starting();
    }

    @Override
    public HeartbeatFacts heartbeat() {
        return handler.join().heartbeat();
    }
}
