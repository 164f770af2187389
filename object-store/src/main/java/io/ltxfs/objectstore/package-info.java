/** Object stores: one interface, with conditional writes, over a directory, S3 and memory. Knows nothing of what is stored. */
@NullMarked
package io.ltxfs.objectstore;

import org.jspecify.annotations.NullMarked;
