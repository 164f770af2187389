/** Committed transactions for those who carry them away: the archive and the replicas. */
@NullMarked
package io.ltxfs.database.feed;

import org.jspecify.annotations.NullMarked;
