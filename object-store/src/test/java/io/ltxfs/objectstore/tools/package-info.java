/** The programs that tests hold ltxfs against: pinned versions, and servers of them. */
@NullMarked
package io.ltxfs.objectstore.tools;

import org.jspecify.annotations.NullMarked;
