package io.ltxfs.archive.compact;

import io.ltxfs.archive.upload.LeaseTerm;
import io.ltxfs.archive.upload.Placement;
import io.ltxfs.ltx.PageCoding;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Optional;
import java.util.function.Function;

/**
 * How a node compacts.
 *
 * @param placement place and options of a database, by its name
 * @param dataDirectory of the node; what is kept locally lies in a directory of its own below it
 * @param clock wall clock
 * @param coding how pages are written
 * @param term the lease: nothing is done while it is not held
 * @param room what must be left free on the disk, if the archive is on the disk of the data
 */
public record CompactionSettings(
        Function<String, Placement> placement,
        Path dataDirectory,
        Clock clock,
        PageCoding coding,
        LeaseTerm term,
        Optional<FreeSpace> room) {}
