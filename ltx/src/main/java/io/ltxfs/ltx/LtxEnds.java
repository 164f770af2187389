package io.ltxfs.ltx;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;

/**
 * Head and tail of an LTX file with a page index: all that is needed to read the index in pieces ({@link #index}) and
 * pages by ranges ({@link LtxFrameDecoder}), in memory that does not depend on the number of pages.
 *
 * @param size the file's size in bytes
 * @param header its rules hold
 * @param headerCrc the CRC of its bytes, of those too that mean nothing
 * @param generation the one that the file was found to be
 * @param indexStart where the index begins, in bytes
 * @param indexSize the index with the size field behind it, in bytes
 * @param trailer its file checksum has not been compared with anything
 */
public record LtxEnds(
        long size,
        LtxHeader header,
        long headerCrc,
        LtxGeneration generation,
        long indexStart,
        long indexSize,
        LtxTrailer trailer) {

    /** How many bytes of the file's start are needed; all of it, if it has fewer. */
    public static final int HEAD_BYTES = LtxLayout.HEADER_SIZE + 31;

    /** How many bytes of the file's end are needed at least. */
    public static final int TAIL_BYTES = LtxLayout.TAIL_SIZE;

    /**
     * Parses them.
     *
     * @param size the file's size in bytes
     * @param head the first {@link #HEAD_BYTES} of the file or more, or all of it
     * @param tail the last {@link #TAIL_BYTES} of the file or more, or all of it
     * @throws LtxFormatException if they break a rule, or the generation has no index
     */
    public static LtxEnds parse(long size, byte[] head, byte[] tail) throws IOException {
        if (size < LtxLayout.HEADER_SIZE) {
            throw new LtxFormatException(LtxError.TRUNCATED, size, "the file ends in the header");
        }
        LtxHeader header = LtxHeader.parse(head);
        header.validate(LtxLayout.FLAG_NO_CHECKSUM | LtxLayout.FLAG_V1_LZ4);
        InputStream behind = new ByteArrayInputStream(head, LtxLayout.HEADER_SIZE, head.length - LtxLayout.HEADER_SIZE);
        LtxGeneration generation =
                GenerationDetector.detect(header, new ByteSource(behind, LtxLayout.HEADER_SIZE), size);
        if (!generation.hasIndex()) {
            throw new LtxFormatException(
                    LtxError.INDEX_ABSENT, size, "generation " + generation + " has no page index");
        }
        header.validate();
        int sizeMin = LtxLayout.HEADER_SIZE + generation.pageHeaderSize() + 1 + LtxLayout.TAIL_SIZE;
        if (size < sizeMin) {
            throw new LtxFormatException(LtxError.TRUNCATED, size, "the file ends before byte " + sizeMin);
        }
        byte[] end = new byte[LtxTrailer.SIZE];
        System.arraycopy(tail, tail.length - end.length, end, 0, end.length);
        LtxTrailer trailer = LtxTrailer.decode(end);
        LtxTrailer.validatePostApply(header, trailer.postApplyChecksum(), size - LtxTrailer.SIZE);
        long sizeField = size - LtxLayout.TAIL_SIZE;
        long entries = LtxLayout.getLong(tail, tail.length - LtxLayout.TAIL_SIZE);
        long entriesMax = sizeField - LtxLayout.HEADER_SIZE - generation.pageHeaderSize();
        if (entries < 1 || entries > entriesMax) {
            throw new LtxFormatException(
                    LtxError.INDEX_SIZE,
                    sizeField,
                    "the page index's size is said to be " + Long.toUnsignedString(entries)
                            + ", there is room for 1 to " + entriesMax);
        }
        return new LtxEnds(
                size,
                header,
                Crc64.update(0, head, 0, LtxLayout.HEADER_SIZE),
                generation,
                sizeField - entries,
                entries + LtxLayout.INDEX_SIZE_SIZE,
                trailer);
    }

    /** Where the frames end and the marker behind them begins, in bytes. */
    public long framesEnd() {
        return indexStart - generation.pageHeaderSize();
    }

    /**
     * Reads the index's entries one after the other.
     *
     * @param bytes the index, {@link #indexSize} bytes from {@link #indexStart} on
     */
    public LtxIndexCursor index(InputStream bytes) {
        return new LtxIndexCursor(this, new ByteSource(bytes, indexStart));
    }

    /** Whether the whole file has the file checksum of its trailer. */
    public boolean hasFileChecksum(long crc) {
        return trailer.fileChecksum() == (PageChecksum.FLAG | crc);
    }

    /**
     * The CRC that the file checksum is made of, from those of its parts.
     *
     * @param framesCrc over all frames: their headers and lengths as they are, their pages decoded
     * @param framesBytes how many bytes that were
     * @param indexCrc what {@link LtxIndexCursor#crc} says
     */
    public long crc(long framesCrc, long framesBytes, long indexCrc) {
        long crc = Crc64.append(headerCrc, framesCrc, framesBytes);
        crc = Crc64.update(crc, new byte[LtxLayout.PAGE_HEADER_SIZE], 0, generation.pageHeaderSize());
        crc = Crc64.append(crc, indexCrc, indexSize);
        byte[] end = trailer.encode();
        return Crc64.update(crc, end, LtxLayout.POST_APPLY_OFFSET, Long.BYTES);
    }
}
