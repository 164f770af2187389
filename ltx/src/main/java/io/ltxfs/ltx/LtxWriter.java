package io.ltxfs.ltx;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.WritableByteChannel;
import java.util.Objects;
import net.jpountz.xxhash.XXHash32;
import net.jpountz.xxhash.XXHashFactory;

/**
 * Writes an LTX file from front to back, without seeking: the header at once, pages by {@link #writePage}, the rest
 * by {@link #finish}. The size is known only at the end. Until {@code finish} returns, the output holds a file that
 * no reader accepts, so write under a temporary name.
 *
 * <p>The rules of the format are applied while writing; an {@link LtxFormatException} names the rule and the offset
 * the field would have had. For a snapshot with checksums the database checksum is kept along, so a snapshot cannot
 * be finished with a wrong one.
 *
 * <p>The memory used is a few buffers of a page's size and about 8 bytes of index a page. The output is neither
 * synced nor closed. Not for use by several threads at once.
 */
public final class LtxWriter {
    private enum State {
        PAGES,
        FINISHED,
        FAILED
    }

    private static final int OUTPUT_BUFFER_SIZE = 16 * 1024;
    private static final int LZ4_FLAGS = 0x64;
    private static final int LZ4_BLOCK_CODE = 0x40;
    private static final int LZ4_DESCRIPTOR_HASH = 0xA7;
    private static final int LZ4_FRAME_START = 7;
    private static final int LZ4_STORED = 0x80000000;
    private static final XXHash32 XXHASH = XXHashFactory.safeInstance().hash32();

    private final OutputStream out;
    private final LtxHeader header;
    private final PageCoding coding;
    private final PageOrder order;
    private final int pageSize;
    private final byte[] page;
    private final byte[] frame;
    private final ChunkedBytes index = new ChunkedBytes();
    private final byte[] indexEntry = new byte[3 * LtxLayout.UVARINT_SIZE_MAX];
    private State state;
    private long offset;
    private long crc;
    private long pages;
    private long databaseChecksum = PageChecksum.EMPTY;

    /**
     * Writes the header.
     *
     * @throws LtxFormatException if the header breaks a rule; nothing has been written
     */
    public LtxWriter(OutputStream out, LtxHeader header, PageCoding coding) throws IOException {
        header.validate();
        this.out = new BufferedOutputStream(out, OUTPUT_BUFFER_SIZE);
        this.header = header;
        this.coding = coding;
        this.order = new PageOrder(header);
        this.pageSize = header.pageSize();
        this.page = new byte[pageSize];
        this.frame = new byte[frameSizeMax(pageSize)];
        this.state = State.FAILED;
        byte[] bytes = header.encode();
        write(bytes, 0, bytes.length);
        this.crc = Crc64.of(bytes);
        this.state = State.PAGES;
    }

    /** Writes the header, with pages as LZ4 blocks. */
    public LtxWriter(OutputStream out, LtxHeader header) throws IOException {
        this(out, header, PageCoding.BLOCK);
    }

    /** Writes the header, with pages as LZ4 blocks. */
    public LtxWriter(WritableByteChannel out, LtxHeader header) throws IOException {
        this(Channels.newOutputStream(out), header, PageCoding.BLOCK);
    }

    private static int frameSizeMax(int pageSize) {
        return LtxLayout.PAGE_HEADER_SIZE + LZ4_FRAME_START + 3 * Integer.BYTES + LtxLayout.blockLengthMax(pageSize);
    }

    /** The header. */
    public LtxHeader header() {
        return header;
    }

    /** Bytes of the file so far; after {@link #finish} its size. */
    public long size() {
        return offset;
    }

    /**
     * Writes a page from a buffer, heap or direct.
     *
     * @param position the absolute offset of the page in the buffer; the buffer's own position is not used or changed
     * @throws LtxFormatException if this page may not come next
     */
    public void writePage(int pgno, ByteBuffer buffer, int position) throws IOException {
        Objects.checkFromIndexSize(position, pageSize, buffer.limit());
        buffer.get(position, page, 0, pageSize);
        writePage(pgno, page, 0);
    }

    /**
     * Writes a page.
     *
     * @param from where the page starts in the array
     * @throws LtxFormatException if this page may not come next
     */
    public void writePage(int pgno, byte[] bytes, int from) throws IOException {
        Objects.checkFromIndexSize(from, pageSize, bytes.length);
        expectPages();
        order.next(pgno, offset);
        int length = coding == PageCoding.BLOCK ? encodeBlock(bytes, from) : encodeFrame(bytes, from);
        writeFrame(pgno, length, bytes, from);
    }

    /**
     * Writes a page with a payload that someone else compressed.
     *
     * @param payload what follows the page header and, for a block, its length
     */
    void writePage(int pgno, byte[] bytes, byte[] payload) throws IOException {
        expectPages();
        order.next(pgno, offset);
        int start = payloadStart();
        if (payload.length > frame.length - start) {
            throw new IllegalArgumentException("payload of " + payload.length + " bytes for a page of " + pageSize);
        }
        System.arraycopy(payload, 0, frame, start, payload.length);
        writeFrame(pgno, start + payload.length, bytes, 0);
    }

    private int payloadStart() {
        return coding == PageCoding.BLOCK
                ? LtxLayout.PAGE_HEADER_SIZE + LtxLayout.BLOCK_LENGTH_SIZE
                : LtxLayout.PAGE_HEADER_SIZE;
    }

    private int encodeBlock(byte[] bytes, int from) {
        int start = payloadStart();
        return start + Lz4.FASTEST.compress(bytes, from, pageSize, frame, start);
    }

    /** One LZ4 frame with one block, stored where compression does not make it shorter: readers take no longer ones. */
    private int encodeFrame(byte[] bytes, int from) {
        int at = payloadStart();
        LtxLayout.putIntLittleEndian(frame, at, Lz4FrameReader.MAGIC);
        frame[at + 4] = LZ4_FLAGS;
        frame[at + 5] = LZ4_BLOCK_CODE;
        frame[at + 6] = (byte) LZ4_DESCRIPTOR_HASH;
        at += LZ4_FRAME_START;
        int block = at + Integer.BYTES;
        int length = Lz4.FASTEST.compress(bytes, from, pageSize, frame, block);
        if (length < pageSize) {
            LtxLayout.putIntLittleEndian(frame, at, length);
        } else {
            length = pageSize;
            LtxLayout.putIntLittleEndian(frame, at, length | LZ4_STORED);
            System.arraycopy(bytes, from, frame, block, length);
        }
        at = block + length;
        LtxLayout.putIntLittleEndian(frame, at, 0);
        LtxLayout.putIntLittleEndian(frame, at + Integer.BYTES, XXHASH.hash(bytes, from, pageSize, 0));
        return at + 2 * Integer.BYTES;
    }

    private void writeFrame(int pgno, int length, byte[] bytes, int from) throws IOException {
        state = State.FAILED;
        int start = payloadStart();
        LtxLayout.putInt(frame, 0, pgno);
        LtxLayout.putShort(
                frame, LtxLayout.PAGE_FLAGS_OFFSET, coding == PageCoding.BLOCK ? LtxLayout.PAGE_FLAG_BLOCK : 0);
        if (coding == PageCoding.BLOCK) {
            LtxLayout.putInt(frame, LtxLayout.PAGE_HEADER_SIZE, length - start);
        }
        crc = Crc64.update(crc, frame, 0, start);
        crc = Crc64.update(crc, bytes, from, pageSize);
        if (isWholeAndChecksummed()) {
            databaseChecksum = PageChecksum.toggle(databaseChecksum, PageChecksum.of(pgno, bytes, from, pageSize));
        }
        int end = LtxLayout.putUvarint(indexEntry, 0, Integer.toUnsignedLong(pgno));
        end = LtxLayout.putUvarint(indexEntry, end, offset);
        end = LtxLayout.putUvarint(indexEntry, end, length);
        index.append(indexEntry, end);
        write(frame, 0, length);
        pages++;
        state = State.PAGES;
    }

    /**
     * Writes index and trailer and flushes.
     *
     * @param postApplyChecksum the database checksum after the last transaction; 0 in a file without checksums
     * @throws LtxFormatException if a page of a snapshot is missing or the checksum cannot be right; the output is
     *     useless then
     */
    public LtxSummary finish(long postApplyChecksum) throws IOException {
        expectPages();
        state = State.FAILED;
        order.end(offset);
        long indexSize = index.size() + 1;
        long trailerOffset = offset + LtxLayout.PAGE_HEADER_SIZE + indexSize + LtxLayout.INDEX_SIZE_SIZE;
        validate(postApplyChecksum, trailerOffset);
        hashAndWrite(new byte[LtxLayout.PAGE_HEADER_SIZE], LtxLayout.PAGE_HEADER_SIZE);
        index.forEach(this::hashAndWrite);
        byte[] end = new byte[1 + LtxLayout.INDEX_SIZE_SIZE];
        LtxLayout.putLong(end, 1, indexSize);
        hashAndWrite(end, end.length);
        byte[] postApply = new byte[Long.BYTES];
        LtxLayout.putLong(postApply, 0, postApplyChecksum);
        LtxTrailer trailer = new LtxTrailer(
                postApplyChecksum, PageChecksum.FLAG | Crc64.update(crc, postApply, 0, postApply.length));
        write(trailer.encode(), 0, LtxTrailer.SIZE);
        out.flush();
        state = State.FINISHED;
        LtxGeneration generation = coding == PageCoding.BLOCK ? LtxGeneration.V3_BLOCK : LtxGeneration.V3_FRAME;
        return new LtxSummary(generation, header, trailer, pages, offset);
    }

    /**
     * Finishes a snapshot or a file without checksums, whose post-apply checksum is known here.
     *
     * @throws IllegalStateException for a delta with checksums
     */
    public LtxSummary finish() throws IOException {
        if (header.hasChecksums() && !header.isSnapshot()) {
            throw new IllegalStateException("the post-apply checksum of a delta must be given");
        }
        return finish(header.hasChecksums() ? databaseChecksum : 0);
    }

    private void validate(long postApply, long trailerOffset) throws LtxFormatException {
        LtxTrailer.validatePostApply(header, postApply, trailerOffset);
        if (!header.hasChecksums() && header.isDeletion()) {
            throw new LtxFormatException(
                    LtxError.POST_APPLY_NOT_EMPTY, trailerOffset, "a deletion cannot be written without checksums");
        }
        if (isWholeAndChecksummed() && postApply != databaseChecksum) {
            throw new LtxFormatException(
                    LtxError.POST_APPLY_MISMATCH,
                    trailerOffset,
                    "post-apply checksum " + PageChecksum.format(postApply) + ", the pages have "
                            + PageChecksum.format(databaseChecksum));
        }
    }

    private boolean isWholeAndChecksummed() {
        return header.isSnapshot() && header.hasChecksums();
    }

    private void hashAndWrite(byte[] bytes, int length) throws IOException {
        crc = Crc64.update(crc, bytes, 0, length);
        write(bytes, 0, length);
    }

    private void write(byte[] bytes, int from, int length) throws IOException {
        out.write(bytes, from, length);
        offset += length;
    }

    private void expectPages() {
        if (state != State.PAGES) {
            throw new IllegalStateException(
                    "the LTX writer is " + state + ", no page can be written and nothing finished");
        }
    }
}
