package io.ltxfs.node.replication;

import java.util.List;

/**
 * What the primary tells its replicas regularly.
 *
 * @param etag the lease object's version; empty if none is known
 * @param members the primary and its replicas
 */
public record HeartbeatFacts(String etag, List<Member> members) {
    /** Copies the list. */
    public HeartbeatFacts {
        members = List.copyOf(members);
    }
}
