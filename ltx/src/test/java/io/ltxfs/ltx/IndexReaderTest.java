package io.ltxfs.ltx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class IndexReaderTest {
    private static LtxIndexReader open(byte[] file) throws IOException {
        return new LtxIndexReader(RangeSource.of(file));
    }

    /** What the format's description works out by hand. */
    @Test
    void workedExample() throws IOException {
        LtxPageIndex index = open(Golden.bytes(Golden.DIR.resolve("ps512/0000000000000003-0000000000000003.ltx")))
                .index();
        List<String> entries = new ArrayList<>();
        for (int i = 0; i < index.count(); i++) {
            entries.add(index.pgno(i) + " " + index.offset(i) + " " + index.size(i));
        }
        assertEquals(List.of("1 100 194", "4 294 128", "15 422 136", "16 558 110"), entries);
        assertEquals(2, index.find(15));
        assertThrows(IndexOutOfBoundsException.class, () -> index.pgno(4));
    }

    @ParameterizedTest
    @ValueSource(strings = {"v1-delta", "v1-snapshot", "v1-lz4-delta", "v1-lz4-snapshot"})
    void theOldestGenerationHasNone(String name) {
        byte[] file = Golden.bytes(Golden.DIR.resolve("legacy").resolve(name + ".ltx"));
        assertEquals(LtxError.INDEX_ABSENT, refusal(file).error());
    }

    @Test
    void wrongIndexesAreRefused() throws IOException {
        // A wrong size leads a reader from the tail to a wrong start.
        assertEquals(
                LtxError.INDEX_MISMATCH, refusal(invalid("index-size-wrong")).error());
        assertEquals(
                LtxError.INDEX_MISMATCH, refusal(invalid("index-offset-wrong")).error());
        assertEquals(LtxError.INDEX_MISMATCH, refusal(invalid("index-empty")).error());
        assertEquals(
                LtxError.INDEX_VARINT_OVERFLOW,
                refusal(invalid("index-overflow")).error());
        assertEquals(LtxError.TRUNCATED, refusal(invalid("header-50")).error());
        assertNotNull(open(invalid("index-padded-varint")));
        LtxPageIndex sorted = open(invalid("index-unsorted")).index();
        assertEquals(1, sorted.pgno(0));
        assertEquals(2, sorted.pgno(1));
    }

    /** An index that fits in every way but names a page that the frame does not hold. */
    @Test
    void frameOfAnotherPageIsRefused() throws IOException {
        byte[] file = Golden.bytes(Golden.DIR.resolve("ps512/0000000000000003-0000000000000003.ltx"));
        assertEquals(4, file[0x2a6]);
        file[0x2a6] = 5;
        LtxIndexReader reader = open(file);
        byte[] page = new byte[512];
        reader.readPage(0, page);
        LtxFormatException refusal = assertThrows(LtxFormatException.class, () -> reader.readPage(1, page));
        assertEquals(LtxError.INDEX_MISMATCH, refusal.error());
        assertEquals(294, refusal.offset());
        byte[] frame = RangeSource.of(file).read(294, 129);
        assertThrows(LtxFormatException.class, () -> reader.decodePage(0, frame, page));
    }

    private static byte[] invalid(String name) {
        return Golden.bytes(Golden.INVALID.resolve(name + ".ltx"));
    }

    private static LtxFormatException refusal(byte[] file) {
        return assertThrows(LtxFormatException.class, () -> open(file));
    }

    /** Cut anywhere, or with any bit turned: an error with a name, or pages of the right length; nothing else. */
    @Test
    void damageIsAnErrorWithAName() throws IOException {
        History history = History.of(11, 5);
        byte[] file = history.files.get(5);
        for (int length = 0; length < file.length; length++) {
            refusal(Arrays.copyOf(file, length));
        }
        Random random = new Random(12);
        int refused = 0;
        for (int round = 0; round < 3000; round++) {
            byte[] damaged = file.clone();
            int at = random.nextInt(4) == 0 ? random.nextInt(file.length) : file.length - 1 - random.nextInt(80);
            damaged[at] ^= (byte) (1 << random.nextInt(8));
            try {
                LtxIndexReader reader = open(damaged);
                byte[] page = new byte[reader.header().pageSize()];
                for (int i = 0; i < reader.index().count(); i++) {
                    reader.readPage(i, page);
                }
            } catch (LtxFormatException e) {
                refused++;
            }
        }
        assertTrue(refused > 500, refused + " refused");
    }

    /** More pages than fit in the first read of the tail. */
    @Test
    void largeIndexIsReadInASecondRange() throws IOException {
        int pages = 20_000;
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        LtxWriter writer =
                new LtxWriter(out, LtxHeader.delta(512, pages, 2, 2, 0, 0).withoutChecksums());
        byte[] page = new byte[512];
        for (int pgno = 1; pgno <= pages; pgno++) {
            LtxLayout.putInt(page, 100, pgno);
            writer.writePage(pgno, page, 0);
        }
        writer.finish();
        byte[] file = out.toByteArray();
        List<Long> reads = new ArrayList<>();
        RangeSource counting = new RangeSource() {
            @Override
            public long size() {
                return file.length;
            }

            @Override
            public byte[] read(long offset, int length) throws IOException {
                reads.add(offset);
                return RangeSource.of(file).read(offset, length);
            }
        };
        LtxIndexReader reader = new LtxIndexReader(counting);
        assertEquals(pages, reader.index().count());
        assertEquals(3, reads.size(), reads + ": header, tail, index");
        reader.readPage(reader.index().find(12_345), page);
        assertEquals(12_345, LtxLayout.getInt(page, 100));
        assertEquals(4, reads.size());
        assertEquals(pages, LtxReader.verify(new ByteArrayInputStream(file)).pages());
    }
}
