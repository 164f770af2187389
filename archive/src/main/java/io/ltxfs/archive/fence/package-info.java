/** What keeps one history in an archive that several nodes write, one after the other: decision 11, step 5. */
@NullMarked
package io.ltxfs.archive.fence;

import org.jspecify.annotations.NullMarked;
