/**
 * The LTX file format: the pages that one or more transactions changed in a SQLite database, with checksums.
 *
 * <p>Everything here works on streams, buffers and byte ranges. It knows nothing of SQLite's WAL or journals. All
 * fixed-width integers of the format are big-endian; TXIDs, checksums and node ids are unsigned 64-bit values held in
 * a {@code long}.
 */
@NullMarked
package io.ltxfs.ltx;

import org.jspecify.annotations.NullMarked;
