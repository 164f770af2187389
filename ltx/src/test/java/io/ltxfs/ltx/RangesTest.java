package io.ltxfs.ltx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Reading a file by its ends, its index entry by entry, and its frames from buffers. */
final class RangesTest {
    @Test
    void crcsOfPartsMakeTheCrcOfTheWhole() {
        Random random = new Random(2);
        for (int round = 0; round < 200; round++) {
            byte[] bytes = new byte[random.nextInt(3000)];
            random.nextBytes(bytes);
            int split = random.nextInt(bytes.length + 1);
            long first = Crc64.update(0, bytes, 0, split);
            long second = Crc64.update(0, bytes, split, bytes.length - split);
            assertEquals(Crc64.of(bytes), Crc64.append(first, second, bytes.length - split));
            assertEquals(Crc64.of(bytes), new Crc64Appender(bytes.length - split).append(first, second));
        }
    }

    @ParameterizedTest
    @EnumSource(PageCoding.class)
    void everyPageAndTheFileChecksumComeOutOfTheParts(PageCoding coding) throws IOException {
        Random random = new Random(3);
        for (int pageSize : new int[] {512, 4096, 65536}) {
            byte[] file = file(random, pageSize, 40, coding);
            byte[] tail = Arrays.copyOfRange(file, file.length - LtxEnds.TAIL_BYTES, file.length);
            LtxEnds ends = LtxEnds.parse(file.length, Arrays.copyOf(file, LtxEnds.HEAD_BYTES), tail);
            LtxIndexReader whole = new LtxIndexReader(RangeSource.of(file));
            assertEquals(whole.header(), ends.header());
            assertEquals(whole.trailer(), ends.trailer());
            LtxFrameDecoder decoder = new LtxFrameDecoder(ends.generation(), pageSize);
            ByteBuffer from = ByteBuffer.allocateDirect(file.length).put(file);
            ByteBuffer to = ByteBuffer.allocateDirect(pageSize + 7);
            LtxIndexCursor index = index(ends, file);
            Crc64Appender pages = new Crc64Appender(pageSize);
            byte[] expected = new byte[pageSize];
            byte[] page = new byte[pageSize];
            long crc = 0;
            long crcBytes = 0;
            int i = 0;
            while (index.next()) {
                assertEquals(whole.index().pgno(i), index.pgno());
                int header = decoder.decode(
                        from, (int) index.offset(), index.size(), (int) index.pgno(), index.offset(), to, 7);
                whole.readPage(i++, expected);
                to.get(7, page);
                assertArrayEquals(expected, page);
                crc = Crc64.update(crc, file, (int) index.offset(), header);
                crc = pages.append(crc, Crc64.of(page));
                crcBytes += header + pageSize;
            }
            assertEquals(whole.index().count(), i);
            assertTrue(ends.hasFileChecksum(ends.crc(crc, crcBytes, index.crc())));
            assertFalse(ends.hasFileChecksum(ends.crc(crc ^ 1, crcBytes, index.crc())));
        }
    }

    @Test
    void wrongIndexesAndFramesAreRefused() throws IOException {
        for (String name : new String[] {"index-size-wrong", "index-offset-wrong", "index-empty", "index-unsorted"}) {
            byte[] file = Golden.bytes(Golden.INVALID.resolve(name + ".ltx"));
            LtxFormatException refusal = assertThrows(LtxFormatException.class, () -> drain(file), name);
            assertEquals(LtxError.INDEX_MISMATCH, refusal.error(), name);
        }
        byte[] file = Golden.bytes(Golden.DIR.resolve("ps512/0000000000000003-0000000000000003.ltx"));
        LtxFrameDecoder decoder = new LtxFrameDecoder(LtxGeneration.V3_BLOCK, 512);
        ByteBuffer from = ByteBuffer.wrap(file);
        ByteBuffer to = ByteBuffer.allocate(512);
        decoder.decode(from, 100, 194, 1, 100, to, 0);
        assertRefused(LtxError.INDEX_MISMATCH, () -> decoder.decode(from, 100, 194, 2, 100, to, 0));
        assertRefused(LtxError.INDEX_MISMATCH, () -> decoder.decode(from, 100, 193, 1, 100, to, 0));
        file[100 + 20] ^= (byte) 0xff;
        file[100 + 10] = (byte) 0xff;
        assertThrows(LtxFormatException.class, () -> decoder.decode(from, 100, 194, 1, 100, to, 0));
        file[100 + 5] = 4;
        assertRefused(LtxError.BAD_PAGE_FLAGS, () -> decoder.decode(from, 100, 194, 1, 100, to, 0));
    }

    private static void assertRefused(LtxError error, org.junit.jupiter.api.function.Executable call) {
        assertEquals(error, assertThrows(LtxFormatException.class, call).error());
    }

    private static void drain(byte[] file) throws IOException {
        LtxEnds ends = LtxEnds.parse(file.length, file, file);
        LtxIndexCursor index = index(ends, file);
        while (index.next()) {
            // Only the checks matter.
        }
    }

    private static LtxIndexCursor index(LtxEnds ends, byte[] file) {
        return ends.index(new ByteArrayInputStream(file, (int) ends.indexStart(), (int) ends.indexSize()));
    }

    private static byte[] file(Random random, int pageSize, int pages, PageCoding coding) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        LtxHeader header = LtxHeader.delta(pageSize, 2 * pages, 5, 9, 1, PageChecksum.FLAG | 3);
        LtxWriter writer = new LtxWriter(out, header, coding);
        byte[] page = new byte[pageSize];
        for (int i = 0; i < pages; i++) {
            random.nextBytes(page);
            if (random.nextBoolean()) {
                Arrays.fill(page, pageSize / 8, pageSize, (byte) i);
            }
            writer.writePage(1 + 2 * i - (i % 3 == 1 ? 1 : 0), page, 0);
        }
        writer.finish(PageChecksum.FLAG | 7);
        return out.toByteArray();
    }
}
