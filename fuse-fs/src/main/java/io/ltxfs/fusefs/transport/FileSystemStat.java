package io.ltxfs.fusefs.transport;

/**
 * What statfs(2) tells.
 *
 * @param blocks size in units of {@code blockBytes}
 * @param blocksFree free units
 * @param blocksAvailable free units for callers that are not root
 * @param files how many files there may be
 * @param filesFree how many more files there may be
 * @param blockBytes bytes of a unit
 * @param nameBytesMax longest name, in bytes
 */
public record FileSystemStat(
        long blocks,
        long blocksFree,
        long blocksAvailable,
        long files,
        long filesFree,
        int blockBytes,
        int nameBytesMax) {}
