/** Placeholder. */
@NullMarked
package io.ltxfs.ltx;

import org.jspecify.annotations.NullMarked;
