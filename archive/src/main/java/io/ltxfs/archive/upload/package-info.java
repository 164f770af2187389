/** Transactions on their way from the log into level 0 of the archive. */
@NullMarked
package io.ltxfs.archive.upload;

import org.jspecify.annotations.NullMarked;
