/** Levels, snapshots and retention: what becomes of transactions once they are in the archive. */
@NullMarked
package io.ltxfs.archive.compact;

import org.jspecify.annotations.NullMarked;
