/**
 * The guard: a small process that outlives the daemon. It starts the daemon and the app, keeps the terminal for the
 * app, forwards signals, and cleans up after a daemon that died. It uses the JDK alone, so that it stays small.
 */
@NullMarked
package io.ltxfs.node.guard;

import org.jspecify.annotations.NullMarked;
