/**
 * What a node of a cluster decides (decision 11), without threads, clocks, files or network of its own: told what
 * happened, it says what to do. The simulation runs exactly these classes.
 */
@NullMarked
package io.ltxfs.node.cluster;

import org.jspecify.annotations.NullMarked;
