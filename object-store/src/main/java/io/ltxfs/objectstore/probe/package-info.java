/** Finds out at start-up what a store really does. */
@NullMarked
package io.ltxfs.objectstore.probe;

import org.jspecify.annotations.NullMarked;
