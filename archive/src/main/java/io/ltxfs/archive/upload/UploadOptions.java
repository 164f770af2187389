package io.ltxfs.archive.upload;

import io.ltxfs.ltx.PageCoding;
import java.nio.file.Path;
import java.time.Clock;
import java.util.function.Function;
import java.util.function.LongSupplier;

/**
 * How a node uploads.
 *
 * @param placement place and options of a database, by its name
 * @param dataDirectory of the node; what the archive keeps locally lies in directories of its own below it
 * @param node this node's id, for people who find its objects
 * @param epoch the lease epoch of the moment; 0 without a lease, {@link LeaseTerm#NOT_HELD} while it is not held
 * @param clock wall clock
 * @param coding how pages are written
 * @param uploads how many objects are put at a time
 */
public record UploadOptions(
        Function<String, Placement> placement,
        Path dataDirectory,
        String node,
        LongSupplier epoch,
        Clock clock,
        PageCoding coding,
        int uploads) {

    /** How many objects are put at a time, unless it is said otherwise. */
    public static final int UPLOADS = 8;
}
