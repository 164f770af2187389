package io.ltxfs.archive.restore;

import io.ltxfs.ltx.LtxEnds;
import io.ltxfs.ltx.LtxFormatException;
import io.ltxfs.ltx.LtxHeader;
import io.ltxfs.ltx.LtxIndexCursor;
import io.ltxfs.ltx.Txid;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** An LTX file whose header and trailer are read; of a small one, all bytes. */
final class OpenSource {
    private static final int TAIL_BYTES = 64 * 1024;

    private final RangeReader reader;
    private final LtxSource source;
    private final LtxEnds ends;

    /** The file's end: all of a small file. */
    private final byte[] tail;

    private final boolean whole;

    private OpenSource(RangeReader reader, LtxSource source, LtxEnds ends, byte[] tail) {
        this.reader = reader;
        this.source = source;
        this.ends = ends;
        this.tail = tail;
        this.whole = tail.length == source.length();
    }

    /** Opens a file whose bytes are all there. */
    static OpenSource of(RangeReader reader, LtxSource source, byte[] bytes, int pageSize) throws IOException {
        return open(reader, source, bytes, bytes, pageSize);
    }

    /** Opens a large file: two requests. */
    static OpenSource of(RangeReader reader, LtxSource source, int pageSize) throws IOException {
        byte[] head = reader.read(source.key(), source.offset(), (int) Math.min(LtxEnds.HEAD_BYTES, source.length()));
        int tailBytes = (int) Math.min(TAIL_BYTES, source.length());
        byte[] tail = reader.read(source.key(), source.offset() + source.length() - tailBytes, tailBytes);
        return open(reader, source, head, tail, pageSize);
    }

    private static OpenSource open(RangeReader reader, LtxSource source, byte[] head, byte[] tail, int pageSize)
            throws IOException {
        LtxEnds ends;
        try {
            ends = LtxEnds.parse(source.length(), head, tail);
        } catch (LtxFormatException e) {
            throw new DamagedObjectException(source.key(), String.valueOf(e.getMessage()));
        }
        LtxHeader header = ends.header();
        if (header.minTxid() != source.fromTxid() || header.maxTxid() != source.toTxid()) {
            throw new DamagedObjectException(
                    source.key(),
                    "its header says that it has the transactions " + Txid.format(header.minTxid()) + " to "
                            + Txid.format(header.maxTxid()) + ", not "
                            + Txid.format(source.fromTxid()) + " to " + Txid.format(source.toTxid()));
        }
        if (header.pageSize() != pageSize) {
            throw new DamagedObjectException(
                    source.key(), "its pages have " + header.pageSize() + " bytes, the database's have " + pageSize);
        }
        return new OpenSource(reader, source, ends, tail);
    }

    LtxSource source() {
        return source;
    }

    LtxEnds ends() {
        return ends;
    }

    /** The bytes of the frames, if they are in memory. */
    @Nullable
    ByteBuffer bytes() {
        return whole ? ByteBuffer.wrap(tail) : null;
    }

    /** The database's size in pages after it. */
    long commit() {
        return Integer.toUnsignedLong(ends.header().commit());
    }

    /** The index, read piece by piece where it is large. */
    LtxIndexCursor index() {
        return ends.index(new SourceBytes(reader, source, tail).stream(ends.indexStart(), ends.indexSize()));
    }

    /** Fills a buffer with a part of the file. */
    void read(long offset, ByteBuffer into) throws IOException {
        reader.read(source.key(), source.offset() + offset, into);
    }
}
