/** Placeholder. */
@NullMarked
package io.ltxfs.database;

import org.jspecify.annotations.NullMarked;
