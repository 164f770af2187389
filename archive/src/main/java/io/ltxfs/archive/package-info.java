/** The archive: transactions as objects in Litestream's layout, kept in levels, and every moment restored from them. */
@NullMarked
package io.ltxfs.archive;

import org.jspecify.annotations.NullMarked;
