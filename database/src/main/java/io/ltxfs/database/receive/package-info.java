/** Transactions that come from another node: verified, appended to the log, and applied when readers let it. */
@NullMarked
package io.ltxfs.database.receive;

import org.jspecify.annotations.NullMarked;
