/** Objects as files of a directory, with metadata and conditional writes. */
@NullMarked
package io.ltxfs.objectstore.directory;

import org.jspecify.annotations.NullMarked;
