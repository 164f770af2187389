/** Placeholder. */
@NullMarked
package io.ltxfs.node;

import org.jspecify.annotations.NullMarked;
