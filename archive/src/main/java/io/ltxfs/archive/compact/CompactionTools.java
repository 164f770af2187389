package io.ltxfs.archive.compact;

import io.ltxfs.archive.upload.Spool;
import io.ltxfs.ltx.PageCoding;
import java.time.Clock;

/**
 * What compaction works with.
 *
 * @param spool where objects are while they are made
 * @param coding how pages are written
 * @param clock wall clock
 * @param verified what was read back by this process
 */
public record CompactionTools(Spool spool, PageCoding coding, Clock clock, Verified verified) {}
