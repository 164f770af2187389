package io.ltxfs.ltx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.Random;
import net.jpountz.lz4.LZ4FrameOutputStream;
import net.jpountz.lz4.LZ4FrameOutputStream.BLOCKSIZE;
import net.jpountz.lz4.LZ4FrameOutputStream.FLG.Bits;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Files of the older generations, made here: what their writers did with inputs that the files at hand do not show. */
final class GenerationTest {
    private static final int PAGE_SIZE = 4096;

    /** A file without pages is told by its length alone. */
    @ParameterizedTest
    @EnumSource(
            value = LtxGeneration.class,
            names = {"V1_RAW", "V2", "V3_BLOCK"})
    void filesWithoutPages(LtxGeneration generation) throws IOException {
        byte[] file = write(generation, LtxHeader.delta(PAGE_SIZE, 0, 2, 2, 0, PageChecksum.FLAG | 1), 0);
        assertEquals(
                generation == LtxGeneration.V1_RAW ? 120 : generation == LtxGeneration.V2 ? 129 : 131, file.length);
        assertEquals(
                generation, LtxReader.verify(new ByteArrayInputStream(file)).generation());
        LtxReader sized = LtxReader.open(new ByteArrayInputStream(file), file.length);
        assertEquals(file.length, sized.drain().size());
        for (int length = 0; length < file.length; length++) {
            byte[] cut = Arrays.copyOf(file, length);
            assertThrows(LtxFormatException.class, () -> LtxReader.verify(new ByteArrayInputStream(cut)));
        }
    }

    /** Many blocks, cut anywhere, some of them stored; pages of every kind. */
    @ParameterizedTest
    @EnumSource(LtxGeneration.class)
    void filesWithManyPages(LtxGeneration generation) throws IOException {
        int pages = 100;
        byte[] file = write(generation, LtxHeader.snapshot(PAGE_SIZE, pages, 1, 0), pages);
        LtxReader reader = LtxReader.open(new ByteArrayInputStream(file));
        assertEquals(generation, reader.generation());
        byte[] page = new byte[PAGE_SIZE];
        for (int pgno = 1; pgno <= pages; pgno++) {
            assertEquals(pgno, reader.nextPage(page));
            assertArrayEquals(page(pgno), page);
        }
        assertEquals(0, reader.nextPage(page));
        assertEquals(file.length, reader.finish().size());
    }

    /** The first generation's raw pages look like anything: the size tells, or the caller. */
    @Test
    void rawPagesThatLookLikeNothing() throws IOException {
        byte[] file = write(LtxGeneration.V1_RAW, LtxHeader.delta(PAGE_SIZE, 9, 2, 2, 0, PageChecksum.FLAG | 1), 9);
        Arrays.fill(file, 104, 110, (byte) 0x77);
        assertThrows(
                LtxFormatException.class,
                () -> LtxReader.open(new ByteArrayInputStream(file)).drain());
        LtxFormatException bySize = assertThrows(
                LtxFormatException.class,
                () -> LtxReader.open(new ByteArrayInputStream(file), file.length)
                        .drain());
        assertEquals(LtxError.FILE_CHECKSUM, bySize.error());
        LtxFormatException byCaller = assertThrows(
                LtxFormatException.class,
                () -> LtxReader.open(new ByteArrayInputStream(file), LtxGeneration.V1_RAW)
                        .drain());
        assertEquals(LtxError.FILE_CHECKSUM, byCaller.error());
    }

    @Test
    void pagesBehindTheEndInsideTheFrameAreRefused() throws IOException {
        LtxHeader header = LtxHeader.snapshot(PAGE_SIZE, 1, 1, 0);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(v1Header(header));
        ByteArrayOutputStream pages = new ByteArrayOutputStream();
        pages.write(new byte[] {0, 0, 0, 1});
        pages.write(page(1));
        pages.write(new byte[5]);
        out.write(frame(pages.toByteArray()));
        out.write(new byte[16]);
        LtxFormatException refusal = assertThrows(
                LtxFormatException.class, () -> LtxReader.verify(new ByteArrayInputStream(out.toByteArray())));
        assertEquals(LtxError.TRAILING_DATA, refusal.error());
    }

    private static byte[] page(int pgno) {
        byte[] page = new byte[PAGE_SIZE];
        if (pgno % 3 == 0) {
            new Random(pgno).nextBytes(page);
        } else {
            Arrays.fill(page, 50, 1000 + pgno, (byte) pgno);
        }
        page[0] = 13;
        return page;
    }

    private static byte[] v1Header(LtxHeader header) {
        byte[] bytes = header.encode();
        bytes[LtxLayout.FLAGS_OFFSET + 3] |= LtxLayout.FLAG_V1_LZ4;
        return bytes;
    }

    /** Writes the pages 1 to {@code pages} the way a generation does. */
    private static byte[] write(LtxGeneration generation, LtxHeader header, int pages) throws IOException {
        byte[] start = generation == LtxGeneration.V1_LZ4 ? v1Header(header) : header.encode();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream index = new ByteArrayOutputStream();
        out.write(start);
        long crc = Crc64.of(start);
        long postApply = PageChecksum.EMPTY;
        ByteArrayOutputStream block = generation == LtxGeneration.V1_LZ4 ? new ByteArrayOutputStream() : out;
        for (int pgno = 1; pgno <= pages; pgno++) {
            byte[] page = page(pgno);
            int at = block.size();
            byte[] head = new byte[generation.pageHeaderSize()];
            LtxLayout.putInt(head, 0, pgno);
            byte[] payload = page;
            byte[] length = new byte[0];
            if (generation == LtxGeneration.V2 || generation == LtxGeneration.V3_FRAME) {
                payload = frame(page);
            } else if (generation == LtxGeneration.V3_BLOCK) {
                head[5] = 1;
                byte[] compressed = new byte[LtxLayout.blockLengthMax(PAGE_SIZE)];
                int size = Lz4.FASTEST.compress(page, 0, PAGE_SIZE, compressed, 0);
                payload = Arrays.copyOf(compressed, size);
                length = new byte[4];
                LtxLayout.putInt(length, 0, payload.length);
            }
            block.write(head);
            block.write(length);
            block.write(payload);
            crc = Crc64.update(crc, head, 0, head.length);
            crc = Crc64.update(crc, length, 0, length.length);
            crc = Crc64.update(crc, page, 0, PAGE_SIZE);
            postApply = PageChecksum.toggle(postApply, PageChecksum.of(pgno, page, 0, PAGE_SIZE));
            byte[] entry = new byte[30];
            int end = LtxLayout.putUvarint(entry, 0, pgno);
            end = LtxLayout.putUvarint(entry, end, at);
            end = LtxLayout.putUvarint(entry, end, block.size() - at);
            index.write(entry, 0, end);
        }
        byte[] marker = new byte[generation.pageHeaderSize()];
        block.write(marker);
        crc = Crc64.update(crc, marker, 0, marker.length);
        if (generation == LtxGeneration.V1_LZ4) {
            out.write(frame(block.toByteArray()));
        }
        if (generation.hasIndex()) {
            index.write(0);
            byte[] size = new byte[8];
            LtxLayout.putLong(size, 0, index.size());
            index.write(size);
            out.write(index.toByteArray());
            crc = Crc64.update(crc, index.toByteArray(), 0, index.size());
        }
        byte[] trailer = new LtxTrailer(postApply, 0).encode();
        crc = Crc64.update(crc, trailer, 0, 8);
        out.write(new LtxTrailer(postApply, PageChecksum.FLAG | crc).encode());
        return out.toByteArray();
    }

    private static byte[] frame(byte[] content) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (LZ4FrameOutputStream frame =
                new LZ4FrameOutputStream(out, BLOCKSIZE.SIZE_64KB, Bits.BLOCK_INDEPENDENCE, Bits.CONTENT_CHECKSUM)) {
            frame.write(content);
        }
        return out.toByteArray();
    }
}
