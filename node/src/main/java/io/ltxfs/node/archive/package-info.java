/** The archive as a node's configuration means it: which store, and where each database lies in it. */
@NullMarked
package io.ltxfs.node.archive;

import org.jspecify.annotations.NullMarked;
