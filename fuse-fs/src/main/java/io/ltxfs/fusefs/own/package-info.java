/** The node's own reading, writing and locking of files through its own mount. */
@NullMarked
package io.ltxfs.fusefs.own;

import org.jspecify.annotations.NullMarked;
