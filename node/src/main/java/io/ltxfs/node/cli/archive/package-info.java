/** The commands on the archive, none of which needs a node. */
@NullMarked
package io.ltxfs.node.cli.archive;

import org.jspecify.annotations.NullMarked;
