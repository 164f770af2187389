package io.ltxfs.ltx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import net.jpountz.lz4.LZ4Factory;
import net.jpountz.lz4.LZ4FrameInputStream;
import net.jpountz.lz4.LZ4FrameOutputStream;
import net.jpountz.lz4.LZ4FrameOutputStream.BLOCKSIZE;
import net.jpountz.lz4.LZ4FrameOutputStream.FLG.Bits;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

final class Lz4Test {
    /** Native code where it loads, Java where it does not: both must do. */
    static List<LZ4Factory> factories() {
        return List.of(LZ4Factory.fastestInstance(), LZ4Factory.fastestJavaInstance(), LZ4Factory.safeInstance());
    }

    @ParameterizedTest
    @MethodSource("factories")
    void decodesTheReferencesZeroPage(LZ4Factory factory) throws LtxFormatException {
        byte[] block = HexFormat.of().parseHex("1f000100ffda000200000200b00000000000000000000000");
        byte[] page = new byte[512];
        Arrays.fill(page, (byte) 1);
        assertEquals(24, block.length);
        assertEquals(512, new Lz4(factory).decode(block, 24, page, 0, 512, LtxError.LZ4_TOO_LONG, 0));
        assertArrayEquals(new byte[512], page);
    }

    @ParameterizedTest
    @MethodSource("factories")
    void roundTripsWhateverIsCompressed(LZ4Factory factory) throws LtxFormatException {
        Lz4 lz4 = new Lz4(factory);
        Random random = new Random(7);
        for (int round = 0; round < 400; round++) {
            byte[] page = page(random, 512 << random.nextInt(4));
            byte[] block = new byte[LtxLayout.blockLengthMax(page.length)];
            int length = lz4.compress(page, 0, page.length, block, 0);
            assertTrue(length <= block.length);
            byte[] back = new byte[page.length];
            for (LZ4Factory other : factories()) {
                Arrays.fill(back, (byte) 0x55);
                assertEquals(
                        page.length,
                        new Lz4(other).decode(block, length, back, 0, page.length, LtxError.LZ4_TOO_LONG, 0));
                assertArrayEquals(page, back);
            }
        }
    }

    /** On damaged blocks every decoder gives the same verdict, the same bytes, and stays within its bounds. */
    @Test
    void damagedBlocksHaveOneVerdict() {
        Random random = new Random(8);
        int refused = 0;
        for (int round = 0; round < 4000; round++) {
            byte[] page = page(random, 512);
            byte[] block = new byte[LtxLayout.blockLengthMax(512)];
            int length = Lz4.FASTEST.compress(page, 0, 512, block, 0);
            for (int i = random.nextInt(4); i >= 0; i--) {
                block[random.nextInt(length)] = (byte) random.nextInt();
            }
            if (random.nextInt(3) == 0) {
                length = random.nextInt(length + 1);
            }
            String first = verdict(new Lz4(LZ4Factory.fastestInstance()), block, length);
            assertEquals(first, verdict(new Lz4(LZ4Factory.safeInstance()), block, length));
            assertEquals(first, verdict(new Lz4(LZ4Factory.fastestJavaInstance()), block, length));
            refused += first.contains(" at byte ") ? 1 : 0;
        }
        assertTrue(refused > 1000, refused + " refused");
    }

    private static String verdict(Lz4 lz4, byte[] block, int length) {
        byte[] out = new byte[640];
        Arrays.fill(out, (byte) 0x55);
        String verdict;
        try {
            int produced = lz4.decode(block, length, out, 64, 512, LtxError.LZ4_TOO_LONG, 1000);
            verdict = produced + " " + Arrays.hashCode(Arrays.copyOfRange(out, 64, 64 + produced));
        } catch (LtxFormatException e) {
            verdict = String.valueOf(e.getMessage());
            assertTrue(!verdict.contains("refused by the decoder"), verdict);
        }
        for (int i = 0; i < 64; i++) {
            assertEquals(0x55, out[i]);
            assertEquals(0x55, out[576 + i]);
        }
        return verdict;
    }

    @Test
    void framesOfEveryKindAreRead() throws IOException {
        Random random = new Random(9);
        Bits[][] kinds = {
            {Bits.BLOCK_INDEPENDENCE},
            {Bits.BLOCK_INDEPENDENCE, Bits.CONTENT_CHECKSUM},
            {Bits.BLOCK_INDEPENDENCE, Bits.BLOCK_CHECKSUM},
            {Bits.BLOCK_INDEPENDENCE, Bits.CONTENT_SIZE, Bits.CONTENT_CHECKSUM}
        };
        for (Bits[] kind : kinds) {
            for (BLOCKSIZE size : BLOCKSIZE.values()) {
                byte[] content = page(random, 200_000);
                ByteArrayOutputStream out = new ByteArrayOutputStream();
                try (LZ4FrameOutputStream frame = new LZ4FrameOutputStream(out, size, content.length, kind)) {
                    frame.write(content);
                }
                byte[] bytes = out.toByteArray();
                ByteSource source = new ByteSource(new ByteArrayInputStream(bytes), 0);
                assertArrayEquals(content, new Lz4FrameStream(source).readAllBytes());
                assertEquals(-1, source.read());
                for (int i = 0; i < 60; i++) {
                    byte[] damaged = bytes.clone();
                    int at = i < 12 ? i : random.nextInt(bytes.length);
                    damaged[at] ^= (byte) (1 << random.nextInt(8));
                    assertDamageIsFound(damaged, content, kind.length > 1);
                    assertThrows(LtxFormatException.class, () -> read(Arrays.copyOf(bytes, at)));
                }
            }
        }
    }

    private static void assertDamageIsFound(byte[] damaged, byte[] content, boolean checksummed) throws IOException {
        try {
            byte[] read = read(damaged);
            assertTrue(!checksummed || Arrays.equals(content, read), "damage went unnoticed");
        } catch (LtxFormatException e) {
            // As it should be.
        }
    }

    private static byte[] read(byte[] frame) throws IOException {
        return new Lz4FrameStream(new ByteSource(new ByteArrayInputStream(frame), 0)).readAllBytes();
    }

    /** The frames that we write are read by a decoder that is not ours. */
    @ParameterizedTest
    @ValueSource(ints = {512, 4096, 65536})
    void framesWeWriteAreStandard(int pageSize) throws IOException {
        Random random = new Random(pageSize);
        for (int round = 0; round < 20; round++) {
            byte[] page = page(random, pageSize);
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            LtxWriter writer =
                    new LtxWriter(out, LtxHeader.snapshot(pageSize, 1, 1, 0).withoutChecksums(), PageCoding.FRAME);
            writer.writePage(1, page, 0);
            writer.finish();
            ByteArrayInputStream file = new ByteArrayInputStream(out.toByteArray());
            file.skip(LtxHeader.SIZE + 6);
            byte[] back = new byte[pageSize];
            LZ4FrameInputStream frame = new LZ4FrameInputStream(file, true);
            assertEquals(pageSize, frame.readNBytes(back, 0, pageSize));
            assertEquals(-1, frame.read());
            assertArrayEquals(page, back);
        }
    }

    private static byte[] page(Random random, int size) {
        byte[] page = new byte[size];
        int kind = random.nextInt(4);
        for (int i = 0; i < size && kind > 0; i++) {
            page[i] = (byte) (kind == 1 ? random.nextInt() : kind == 2 ? random.nextInt(3) : i % (1 + size / 37));
        }
        return page;
    }
}
