/** How the node's own log looks and how much it says. */
@NullMarked
package io.ltxfs.node.logging;

import org.jspecify.annotations.NullMarked;
