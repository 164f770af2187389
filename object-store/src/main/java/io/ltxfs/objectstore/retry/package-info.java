/** Tries again what may pass, and finds out what has become of a put whose answer was lost. */
@NullMarked
package io.ltxfs.objectstore.retry;

import org.jspecify.annotations.NullMarked;
