/** A database file from the archive: each page fetched once, in its newest version, and checked before it has its name. */
@NullMarked
package io.ltxfs.archive.restore;

import org.jspecify.annotations.NullMarked;
