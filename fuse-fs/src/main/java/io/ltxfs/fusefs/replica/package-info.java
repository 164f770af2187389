/** A mount whose databases another node writes: SQLite's locks held, and transactions applied under them (decision 12). */
@NullMarked
package io.ltxfs.fusefs.replica;

import org.jspecify.annotations.NullMarked;
