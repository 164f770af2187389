/**
 * How nodes of a cluster speak with each other: a gRPC server and client. They carry messages and transactions; what is
 * answered and believed is decided elsewhere, behind {@link io.ltxfs.node.replication.PeerHandler} and
 * {@link io.ltxfs.node.replication.FollowHandler}.
 */
@NullMarked
package io.ltxfs.node.replication;

import org.jspecify.annotations.NullMarked;
