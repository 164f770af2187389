/**
 * A node in its cluster: the threads, timers, files and connections around the decisions of
 * {@link io.ltxfs.node.cluster}, which they feed with what happened and whose actions they carry out.
 */
@NullMarked
package io.ltxfs.node.roles;

import org.jspecify.annotations.NullMarked;
