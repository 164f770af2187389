/** The check of an archive: every object, and how the objects fit together. */
@NullMarked
package io.ltxfs.archive.verify;

import org.jspecify.annotations.NullMarked;
