package io.ltxfs.ltx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Seeded damage to every file there is: cut, bits turned, bytes and fields overwritten, pieces moved. */
final class MutationTest {
    private static final int[] TELLING = {0, 1, 0x7f, 0x80, 0xff};

    private static final List<byte[]> FILES = Stream.of(Golden.DIR, Golden.EXAMPLES)
            .flatMap(dir -> Golden.filesBelow(dir).stream())
            .map(Golden::bytes)
            .toList();

    @Test
    void damagedFilesAreReadOrRefused() {
        Random random = new Random(20);
        for (int round = 0; round < 20_000; round++) {
            byte[] file = damage(FILES.get(random.nextInt(FILES.size())), random);
            FuzzTargets.run(file, FuzzTargets::read);
            FuzzTargets.run(file, FuzzTargets::readRepaired);
            FuzzTargets.run(file, FuzzTargets::readByIndex);
            byte[] other = FILES.get(random.nextInt(FILES.size()));
            FuzzTargets.run(FuzzTargets.join(file, other), FuzzTargets::compact);
        }
    }

    /** No prefix of a file is a file. */
    @Test
    void everyPrefixIsRefused() {
        for (Path path : Golden.files()) {
            byte[] file = Golden.bytes(path);
            for (int length = 0; length < file.length; length += file.length > 3000 ? 7 : 1) {
                byte[] prefix = Arrays.copyOf(file, length);
                assertThrows(
                        LtxFormatException.class,
                        () -> LtxReader.verify(new ByteArrayInputStream(prefix)),
                        () -> path + " cut to " + prefix.length);
            }
        }
    }

    /**
     * Any turned bit that the file checksum covers is found; the LZ4 payload and the reserved bytes' meaning apart,
     * that is all.
     */
    @Test
    void everyTurnedBitIsRefusedOrWithoutEffect() throws IOException {
        byte[] file = Golden.bytes(Golden.DIR.resolve("ps512/0000000000000003-0000000000000003.ltx"));
        LtxSummary right = LtxReader.verify(new ByteArrayInputStream(file));
        for (int bit = 0; bit < 8 * file.length; bit++) {
            byte[] damaged = file.clone();
            damaged[bit / 8] ^= (byte) (1 << bit % 8);
            try {
                // What is left are payload bits that decode to the same page, such as an unused bit of a last token.
                assertEquals(right, LtxReader.verify(new ByteArrayInputStream(damaged)), "bit " + bit);
            } catch (LtxFormatException e) {
                // As it should be.
            }
        }
    }

    private static byte[] damage(byte[] original, Random random) {
        byte[] file = original.clone();
        for (int i = random.nextInt(4); i >= 0 && file.length > 0; i--) {
            int at = random.nextInt(random.nextBoolean() ? file.length : Math.min(file.length, 140));
            switch (random.nextInt(6)) {
                case 0 -> file[at] ^= (byte) (1 << random.nextInt(8));
                case 1 -> file[at] = (byte) TELLING[random.nextInt(TELLING.length)];
                case 2 -> file = Arrays.copyOf(file, random.nextInt(file.length + 20));
                case 3 -> {
                    int length = Math.min(8, file.length - at);
                    Arrays.fill(file, at, at + length, (byte) TELLING[random.nextInt(TELLING.length)]);
                }
                case 4 -> {
                    int from = random.nextInt(file.length);
                    int length = Math.min(random.nextInt(40), file.length - Math.max(at, from));
                    System.arraycopy(file, from, file, at, length);
                }
                default -> file[at] = (byte) random.nextInt();
            }
        }
        return file;
    }
}
