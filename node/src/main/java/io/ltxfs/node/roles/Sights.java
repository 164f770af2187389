package io.ltxfs.node.roles;

import io.ltxfs.node.replication.Member;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;

/** When, and as which process, other nodes were heard of last. For all threads. */
final class Sights {
    private record Sight(Member member, long nanos) {}

    private final LongSupplier clock;
    private final Map<String, Sight> byNode = new ConcurrentHashMap<>();

    Sights(LongSupplier clock) {
        this.clock = clock;
    }

    /** It spoke to this node, or answered. */
    void heard(Member member) {
        byNode.put(member.node(), new Sight(member, clock.getAsLong()));
    }

    /** The process that a node was last. */
    Optional<Member> member(String node) {
        return Optional.ofNullable(byNode.get(node)).map(Sight::member);
    }

    /** Milliseconds since a node was heard of; -1 for never. */
    long heardMillis(String node) {
        Sight sight = byNode.get(node);
        return sight == null ? -1 : Math.max(clock.getAsLong() - sight.nanos(), 0) / 1_000_000;
    }
}
