package io.ltxfs.node.roles;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ltxfs.lease.LocalLease;
import io.ltxfs.node.cluster.Event;
import io.ltxfs.node.cluster.Standing;
import io.ltxfs.node.replication.EpochGate;
import io.ltxfs.node.replication.Member;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** What peers say, and what the machine hears of it. */
class PeerSideTest {
    @Test
    void aPromiseOfAReplicaIsTold() {
        List<Event> told = new ArrayList<>();
        PeerSide peers = new PeerSide(
                new Member("a", "p", "a:1"),
                new EpochGate(5),
                new LocalLease(),
                new CommitGate(),
                told::add,
                () -> {
                    throw new IllegalStateException("nobody asks");
                },
                () -> new Standing("a", 5, 5, Map.of()),
                new Sights(() -> 0),
                new ReplicaProgress(() -> 0),
                new AtomicLong());
        LateHandler late = new LateHandler();
        late.serve(peers);
        late.promiseSeen(7);
        assertEquals(List.of(new Event.PromiseSeen(7)), told);
    }
}
