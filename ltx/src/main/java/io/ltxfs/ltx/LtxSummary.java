package io.ltxfs.ltx;

/**
 * What is known of an LTX file that was read whole and found right.
 *
 * @param pages the number of page frames
 * @param size the file's size in bytes
 */
public record LtxSummary(LtxGeneration generation, LtxHeader header, LtxTrailer trailer, long pages, long size) {
    /** The position after the file is applied. */
    public Pos postApplyPos() {
        return new Pos(header.maxTxid(), trailer.postApplyChecksum());
    }
}
