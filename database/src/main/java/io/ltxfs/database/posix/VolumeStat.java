package io.ltxfs.database.posix;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * What statvfs(3) tells of a file system.
 *
 * @param fragmentBytes the unit that the counts of blocks are in
 * @param blocksAvailable free for callers that are not root
 */
public record VolumeStat(
        long blockBytes,
        long fragmentBytes,
        long blocks,
        long blocksFree,
        long blocksAvailable,
        long files,
        long filesFree,
        long nameBytesMax) {
    /** Room for {@code struct statvfs} of a 64-bit libc. */
    static final int BYTES = 128;

    static VolumeStat parse(byte[] statvfs) {
        ByteBuffer b = ByteBuffer.wrap(statvfs).order(ByteOrder.nativeOrder());
        return new VolumeStat(
                b.getLong(0),
                b.getLong(8),
                b.getLong(16),
                b.getLong(24),
                b.getLong(32),
                b.getLong(40),
                b.getLong(48),
                b.getLong(80));
    }

    /** Bytes that a caller who is not root may still write. */
    public long availableBytes() {
        return blocksAvailable * fragmentBytes;
    }
}
