/**
 * A cluster on simulated time, network, disks and store, in one thread from one seed. What decides is what is shipped
 * ({@code io.ltxfs.lease.LeaseMachine}, {@code io.ltxfs.node.cluster}); what is made up here is the world around it.
 */
@NullMarked
package io.ltxfs.node.cluster.sim;

import org.jspecify.annotations.NullMarked;
