/** Bundles: single transactions, whole LTX files one after the other, in one object with a table. */
@NullMarked
package io.ltxfs.archive.bundle;

import org.jspecify.annotations.NullMarked;
