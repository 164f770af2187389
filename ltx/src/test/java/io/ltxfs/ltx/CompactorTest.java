package io.ltxfs.ltx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class CompactorTest {
    private static final LtxCompactor.Options ZEROS =
            new LtxCompactor.Options(PageCoding.BLOCK, true, false, LtxCompactor.Growth.ZERO_MISSING);

    /** The reference made these from the single files; fields and pages are the same, only the compressor differs. */
    @ParameterizedTest
    @CsvSource({
        "ps512,1,5,''",
        "ps512,2,5,''",
        "ps512,2,3,''",
        "ps512,1,5,.nochk",
        "ps4096,1,4,''",
        "ps4096,2,4,''",
        "ps4096,2,3,''",
        "ps4096,1,4,.nochk"
    })
    void agreesWithTheReference(String dir, int from, int to, String kind) throws IOException {
        List<LtxReader> inputs = new ArrayList<>();
        for (int txid = from; txid <= to; txid++) {
            Path file = Golden.DIR.resolve(dir).resolve(name(txid, txid) + kind + ".ltx");
            inputs.add(LtxReader.open(new ByteArrayInputStream(Golden.bytes(file))));
        }
        byte[] ours = compact(inputs, LtxCompactor.Options.DEFAULT);
        byte[] theirs = Golden.bytes(Golden.DIR.resolve(dir).resolve(name(from, to) + ".compacted" + kind + ".ltx"));
        LtxReader left = LtxReader.open(new ByteArrayInputStream(ours));
        LtxReader right = LtxReader.open(new ByteArrayInputStream(theirs));
        assertEquals(right.header(), left.header());
        byte[] leftPage = new byte[left.header().pageSize()];
        byte[] rightPage = new byte[left.header().pageSize()];
        int pgno;
        do {
            pgno = right.nextPage(rightPage);
            assertEquals(pgno, left.nextPage(leftPage));
            assertArrayEquals(rightPage, leftPage);
        } while (pgno != 0);
        assertEquals(
                right.finish().trailer().postApplyChecksum(),
                left.finish().trailer().postApplyChecksum());
    }

    /** Any cut of any history, compacted to any depth, leads where applying it one by one leads. */
    @Test
    void compactionIsSequentialApplication() throws IOException {
        for (long seed = 0; seed < 120; seed++) {
            History history = History.of(seed, 9);
            Random random = new Random(seed);
            for (int round = 0; round < 4; round++) {
                int from = 1 + random.nextInt(history.transactions());
                int to = from + random.nextInt(history.transactions() - from + 1);
                byte[] whole = compact(history, from, to, LtxCompactor.Options.DEFAULT);
                assertLeads(history, whole, from, to, "seed " + seed);
                // In two levels, the way an archive does it.
                int middle = from + random.nextInt(to - from + 1);
                List<LtxReader> halves = new ArrayList<>();
                halves.add(open(compact(history, from, middle, LtxCompactor.Options.DEFAULT)));
                if (middle < to) {
                    halves.add(open(compact(history, middle + 1, to, LtxCompactor.Options.DEFAULT)));
                }
                assertArrayEquals(whole, compact(halves, LtxCompactor.Options.DEFAULT), "seed " + seed);
            }
        }
    }

    /** Writers that leave out pages by which the database grows leave zeros there when applied one by one. */
    @Test
    void missingGrowthIsZerosOrRefused() throws IOException {
        int refused = 0;
        for (long seed = 0; seed < 60; seed++) {
            History history = new History(seed, 8, seed % 2 == 0, false);
            assertLeads(history, compact(history, 1, 8, ZEROS), 1, 8, "seed " + seed);
            try {
                compact(history, 1, 8, LtxCompactor.Options.DEFAULT);
            } catch (LtxFormatException e) {
                assertEquals(LtxError.GROWTH_PAGE_MISSING, e.error());
                refused++;
            }
        }
        assertTrue(refused > 10, refused + " refused");
    }

    /** The reference brings pages 6 and 7 of the snapshot back to life here. */
    @Test
    void shrinkAndGrowDoesNotResurrect() throws IOException {
        byte[] full = new byte[8 * 512];
        Arrays.fill(full, (byte) 1);
        byte[] snapshot = write(LtxHeader.snapshot(512, 8, 1, 0).withoutChecksums(), full, 1, 2, 3, 4, 5, 6, 7, 8);
        byte[] shrink = write(LtxHeader.delta(512, 5, 2, 2, 0, 0).withoutChecksums(), full, 1);
        byte[] grow = write(LtxHeader.delta(512, 8, 3, 3, 0, 0).withoutChecksums(), full, 1, 8);
        LtxFormatException refusal = assertThrows(
                LtxFormatException.class,
                () -> compact(List.of(open(snapshot), open(shrink), open(grow)), LtxCompactor.Options.DEFAULT));
        assertEquals(LtxError.GROWTH_PAGE_MISSING, refusal.error());
        byte[] expected = full.clone();
        Arrays.fill(expected, 5 * 512, 7 * 512, (byte) 0);
        byte[] joined = compact(List.of(open(snapshot), open(shrink), open(grow)), ZEROS);
        assertArrayEquals(expected, decode(joined));
        // As a delta too: the snapshot's pages must not show through where it is applied.
        byte[] delta = compact(List.of(open(shrink), open(grow)), ZEROS);
        assertArrayEquals(expected, decode(compact(List.of(open(snapshot), open(delta)), ZEROS)));
        assertThrows(
                LtxFormatException.class,
                () -> compact(List.of(open(shrink), open(grow)), LtxCompactor.Options.DEFAULT));
    }

    @Test
    void checksumsCanBeLeftOut() throws IOException {
        History history = new History(5, 6, true, true);
        LtxCompactor.Options without =
                new LtxCompactor.Options(PageCoding.FRAME, false, false, LtxCompactor.Growth.REFUSE_MISSING);
        LtxReader reader = open(compact(history, 1, 6, without));
        assertEquals(LtxGeneration.V3_FRAME, reader.generation());
        assertEquals(0, reader.drain().trailer().postApplyChecksum());
        assertFalse(reader.header().hasChecksums());
    }

    @Test
    void inputsMustFitTogether() throws IOException {
        History history = new History(3, 5, false, true);
        assertRefused(LtxError.NO_INPUT, List.of());
        assertRefused(LtxError.NON_CONTIGUOUS, List.of(history.reader(1), history.reader(3)));
        assertRefused(LtxError.NON_CONTIGUOUS, List.of(history.reader(2), history.reader(1)));
        byte[] other = write(LtxHeader.delta(8192, 1, 2, 2, 0, 0).withoutChecksums(), new byte[8192], 1);
        assertRefused(LtxError.PAGE_SIZE_MISMATCH, List.of(history.reader(1), open(other)));
        LtxCompactor.Options gaps =
                new LtxCompactor.Options(PageCoding.BLOCK, true, true, LtxCompactor.Growth.ZERO_MISSING);
        LtxReader joined = open(compact(List.of(history.reader(2), history.reader(4)), gaps));
        assertEquals(2, joined.header().minTxid());
        assertEquals(4, joined.drain().header().maxTxid());
    }

    @Test
    void damagedInputSpoilsTheOutput() throws IOException {
        History history = new History(4, 4, true, true);
        byte[] damaged = history.files.get(2).clone();
        damaged[damaged.length - 1] ^= 1;
        assertRefused(LtxError.FILE_CHECKSUM, List.of(history.reader(1), open(damaged), history.reader(3)));
    }

    private static void assertRefused(LtxError error, List<LtxReader> inputs) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        LtxFormatException refusal = assertThrows(
                LtxFormatException.class, () -> LtxCompactor.compact(inputs, out, LtxCompactor.Options.DEFAULT));
        assertEquals(error, refusal.error());
        assertThrows(LtxFormatException.class, () -> open(out.toByteArray()).drain());
    }

    private static void assertLeads(History history, byte[] file, int from, int to, String message) throws IOException {
        byte[] expected = history.states.get(to);
        if (from == 1) {
            assertArrayEquals(expected, decode(file), message);
            return;
        }
        byte[] actual = Arrays.copyOf(history.states.get(from - 1), expected.length);
        LtxReader reader = open(file);
        byte[] page = new byte[history.pageSize];
        for (int pgno = reader.nextPage(page); pgno != 0; pgno = reader.nextPage(page)) {
            System.arraycopy(page, 0, actual, (pgno - 1) * history.pageSize, history.pageSize);
        }
        reader.finish();
        assertEquals(expected.length, (int) reader.header().databaseSize(), message);
        assertArrayEquals(expected, actual, message);
    }

    private static byte[] compact(History history, int from, int to, LtxCompactor.Options options) throws IOException {
        List<LtxReader> inputs = new ArrayList<>();
        for (int txid = from; txid <= to; txid++) {
            inputs.add(history.reader(txid));
        }
        return compact(inputs, options);
    }

    private static byte[] compact(List<LtxReader> inputs, LtxCompactor.Options options) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        LtxSummary written = LtxCompactor.compact(inputs, out, options);
        assertEquals(out.size(), written.size());
        return out.toByteArray();
    }

    private static byte[] write(LtxHeader header, byte[] database, int... pgnos) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        LtxWriter writer = new LtxWriter(out, header);
        for (int pgno : pgnos) {
            writer.writePage(pgno, database, (pgno - 1) * header.pageSize());
        }
        writer.finish();
        return out.toByteArray();
    }

    private static byte[] decode(byte[] file) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        LtxSnapshotDecoder.decode(open(file), out);
        return out.toByteArray();
    }

    private static LtxReader open(byte[] file) throws IOException {
        return LtxReader.open(new ByteArrayInputStream(file), file.length);
    }

    private static String name(int min, int max) {
        String name = new LtxFileName(min, max).toString();
        return name.substring(0, name.length() - ".ltx".length());
    }
}
