/** What the node needs of the disk below it, small enough to be simulated with power cuts. */
@NullMarked
package io.ltxfs.database.disk;

import org.jspecify.annotations.NullMarked;
