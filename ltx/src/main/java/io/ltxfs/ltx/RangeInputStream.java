package io.ltxfs.ltx;

import java.io.IOException;
import java.io.InputStream;

/** A range of a {@link RangeSource} as a stream, read in pieces of bounded size. */
public final class RangeInputStream extends InputStream {
    private static final int PIECE_SIZE_MAX = 4 * 1024 * 1024;

    private final RangeSource source;
    private final long end;
    private final int pieceSizeMax;
    private long next;
    private byte[] piece;
    private int position;

    /**
     * A range whose bytes are all to be read.
     *
     * @param pieceSizeMax bytes that are held at most
     */
    public RangeInputStream(RangeSource source, long offset, long length, int pieceSizeMax) {
        this(source, offset, length, pieceSizeMax, new byte[0]);
    }

    /**
     * @param piece bytes of the range's start that are there already
     */
    RangeInputStream(RangeSource source, long offset, long length, byte[] piece) {
        this(source, offset, length, PIECE_SIZE_MAX, piece);
    }

    private RangeInputStream(RangeSource source, long offset, long length, int pieceSizeMax, byte[] piece) {
        this.source = source;
        this.pieceSizeMax = pieceSizeMax;
        this.next = offset + piece.length;
        this.end = offset + length;
        this.piece = piece;
    }

    @Override
    public int read() throws IOException {
        return hasMore() ? piece[position++] & 0xff : -1;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        if (!hasMore()) {
            return -1;
        }
        int count = Math.min(length, piece.length - position);
        System.arraycopy(piece, position, bytes, offset, count);
        position += count;
        return count;
    }

    private boolean hasMore() throws IOException {
        if (position < piece.length) {
            return true;
        }
        if (next == end) {
            return false;
        }
        piece = source.read(next, (int) Math.min(end - next, pieceSizeMax));
        next += piece.length;
        position = 0;
        return true;
    }
}
