package io.ltxfs.database.log;

import io.ltxfs.database.disk.DiskFile;

/**
 * A staging file: the pages of one large transaction while it runs, one slot a page. Its path is
 * {@code log/stage-<16 hex digits of the id>}; ids are never used again (a stage whose record is not in the log is
 * removed at start).
 *
 * @param id the file's number, from {@link TransactionLog#newStage}
 * @param path the path below the data directory
 * @param file the open file, of whoever asked for the stage, who reads pages from it for as long as they are not applied and
 *     then closes it; the log opens the path for itself
 */
public record Stage(long id, String path, DiskFile file) {}
