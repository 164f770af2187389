package io.ltxfs.ltx;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Reads an LTX file of any generation from front to back: {@link #header}, then pages by {@link #nextPage} until it
 * returns 0, then {@link #finish}, which checks index, trailer and checksums. What the pages say must not be relied
 * on before {@code finish} returned; a file that is cut off between two pages is found out as such, and never looks
 * like a shorter file.
 *
 * <p>Strict: whatever the format forbids is refused with an {@link LtxFormatException}. The memory used is a few
 * buffers of a page's size (for the compressed files of the first generation: of the LZ4 frame's block size, at most
 * 4 MiB), whatever the file says.
 *
 * <p>Not for use by several threads at once.
 */
public final class LtxReader implements Closeable {
    private enum State {
        PAGES,
        END_OF_PAGES,
        FINISHED,
        FAILED
    }

    private final InputStream in;
    private final ByteSource source;
    private final ByteSource pageSource;
    private final PageFrameReader frames;
    private final LtxGeneration generation;
    private final LtxHeader header;
    private final PageOrder order;
    private final IndexFingerprint seen = new IndexFingerprint();
    private State state = State.PAGES;
    private long databaseChecksum = PageChecksum.EMPTY;
    private @Nullable LtxSummary summary;

    private LtxReader(InputStream in, long size, @Nullable LtxGeneration known) throws IOException {
        this.in = in;
        this.source = new ByteSource(in, 0);
        byte[] bytes = new byte[LtxHeader.SIZE];
        source.readFully(bytes, 0, bytes.length, "header");
        this.header = LtxHeader.parse(bytes);
        header.validate(LtxLayout.FLAG_NO_CHECKSUM | LtxLayout.FLAG_V1_LZ4);
        this.generation = known != null ? known : GenerationDetector.detect(header, source, size);
        if (generation != LtxGeneration.V1_LZ4) {
            header.validate();
        }
        this.pageSource =
                generation == LtxGeneration.V1_LZ4 ? new ByteSource(new Lz4FrameStream(source), source) : source;
        this.frames = new PageFrameReader(generation, header.pageSize(), pageSource, Crc64.of(bytes));
        this.order = new PageOrder(header);
    }

    /**
     * Reads the header.
     *
     * @throws LtxFormatException if it breaks a rule
     */
    public static LtxReader open(InputStream in) throws IOException {
        return new LtxReader(in, -1, null);
    }

    /**
     * Reads the header.
     *
     * @param size the size of the whole file in bytes, which helps to recognise the oldest generation
     */
    public static LtxReader open(InputStream in, long size) throws IOException {
        return new LtxReader(in, size, null);
    }

    /** Reads the header of a file whose generation the caller knows. */
    public static LtxReader open(InputStream in, LtxGeneration generation) throws IOException {
        return new LtxReader(in, -1, generation);
    }

    /** Opens a file and reads its header. */
    public static LtxReader open(Path file) throws IOException {
        InputStream in = Files.newInputStream(file);
        try {
            return open(in, Files.size(file));
        } catch (IOException | RuntimeException e) {
            in.close();
            throw e;
        }
    }

    /**
     * Reads a file whole.
     *
     * @throws LtxFormatException if anything in it is wrong
     */
    public static LtxSummary verify(InputStream in) throws IOException {
        return open(in).drain();
    }

    /**
     * Reads a file whole.
     *
     * @throws LtxFormatException if anything in it is wrong
     */
    public static LtxSummary verify(Path file) throws IOException {
        try (LtxReader reader = open(file)) {
            return reader.drain();
        }
    }

    /** The header. Its rules hold. */
    public LtxHeader header() {
        return header;
    }

    /** The generation that the file was found to be. */
    public LtxGeneration generation() {
        return generation;
    }

    /** The offset in the file up to which it was read, in bytes. */
    public long offset() {
        return source.offset();
    }

    /**
     * Reads the next page.
     *
     * @param page where to put it, at least one page long
     * @return the page's number (unsigned), or 0 at the end of the pages
     */
    public int nextPage(byte[] page) throws IOException {
        if (state == State.END_OF_PAGES) {
            return 0;
        }
        expect(State.PAGES);
        if (page.length < header.pageSize()) {
            throw new IllegalArgumentException("buffer of " + page.length + " bytes for pages of " + header.pageSize());
        }
        state = State.FAILED;
        long at = pageSource.offset();
        int pgno = frames.readHeader();
        if (pgno == 0) {
            order.end(at);
            endOfPages();
            state = State.END_OF_PAGES;
            return 0;
        }
        order.next(pgno, at);
        frames.readPage(page);
        seen.add(Integer.toUnsignedLong(pgno), at, pageSource.offset() - at);
        if (isWholeAndChecksummed()) {
            databaseChecksum = PageChecksum.toggle(databaseChecksum, PageChecksum.of(pgno, page, 0, header.pageSize()));
        }
        state = State.PAGES;
        return pgno;
    }

    private void endOfPages() throws IOException {
        if (generation == LtxGeneration.V1_LZ4 && pageSource.read() >= 0) {
            throw new LtxFormatException(
                    LtxError.TRAILING_DATA, source.offset(), "data behind the end of the pages in the LZ4 frame");
        }
    }

    /**
     * Reads index and trailer and checks them against what was read before. Must be called after {@link #nextPage}
     * returned 0.
     *
     * @throws LtxFormatException if anything in the file is wrong
     */
    public LtxSummary finish() throws IOException {
        if (summary != null) {
            return summary;
        }
        expect(State.END_OF_PAGES);
        state = State.FAILED;
        long crc = generation.hasIndex() ? readIndex(frames.crc()) : frames.crc();
        long at = source.offset();
        byte[] bytes = new byte[LtxTrailer.SIZE];
        source.readFully(bytes, 0, bytes.length, "trailer");
        LtxTrailer trailer = LtxTrailer.decode(bytes);
        long size = source.offset();
        if (source.read() >= 0) {
            throw new LtxFormatException(LtxError.TRAILING_DATA, size, "data behind the trailer");
        }
        checkTrailer(trailer, at, PageChecksum.FLAG | Crc64.update(crc, bytes, 0, Long.BYTES));
        summary = new LtxSummary(generation, header, trailer, seen.entries(), size);
        state = State.FINISHED;
        return summary;
    }

    /** Reads the pages that are left, and finishes. */
    public LtxSummary drain() throws IOException {
        if (state == State.PAGES) {
            byte[] page = new byte[header.pageSize()];
            while (nextPage(page) != 0) {
                // Only the checks matter.
            }
        }
        return finish();
    }

    private long readIndex(long crc) throws IOException {
        long start = source.offset();
        PageIndexReader index = new PageIndexReader(source, crc);
        IndexFingerprint listed = new IndexFingerprint();
        while (index.next()) {
            listed.add(index.pgno(), index.offset(), index.size());
            if (listed.entries() > seen.entries()) {
                throw new LtxFormatException(
                        LtxError.INDEX_MISMATCH,
                        start,
                        "the page index lists more than the " + seen.entries() + " pages there are");
            }
        }
        if (listed.entries() < seen.entries()) {
            throw new LtxFormatException(
                    LtxError.INDEX_MISMATCH,
                    start,
                    "the page index lists " + listed.entries() + " of " + seen.entries() + " pages");
        }
        if (!listed.matches(seen)) {
            throw new LtxFormatException(
                    LtxError.INDEX_MISMATCH, start, "the page index lists other pages or places than there are");
        }
        index.readSize();
        return index.crc();
    }

    private void checkTrailer(LtxTrailer trailer, long at, long computed) throws LtxFormatException {
        if (trailer.fileChecksum() != computed) {
            throw new LtxFormatException(
                    LtxError.FILE_CHECKSUM,
                    at + LtxLayout.FILE_CHECKSUM_OFFSET,
                    "file checksum " + PageChecksum.format(trailer.fileChecksum()) + ", the content has "
                            + PageChecksum.format(computed));
        }
        long postApply = trailer.postApplyChecksum();
        // A deletion without checksums cannot be written but is read: it says nothing wrong.
        LtxTrailer.validatePostApply(header, postApply, at);
        if (isWholeAndChecksummed() && postApply != databaseChecksum) {
            throw new LtxFormatException(
                    LtxError.POST_APPLY_MISMATCH,
                    at,
                    "post-apply checksum " + PageChecksum.format(postApply) + ", the pages have "
                            + PageChecksum.format(databaseChecksum));
        }
    }

    private boolean isWholeAndChecksummed() {
        return header.isSnapshot() && header.hasChecksums();
    }

    private void expect(State expected) {
        if (state != expected) {
            throw new IllegalStateException("the LTX reader is at " + state + ", the call needs " + expected);
        }
    }

    /** Closes the input. */
    @Override
    public void close() throws IOException {
        in.close();
    }
}
