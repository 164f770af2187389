/** What to read of an archive to come to a transaction or a moment, and what can be had at all. */
@NullMarked
package io.ltxfs.archive.plan;

import org.jspecify.annotations.NullMarked;
