/** SQLite's file formats, as far as capture reads them (sqlite.org/fileformat2.html). */
@NullMarked
package io.ltxfs.database.sqlite;

import org.jspecify.annotations.NullMarked;
