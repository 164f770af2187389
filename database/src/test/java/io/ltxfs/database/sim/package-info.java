/** A crash simulator for the database module: a disk that forgets, recorded traces of SQLite, and what must hold. */
@NullMarked
package io.ltxfs.database.sim;

import org.jspecify.annotations.NullMarked;
