/** SQLite databases as files: capture of commits, the transaction log behind them, recovery. */
@NullMarked
package io.ltxfs.database;

import org.jspecify.annotations.NullMarked;
