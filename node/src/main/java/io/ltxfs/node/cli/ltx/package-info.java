/** {@code ltxfs ltx …}: LTX files by hand, without a node. */
@NullMarked
package io.ltxfs.node.cli.ltx;

import org.jspecify.annotations.NullMarked;
