/** The command {@code ltxfs}: where it begins, and its version. */
@NullMarked
package io.ltxfs.node;

import org.jspecify.annotations.NullMarked;
