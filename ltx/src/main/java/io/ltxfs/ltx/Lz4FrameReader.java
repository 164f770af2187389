package io.ltxfs.ltx;

import java.io.IOException;
import net.jpountz.xxhash.StreamingXXHash32;
import net.jpountz.xxhash.XXHashFactory;
import org.jspecify.annotations.Nullable;

/**
 * Reads LZ4 frames (the container with magic, descriptor, blocks and checksums), as the older generations have them:
 * one a page, or one around all pages.
 *
 * <p>Supported is what the writers of those files could produce: independent blocks of 64 KiB to 4 MiB, stored or
 * compressed, with or without checksums and content size; no dictionary.
 */
final class Lz4FrameReader {
    static final int MAGIC = 0x184D2204;

    private static final int FLAG_VERSION_MASK = 0xC0;
    private static final int FLAG_VERSION = 0x40;
    private static final int FLAG_INDEPENDENT = 0x20;
    private static final int FLAG_BLOCK_CHECKSUM = 0x10;
    private static final int FLAG_CONTENT_SIZE = 0x08;
    private static final int FLAG_CONTENT_CHECKSUM = 0x04;
    private static final int FLAG_RESERVED = 0x02;
    private static final int FLAG_DICTIONARY = 0x01;
    private static final int BLOCK_CODE_MASK = 0x70;
    private static final int BLOCK_CODE_SHIFT = 4;
    private static final int BLOCK_CODE_MIN = 4;
    private static final int STORED = 0x80000000;

    private final ByteSource source;
    private final byte[] field = new byte[8];
    private final byte[] descriptor = new byte[10];
    private final StreamingXXHash32 contentHash = XXHashFactory.safeInstance().newStreamingHash32(0);
    private byte[] block = new byte[0];
    private int flags;
    private int blockSizeMax;
    private long contentSize;
    private long content;

    Lz4FrameReader(ByteSource source) {
        this.source = source;
    }

    /** The most that one block of the frame yields, in bytes. */
    int blockSizeMax() {
        return blockSizeMax;
    }

    /** Reads the magic and the descriptor. */
    void start() throws IOException {
        long at = source.offset();
        int magic = readInt("LZ4 frame's magic");
        if (magic != MAGIC) {
            throw new LtxFormatException(
                    LtxError.LZ4_FRAME_MAGIC,
                    at,
                    String.format("%08x is not the magic of an LZ4 frame", Integer.reverseBytes(magic)));
        }
        long descriptorAt = source.offset();
        source.readFully(descriptor, 0, 2, "LZ4 frame's descriptor");
        flags = descriptor[0] & 0xff;
        int blockCode = (descriptor[1] & BLOCK_CODE_MASK) >>> BLOCK_CODE_SHIFT;
        @Nullable String refusal = refusal(flags, descriptor[1] & 0xff, blockCode);
        if (refusal != null) {
            throw new LtxFormatException(LtxError.LZ4_FRAME_HEADER, descriptorAt, "LZ4 frame with " + refusal);
        }
        int length = 2;
        contentSize = -1;
        if ((flags & FLAG_CONTENT_SIZE) != 0) {
            source.readFully(descriptor, length, Long.BYTES, "LZ4 frame's content size");
            contentSize = Long.reverseBytes(LtxLayout.getLong(descriptor, length));
            length += Long.BYTES;
        }
        int expected = hash(descriptor, length) >>> 8 & 0xff;
        long hashAt = source.offset();
        source.readFully(field, 0, 1, "LZ4 frame's descriptor");
        if ((field[0] & 0xff) != expected) {
            throw new LtxFormatException(
                    LtxError.LZ4_FRAME_HEADER, hashAt, "checksum of the LZ4 frame's descriptor does not match");
        }
        blockSizeMax = 1 << (2 * blockCode + 8);
        content = 0;
        contentHash.reset();
    }

    private static @Nullable String refusal(int flags, int blockDescriptor, int blockCode) {
        if ((flags & FLAG_VERSION_MASK) != FLAG_VERSION) {
            return "an unknown version";
        }
        if ((flags & FLAG_INDEPENDENT) == 0) {
            return "linked blocks, which are not supported";
        }
        if ((flags & FLAG_DICTIONARY) != 0) {
            return "a dictionary, which is not supported";
        }
        if ((flags & FLAG_RESERVED) != 0 || (blockDescriptor & ~BLOCK_CODE_MASK) != 0) {
            return "reserved bits set";
        }
        return blockCode < BLOCK_CODE_MIN ? "an unknown block size" : null;
    }

    /**
     * Decodes the next block; at the end of the frame, checks its content checksum.
     *
     * @param max the most that the block may yield, in bytes
     * @return how much it yields, or -1 at the end of the frame
     */
    int nextBlock(byte[] to, int offset, int max) throws IOException {
        long at = source.offset();
        int size = readInt("length of an LZ4 frame's block");
        if (size == 0) {
            end();
            return -1;
        }
        boolean stored = (size & STORED) != 0;
        int length = size & ~STORED;
        // A compressed block can be a little longer than what it yields; the most it may yield bounds what is
        // allocated.
        int yieldMax = Math.min(max, blockSizeMax);
        int lengthMax = stored ? blockSizeMax : Math.min(blockSizeMax, LtxLayout.blockLengthMax(yieldMax));
        if (length > lengthMax || length == 0) {
            throw new LtxFormatException(
                    LtxError.LZ4_FRAME_BLOCK_SIZE,
                    at,
                    "LZ4 frame's block of " + length + " bytes, expected 1 to " + lengthMax);
        }
        int produced;
        long blockAt = source.offset();
        if (stored) {
            if (length > max) {
                throw new LtxFormatException(
                        LtxError.LZ4_FRAME_TOO_LONG, at, "LZ4 frame yields more than " + max + " bytes");
            }
            source.readFully(to, offset, length, "LZ4 frame's block");
            checkBlockHash(to, offset, length);
            produced = length;
        } else {
            if (block.length < length) {
                block = new byte[length];
            }
            source.readFully(block, 0, length, "LZ4 frame's block");
            checkBlockHash(block, 0, length);
            produced = Lz4.FASTEST.decode(block, length, to, offset, yieldMax, LtxError.LZ4_FRAME_TOO_LONG, blockAt);
        }
        contentHash.update(to, offset, produced);
        content += produced;
        return produced;
    }

    private void checkBlockHash(byte[] bytes, int offset, int length) throws IOException {
        if ((flags & FLAG_BLOCK_CHECKSUM) != 0) {
            long at = source.offset();
            int expected = XXHashFactory.safeInstance().hash32().hash(bytes, offset, length, 0);
            if (readInt("LZ4 frame's block checksum") != expected) {
                throw new LtxFormatException(
                        LtxError.LZ4_FRAME_CHECKSUM, at, "checksum of the LZ4 frame's block does not match");
            }
        }
    }

    private void end() throws IOException {
        long at = source.offset();
        if ((flags & FLAG_CONTENT_CHECKSUM) != 0 && readInt("LZ4 frame's content checksum") != contentHash.getValue()) {
            throw new LtxFormatException(
                    LtxError.LZ4_FRAME_CHECKSUM, at, "checksum of the LZ4 frame's content does not match");
        }
        if (contentSize >= 0 && contentSize != content) {
            throw new LtxFormatException(
                    LtxError.LZ4_FRAME_HEADER,
                    at,
                    "LZ4 frame announced " + contentSize + " bytes and holds " + content);
        }
    }

    private int readInt(String what) throws IOException {
        source.readFully(field, 0, Integer.BYTES, what);
        return LtxLayout.getIntLittleEndian(field, 0);
    }

    private static int hash(byte[] bytes, int length) {
        return XXHashFactory.safeInstance().hash32().hash(bytes, 0, length, 0);
    }
}
