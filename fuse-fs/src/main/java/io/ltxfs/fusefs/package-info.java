/** Placeholder. */
@NullMarked
package io.ltxfs.fusefs;

import org.jspecify.annotations.NullMarked;
