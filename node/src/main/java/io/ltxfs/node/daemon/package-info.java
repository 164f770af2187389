/** One running node: the mount and its databases, the HTTP API, and the way from start to stop. */
@NullMarked
package io.ltxfs.node.daemon;

import org.jspecify.annotations.NullMarked;
