/** What the databases ask of the mount that shows them: SQLite's locks, the wal-index, the kernel's cache, time. */
@NullMarked
package io.ltxfs.fusefs.host;

import org.jspecify.annotations.NullMarked;
