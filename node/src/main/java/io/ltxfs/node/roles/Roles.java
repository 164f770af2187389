package io.ltxfs.node.roles;

import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** The role of this node, for those who look at it or ask for another. For all threads. */
public interface Roles {

    /** How things are at this moment. */
    ClusterView view();

    /**
     * Makes this node the primary: by a hand-over if there is another that can give the role away, else by the lease.
     *
     * @param force without the answers that a takeover waits for: what only those who do not answer have may be lost
     * @return done with what happened, for people; exceptionally with a {@link RoleException}
     */
    CompletableFuture<String> promote(boolean force);

    /**
     * Gives the role of the primary away.
     *
     * @param node to whom; empty for the replica that is furthest
     * @return done with what happened, for people, once the other is the primary; exceptionally with a
     *     {@link RoleException}
     */
    CompletableFuture<String> handOff(Optional<String> node);
}
