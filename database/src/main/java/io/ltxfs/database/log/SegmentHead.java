package io.ltxfs.database.log;

import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.disk.DiskFile;
import io.ltxfs.ltx.Crc64;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;

/**
 * The first record of a segment: what has to be known of the records before it.
 *
 * <p>A segment ends where the next one begins: records of this one from the next one's first LSN on are not valid. That
 * is how a segment takes the place of the unsynced tail of one whose sync failed.
 *
 * @param sequence the segment's number, one more than that of the segment before it
 * @param firstLsn the LSN of the first record behind the head
 * @param previousChain the chain of the record before that one, 0 at the log's beginning
 * @param nextStage no stage with this id or a higher one was made before
 * @param catalog the state before the segment
 * @param bytes the head's length
 */
record SegmentHead(long sequence, long firstLsn, long previousChain, long nextStage, Catalog catalog, long bytes) {
    private static final int FIXED_BYTES = 40;

    /** Writes a head. @return its length */
    static long write(
            DiskFile file,
            long sequence,
            long firstLsn,
            long previousChain,
            long nextStage,
            Catalog catalog,
            long withdrawableFrom)
            throws DiskException {
        ByteBuffer entries = catalog.encode(withdrawableFrom);
        int metaLength = FIXED_BYTES + entries.remaining();
        ByteBuffer out =
                ByteBuffer.allocate(LogLayout.HEADER_BYTES + metaLength).order(ByteOrder.LITTLE_ENDIAN);
        LogLayout.putHeader(out, 0, LogLayout.HEAD, false, firstLsn, metaLength, 0, 0);
        out.position(LogLayout.HEADER_BYTES);
        out.putInt(LogLayout.VERSION).putInt(0);
        out.putLong(sequence).putLong(previousChain).putLong(nextStage).putLong(0);
        out.put(entries);
        out.putLong(LogLayout.CHAIN_AT, chain(out, metaLength));
        file.write(out.flip(), 0);
        return out.limit();
    }

    /** Reads a head. @return empty if what stands there is none */
    static Optional<SegmentHead> read(DiskFile file) throws DiskException {
        ByteBuffer header = ByteBuffer.allocate(LogLayout.HEADER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        if (file.read(header, 0) < LogLayout.HEADER_BYTES
                || header.getInt(0) != LogLayout.MAGIC
                || header.get(LogLayout.KIND_AT) != LogLayout.HEAD) {
            return Optional.empty();
        }
        int metaLength = header.getInt(LogLayout.META_LENGTH_AT);
        if (metaLength < FIXED_BYTES || metaLength > file.size() - LogLayout.HEADER_BYTES) {
            return Optional.empty();
        }
        ByteBuffer in = ByteBuffer.allocate(LogLayout.HEADER_BYTES + metaLength).order(ByteOrder.LITTLE_ENDIAN);
        if (file.read(in, 0) < in.capacity()
                || in.getLong(LogLayout.CHAIN_AT) != chain(in, metaLength)
                || in.getInt(LogLayout.HEADER_BYTES) != LogLayout.VERSION) {
            return Optional.empty();
        }
        in.position(LogLayout.HEADER_BYTES + 8);
        long sequence = in.getLong();
        long previousChain = in.getLong();
        long nextStage = in.getLong();
        in.getLong();
        return Optional.of(new SegmentHead(
                sequence, in.getLong(LogLayout.LSN_AT), previousChain, nextStage, Catalog.decode(in), in.capacity()));
    }

    private static long chain(ByteBuffer head, int metaLength) {
        long crc = Crc64.update(0, head.array(), 0, LogLayout.CHAIN_AT);
        return Crc64.update(crc, head.array(), LogLayout.HEADER_BYTES, metaLength);
    }
}
