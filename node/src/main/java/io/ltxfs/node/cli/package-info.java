/** The commands: what {@code ltxfs …} does besides running a node. */
@NullMarked
package io.ltxfs.node.cli;

import org.jspecify.annotations.NullMarked;
