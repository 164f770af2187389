/** {@code ltxfs lease}: the lease of a cluster, by hand. */
@NullMarked
package io.ltxfs.node.cli.lease;

import org.jspecify.annotations.NullMarked;
