package io.ltxfs.ltx;

/**
 * The last 16 bytes of an LTX file.
 *
 * @param postApplyChecksum the database checksum after the file is applied; 0 in a file without checksums
 * @param fileChecksum the CRC of header, page headers, uncompressed pages, index and {@code postApplyChecksum}, with
 *     {@link PageChecksum#FLAG}. It depends on the compressor, so it is no id of the content
 */
public record LtxTrailer(long postApplyChecksum, long fileChecksum) {
    /** The encoded size in bytes. */
    public static final int SIZE = LtxLayout.TRAILER_SIZE;

    byte[] encode() {
        byte[] bytes = new byte[SIZE];
        LtxLayout.putLong(bytes, LtxLayout.POST_APPLY_OFFSET, postApplyChecksum);
        LtxLayout.putLong(bytes, LtxLayout.FILE_CHECKSUM_OFFSET, fileChecksum);
        return bytes;
    }

    static LtxTrailer decode(byte[] bytes) {
        return new LtxTrailer(
                LtxLayout.getLong(bytes, LtxLayout.POST_APPLY_OFFSET),
                LtxLayout.getLong(bytes, LtxLayout.FILE_CHECKSUM_OFFSET));
    }

    /**
     * Checks the form of a post-apply checksum, not its value.
     *
     * @param offset where it is in the file
     */
    static void validatePostApply(LtxHeader header, long postApply, long offset) throws LtxFormatException {
        String text = PageChecksum.format(postApply);
        if (!header.hasChecksums()) {
            if (postApply != 0) {
                throw new LtxFormatException(
                        LtxError.POST_APPLY_NOT_ALLOWED,
                        offset,
                        "a file without checksums has post-apply checksum " + text);
            }
        } else if (postApply == 0) {
            throw new LtxFormatException(LtxError.POST_APPLY_REQUIRED, offset, "there is no post-apply checksum");
        } else if ((postApply & PageChecksum.FLAG) == 0) {
            throw new LtxFormatException(
                    LtxError.POST_APPLY_FORMAT, offset, "bit 63 of post-apply checksum " + text + " is not set");
        } else if (header.isDeletion() && postApply != PageChecksum.EMPTY) {
            throw new LtxFormatException(
                    LtxError.POST_APPLY_NOT_EMPTY,
                    offset,
                    "a deletion has post-apply checksum " + text + " instead of "
                            + PageChecksum.format(PageChecksum.EMPTY));
        }
    }
}
