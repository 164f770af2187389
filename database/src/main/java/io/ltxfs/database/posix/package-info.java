/** The system calls that Java does not offer, and the constants that go with them. Knows nothing of SQLite. */
@NullMarked
package io.ltxfs.database.posix;

import org.jspecify.annotations.NullMarked;
