/** The transaction log of a node: segments, records, group commit, retention. */
@NullMarked
package io.ltxfs.database.log;

import org.jspecify.annotations.NullMarked;
