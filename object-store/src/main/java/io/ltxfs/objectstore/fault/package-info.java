/** Stores that fail as real ones do, by a seed or by a script. */
@NullMarked
package io.ltxfs.objectstore.fault;

import org.jspecify.annotations.NullMarked;
