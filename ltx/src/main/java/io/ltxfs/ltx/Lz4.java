package io.ltxfs.ltx;

import java.nio.ByteBuffer;
import net.jpountz.lz4.LZ4Compressor;
import net.jpountz.lz4.LZ4Exception;
import net.jpountz.lz4.LZ4Factory;
import net.jpountz.lz4.LZ4SafeDecompressor;

/**
 * Raw LZ4 blocks.
 *
 * <p>A block is walked through before it is decoded. That costs little beside the copying, and it makes the verdict
 * on a bad block, its name and its offset the same whichever decoder does the work (native code, or Java where that
 * cannot be loaded; they differ in how strictly they take the rules for a block's end). Native code never sees a
 * block that would lead it out of bounds.
 */
final class Lz4 {
    /** The fastest that works here. */
    static final Lz4 FASTEST = new Lz4(LZ4Factory.fastestInstance());

    /** A block ends with at least so many literals, if it has any match. */
    private static final int LAST_LITERALS = 5;

    /** The last match of a block starts at least so many bytes before the end of what it yields. */
    private static final int LAST_MATCH_DISTANCE = 12;

    private static final int MATCH_MIN = 4;
    private static final int NIBBLE_MAX = 15;

    private final LZ4Compressor compressor;
    private final LZ4SafeDecompressor decompressor;

    Lz4(LZ4Factory factory) {
        this.compressor = factory.fastCompressor();
        this.decompressor = factory.safeDecompressor();
    }

    /**
     * Compresses.
     *
     * @return the length of the block
     */
    int compress(byte[] from, int offset, int length, byte[] to, int toOffset) {
        return compressor.compress(from, offset, length, to, toOffset, to.length - toOffset);
    }

    /**
     * Decodes one block.
     *
     * @param toMax the most that the block may yield, in bytes
     * @param tooLong the error if it yields more
     * @param fileOffset where the block is in the file
     * @return how much it yields
     */
    int decode(byte[] block, int length, byte[] to, int toOffset, int toMax, LtxError tooLong, long fileOffset)
            throws LtxFormatException {
        int produced = measure(block, length, toMax, tooLong, fileOffset);
        try {
            int done = decompressor.decompress(block, 0, length, to, toOffset, produced);
            if (done == produced) {
                return produced;
            }
        } catch (LZ4Exception e) {
            throw corrupt(fileOffset, "LZ4 block refused by the decoder: " + e.getMessage());
        }
        throw corrupt(fileOffset, "LZ4 block decoded to another length than its tokens say");
    }

    /**
     * Decodes one block that must yield exactly so many bytes, between buffers that may be direct. The walk through the
     * tokens is made only for the verdict on a block that the decoder refuses; the decoder itself stays within bounds.
     */
    void decode(ByteBuffer from, int at, int length, ByteBuffer to, int toAt, int toLength, long fileOffset)
            throws LtxFormatException {
        int done;
        try {
            done = decompressor.decompress(from, at, length, to, toAt, toLength);
        } catch (LZ4Exception e) {
            byte[] block = new byte[length];
            from.get(at, block, 0, length);
            measure(block, length, toLength, LtxError.LZ4_TOO_LONG, fileOffset);
            throw corrupt(fileOffset, "LZ4 block refused by the decoder: " + e.getMessage());
        }
        if (done != toLength) {
            throw new LtxFormatException(
                    LtxError.PAGE_LENGTH, fileOffset, "LZ4 data yields " + done + " bytes, a page has " + toLength);
        }
    }

    /** Walks through the tokens and returns how many bytes the block yields. */
    static int measure(byte[] block, int length, int toMax, LtxError tooLong, long fileOffset)
            throws LtxFormatException {
        int at = 0;
        int produced = 0;
        int lastMatch = -1;
        while (at < length) {
            int token = block[at++] & 0xff;
            int literals = token >>> 4;
            if (literals == NIBBLE_MAX) {
                int extension;
                do {
                    if (at == length) {
                        throw corrupt(fileOffset + at, "LZ4 block ends in a literal length");
                    }
                    extension = block[at++] & 0xff;
                    literals += extension;
                } while (extension == 0xff);
            }
            if (literals > length - at) {
                throw corrupt(
                        fileOffset + at, literals + " literals, but " + (length - at) + " bytes left in the LZ4 block");
            }
            at += literals;
            produced += literals;
            if (produced > toMax) {
                throw tooLong(tooLong, fileOffset + at, toMax);
            }
            if (at == length) {
                if (lastMatch >= 0 && (literals < LAST_LITERALS || produced - lastMatch < LAST_MATCH_DISTANCE)) {
                    throw corrupt(fileOffset + at, "LZ4 block ends too soon after its last match");
                }
                return produced;
            }
            if (length - at < 2) {
                throw corrupt(fileOffset + at, "LZ4 block ends in a match offset");
            }
            int distance = block[at] & 0xff | (block[at + 1] & 0xff) << 8;
            if (distance == 0 || distance > produced) {
                throw corrupt(fileOffset + at, "LZ4 match offset " + distance + " after " + produced + " bytes");
            }
            at += 2;
            int match = (token & NIBBLE_MAX) + MATCH_MIN;
            if (match == NIBBLE_MAX + MATCH_MIN) {
                int extension;
                do {
                    if (at == length) {
                        throw corrupt(fileOffset + at, "LZ4 block ends in a match length");
                    }
                    extension = block[at++] & 0xff;
                    match += extension;
                } while (extension == 0xff);
            }
            lastMatch = produced;
            produced += match;
            if (produced > toMax) {
                throw tooLong(tooLong, fileOffset + at, toMax);
            }
        }
        throw corrupt(fileOffset + at, "LZ4 block ends with a match instead of literals");
    }

    private static LtxFormatException corrupt(long offset, String detail) {
        return new LtxFormatException(LtxError.LZ4_CORRUPT, offset, detail);
    }

    private static LtxFormatException tooLong(LtxError error, long offset, int max) {
        return new LtxFormatException(error, offset, "LZ4 data yields more than " + max + " bytes");
    }
}
