package io.ltxfs.ltx;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ChecksumTest {
    @Test
    void knownCrcs() {
        assertEquals(0L, Crc64.of(new byte[0]));
        assertEquals(0x3420000000000000L, Crc64.of("a".getBytes(US_ASCII)));
        assertEquals(0xb90956c775a41001L, Crc64.of("123456789".getBytes(US_ASCII)));
        assertEquals(0xacffffffffffffffL, Crc64.of(new byte[8]));
        assertEquals(0xffffffffffffffffL, Crc64.of(filled(8, 0xff)));
        byte[] counting = new byte[256];
        for (int i = 0; i < 256; i++) {
            counting[i] = (byte) i;
        }
        assertEquals(0x89f7eaa7b75c07ddL, Crc64.of(counting));
    }

    @Test
    void knownPageChecksums() {
        assertEquals(0xefb1f44fecd99000L, PageChecksum.of(1, new byte[512], 0, 512));
        assertEquals(0xef63e89fecd99000L, PageChecksum.of(2, new byte[512], 0, 512));
        assertEquals(0xd9328f592d9e733dL, PageChecksum.of(1, ByteBuffer.allocateDirect(4096), 0, 4096));
    }

    /**
     * Against a bit-by-bit CRC, over arrays, heap buffers, read-only buffers and direct buffers, at odd offsets and
     * split anywhere.
     */
    @Test
    void agreesWithBitwiseDefinitionOnAnyBufferAndSplit() {
        Random random = new Random(1);
        for (int round = 0; round < 300; round++) {
            byte[] bytes = new byte[random.nextInt(1500)];
            random.nextBytes(bytes);
            int from = bytes.length == 0 ? 0 : random.nextInt(bytes.length);
            int length = random.nextInt(bytes.length - from + 1);
            int split = random.nextInt(length + 1);
            long expected = bitwise(bytes, from, length);
            assertEquals(expected, Crc64.update(0, bytes, from, length));
            ByteBuffer direct = ByteBuffer.allocateDirect(bytes.length).put(bytes);
            ByteBuffer sliced =
                    ByteBuffer.allocate(bytes.length + 3).position(3).slice().put(bytes);
            for (ByteBuffer buffer : new ByteBuffer[] {
                ByteBuffer.wrap(bytes), ByteBuffer.wrap(bytes).asReadOnlyBuffer(), direct, sliced
            }) {
                int position = buffer.position();
                long first = Crc64.update(0, buffer, from, split);
                assertEquals(expected, Crc64.update(first, buffer, from + split, length - split));
                assertEquals(position, buffer.position());
            }
        }
    }

    @Test
    void rangesOutsideAreRefused() {
        assertThrows(IndexOutOfBoundsException.class, () -> Crc64.update(0, new byte[4], 2, 3));
        assertThrows(IndexOutOfBoundsException.class, () -> Crc64.update(0, ByteBuffer.allocateDirect(9), 2, 8));
        assertThrows(
                IndexOutOfBoundsException.class,
                () -> Crc64.update(0, ByteBuffer.allocate(9).limit(5), 0, 8));
    }

    @Test
    void databaseChecksumIsKeptUpToDateInPlace() {
        long one = PageChecksum.of(1, new byte[512], 0, 512);
        long two = PageChecksum.of(2, new byte[512], 0, 512);
        long twoAfter = PageChecksum.of(2, filled(512, 7), 0, 512);
        long both = PageChecksum.toggle(PageChecksum.toggle(PageChecksum.EMPTY, one), two);
        assertEquals(PageChecksum.FLAG | (one ^ two), both);
        assertEquals(PageChecksum.FLAG | (one ^ twoAfter), PageChecksum.replace(both, two, twoAfter));
        assertEquals(one, PageChecksum.replace(both, two, 0));
        assertEquals(PageChecksum.EMPTY, PageChecksum.toggle(one, one));
    }

    @ParameterizedTest
    @CsvSource({
        "512,2097153",
        "1024,1048577",
        "2048,524289",
        "4096,262145",
        "8192,131073",
        "16384,65537",
        "32768,32769",
        "65536,16385"
    })
    void lockPages(int pageSize, int pgno) {
        assertEquals(pgno, LockPage.pgno(pageSize));
    }

    private static byte[] filled(int length, int value) {
        byte[] bytes = new byte[length];
        Arrays.fill(bytes, (byte) value);
        return bytes;
    }

    private static long bitwise(byte[] bytes, int from, int length) {
        long crc = -1;
        for (int i = from; i < from + length; i++) {
            crc ^= bytes[i] & 0xff;
            for (int bit = 0; bit < 8; bit++) {
                crc = (crc & 1) != 0 ? crc >>> 1 ^ 0xD800000000000000L : crc >>> 1;
            }
        }
        return ~crc;
    }
}
