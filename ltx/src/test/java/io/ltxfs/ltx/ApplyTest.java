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
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ApplyTest {
    @TempDir
    Path dir;

    @ParameterizedTest
    @CsvSource({"ps512,5,''", "ps512,5,.nochk", "ps4096,4,''", "ps4096,4,.nochk", "wal4096,1,''"})
    void singleFilesLeadFromStateToState(String from, int transactions, String kind) throws IOException {
        Path database = dir.resolve("a.db");
        List<Path> all = new ArrayList<>();
        for (int n = 1; n <= transactions; n++) {
            Path file = single(from, n, kind);
            all.add(file);
            Pos pos = LtxApplier.apply(database, List.of(file));
            assertEquals(n, pos.txid());
            assertArrayEquals(Golden.bytes(Golden.state(from, n)), Files.readAllBytes(database), file.toString());
        }
        Path atOnce = dir.resolve("b.db");
        LtxApplier.apply(atOnce, all);
        assertArrayEquals(Golden.bytes(Golden.state(from, transactions)), Files.readAllBytes(atOnce));
    }

    @ParameterizedTest
    @CsvSource({
        "ps512,2-5,1,5",
        "ps512,2-3,1,3",
        "ps512,1-5,0,5",
        "ps512,1-5,3,5",
        "ps4096,2-4,1,4",
        "ps4096,2-3,1,3",
        "ps4096,1-4,0,4"
    })
    void compactedFilesLeadToTheStateOfTheirLast(String from, String range, int before, int after) throws IOException {
        Path database = dir.resolve("a.db");
        if (before > 0) {
            Files.copy(Golden.state(from, before), database);
        }
        long min = Long.parseLong(range.substring(0, 1));
        String name = new LtxFileName(min, after).toString().replace(".ltx", ".compacted.ltx");
        LtxApplier.apply(database, List.of(Golden.DIR.resolve(from).resolve(name)));
        assertArrayEquals(Golden.bytes(Golden.state(from, after)), Files.readAllBytes(database));
    }

    @ParameterizedTest
    @CsvSource({"v1", "v1-lz4", "v2", "v3frame"})
    void olderGenerationsAreApplied(String generation) throws IOException {
        Path database = dir.resolve("a.db");
        Path legacy = Golden.DIR.resolve("legacy");
        LtxApplier.apply(
                database,
                List.of(legacy.resolve(generation + "-snapshot.ltx"), legacy.resolve(generation + "-delta.ltx")));
        assertArrayEquals(Golden.bytes(Golden.state("ps512", 2)), Files.readAllBytes(database));
    }

    /** The reference cannot apply a deletion with checksums. */
    @Test
    void deletionLeavesAnEmptyDatabase() throws IOException {
        Path database = dir.resolve("a.db");
        Files.copy(Golden.state("ps512", 5), database);
        Pos pos = LtxApplier.apply(database, List.of(single("ps512", 6, "")));
        assertEquals(new Pos(6, PageChecksum.EMPTY), pos);
        assertEquals(0, Files.size(database));
        Path recreated = dir.resolve("7.ltx");
        byte[] page = new byte[512];
        page[7] = 7;
        write(recreated, LtxHeader.delta(512, 1, 7, 7, 0, PageChecksum.EMPTY), page, PageChecksum.of(1, page, 0, 512));
        LtxApplier.apply(database, List.of(recreated));
        assertArrayEquals(page, Files.readAllBytes(database));
    }

    @Test
    void lockPageStaysAHole() throws IOException {
        Path database = dir.resolve("sparse.db");
        LtxApplier.apply(database, List.of(single("lockpage", 2, "")));
        assertEquals(16386L * 65536, Files.size(database));
        try (FileChannel channel = FileChannel.open(database)) {
            assertEquals((byte) 1, byteAt(channel, 16383L * 65536));
            assertEquals((byte) 0, byteAt(channel, 16384L * 65536 + 5));
            assertEquals((byte) 2, byteAt(channel, 16386L * 65536 - 1));
        }
    }

    @Test
    void examplesLeadFromBeforeToAfter() throws IOException {
        Path database = dir.resolve("a.db");
        LtxApplier.apply(database, List.of(Golden.EXAMPLES.resolve("1-snapshot.ltx")));
        assertArrayEquals(Golden.bytes(Golden.EXAMPLES.resolve("before.db")), Files.readAllBytes(database));
        LtxApplier.apply(database, List.of(Golden.EXAMPLES.resolve("2-delta.ltx")));
        assertArrayEquals(Golden.bytes(Golden.EXAMPLES.resolve("after.db")), Files.readAllBytes(database));
        LtxApplier.apply(database, List.of(Golden.EXAMPLES.resolve("3-drop.ltx")));
        assertEquals(0, Files.size(database));
        LtxReader.verify(Golden.EXAMPLES.resolve("4-delta-nochecksum-literals.ltx"));
    }

    @Test
    void modeOfTheDatabaseIsKept() throws IOException {
        Path database = dir.resolve("a.db");
        Files.copy(Golden.state("ps512", 1), database);
        Files.setPosixFilePermissions(database, PosixFilePermissions.fromString("rw-r--r--"));
        LtxApplier.apply(database, List.of(single("ps512", 2, "")));
        assertEquals("rw-r--r--", PosixFilePermissions.toString(Files.getPosixFilePermissions(database)));
    }

    /** Every malformed file and every wrong starting point leaves the database as it was and nothing else behind. */
    @Test
    void nothingIsHalfApplied() throws IOException {
        Path database = dir.resolve("a.db");
        byte[] state = Golden.bytes(Golden.state("ps512", 1));
        Files.write(database, state);
        List<List<Path>> attempts = new ArrayList<>();
        for (Golden.Case malformed : Golden.cases()) {
            if (!malformed.verdict().equals("ok")) {
                attempts.add(List.of(malformed.file()));
                attempts.add(List.of(single("ps512", 2, ""), malformed.file()));
            }
        }
        attempts.add(List.of(single("ps512", 3, "")));
        attempts.add(List.of(single("ps512", 2, ""), single("ps512", 4, "")));
        attempts.add(List.of(single("ps512", 2, ""), single("ps512", 2, "")));
        for (List<Path> files : attempts) {
            assertThrows(LtxFormatException.class, () -> LtxApplier.apply(database, files), files.toString());
            assertArrayEquals(state, Files.readAllBytes(database), files.toString());
        }
        try (Stream<Path> left = Files.list(dir)) {
            assertEquals(List.of(database), left.toList());
        }
    }

    /** A header can claim a database of 256 TiB. */
    @Test
    void databaseLargerThanTheDiskIsRefused() throws IOException {
        Path database = dir.resolve("a.db");
        Path file = dir.resolve("1.ltx");
        LtxHeader header = LtxHeader.delta(65536, -1, 2, 2, 0, 0).withoutChecksums();
        write(file, header, new byte[65536], 0);
        IOException refusal = assertThrows(IOException.class, () -> LtxApplier.apply(database, List.of(file)));
        assertTrue(String.valueOf(refusal.getMessage()).contains("the disk has room for"), refusal.getMessage());
        assertFalse(Files.exists(database));
    }

    @Test
    void partOfAPageIsNoDatabase() throws IOException {
        Path database = dir.resolve("a.db");
        byte[] state = Arrays.copyOf(Golden.bytes(Golden.state("ps512", 1)), 3072 + 100);
        Files.write(database, state);
        LtxFormatException refusal = assertThrows(
                LtxFormatException.class, () -> LtxApplier.apply(database, List.of(single("ps512", 2, ""))));
        assertEquals(LtxError.BAD_DATABASE, refusal.error());
        assertEquals(3172, refusal.offset());
        assertArrayEquals(state, Files.readAllBytes(database));
    }

    @Test
    void wrongPostApplyOfADeltaIsNoticed() throws IOException {
        Path database = dir.resolve("a.db");
        byte[] page = new byte[512];
        Path first = dir.resolve("1.ltx");
        long right = PageChecksum.of(1, page, 0, 512);
        write(first, LtxHeader.snapshot(512, 1, 1, 0), page, right);
        Path second = dir.resolve("2.ltx");
        write(second, LtxHeader.delta(512, 1, 2, 2, 0, right), new byte[512], right ^ 1);
        LtxFormatException refusal =
                assertThrows(LtxFormatException.class, () -> LtxApplier.apply(database, List.of(first, second)));
        assertEquals(LtxError.POST_APPLY_MISMATCH, refusal.error());
        assertTrue(String.valueOf(refusal.getMessage()).startsWith(second.toString()), refusal.getMessage());
        assertFalse(Files.exists(database));
    }

    /** Histories applied one by one, at once, and with pages of zeros that the files leave out. */
    @Test
    void randomHistoriesAreApplied() throws IOException {
        for (long seed = 0; seed < 25; seed++) {
            History history = new History(seed, 6, seed % 3 > 0, seed % 2 == 0);
            Path work = Files.createDirectory(dir.resolve("s" + seed));
            List<Path> files = new ArrayList<>();
            Path stepwise = work.resolve("stepwise.db");
            for (int txid = 1; txid <= history.transactions(); txid++) {
                Path file = work.resolve(new LtxFileName(txid, txid).toString());
                Files.write(file, history.files.get(txid));
                files.add(file);
                LtxApplier.apply(stepwise, List.of(file));
                assertArrayEquals(history.states.get(txid), Files.readAllBytes(stepwise), "seed " + seed);
            }
            Path atOnce = work.resolve("atonce.db");
            LtxApplier.apply(atOnce, files);
            assertArrayEquals(Files.readAllBytes(stepwise), Files.readAllBytes(atOnce));
        }
    }

    @Test
    void snapshotsAreDecodedAndDeltasAreNot() throws IOException {
        Path database = dir.resolve("a.db");
        LtxSnapshotDecoder.decode(
                Golden.DIR.resolve("ps512/0000000000000001-0000000000000005.compacted.ltx"), database);
        assertArrayEquals(Golden.bytes(Golden.state("ps512", 5)), Files.readAllBytes(database));
        LtxFormatException refusal = assertThrows(
                LtxFormatException.class, () -> LtxSnapshotDecoder.decode(single("ps512", 2, ""), database));
        assertEquals(LtxError.NOT_A_SNAPSHOT, refusal.error());
        assertArrayEquals(Golden.bytes(Golden.state("ps512", 5)), Files.readAllBytes(database));
    }

    @ParameterizedTest
    @CsvSource({"ps512,5", "ps4096,4", "wal4096,1"})
    void databasesAreEncoded(String from, int last) throws IOException {
        for (int n = 1; n <= last; n++) {
            for (PageCoding coding : PageCoding.values()) {
                Path file = dir.resolve("out.ltx");
                LtxSummary written = LtxEncoder.encode(
                        Golden.state(from, n), file, new LtxEncoder.Options(n, 1_700_000_000_000L, true, coding));
                assertEquals(written, LtxReader.verify(file));
                assertEquals(
                        LtxReader.verify(single(from, n, "")).trailer().postApplyChecksum(),
                        written.trailer().postApplyChecksum());
                Path back = dir.resolve("back.db");
                LtxSnapshotDecoder.decode(file, back);
                assertArrayEquals(Golden.bytes(Golden.state(from, n)), Files.readAllBytes(back));
            }
        }
    }

    @Test
    void noDatabaseIsNotEncoded() throws IOException {
        byte[] state = Golden.bytes(Golden.state("ps512", 1));
        assertNotEncoded(new byte[0], 0);
        assertNotEncoded(Arrays.copyOf(state, 99), 99);
        assertNotEncoded(Arrays.copyOf(state, state.length - 1), state.length - 1);
        byte[] noMagic = state.clone();
        noMagic[0]++;
        assertNotEncoded(noMagic, 0);
        byte[] longer = Arrays.copyOf(state, state.length + 512);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        LtxEncoder.Options options = new LtxEncoder.Options(1, 0, false, PageCoding.BLOCK);
        assertEquals(
                6,
                LtxEncoder.encode(new ByteArrayInputStream(longer), longer.length, out, options)
                        .pages());
    }

    private static void assertNotEncoded(byte[] database, long offset) {
        LtxEncoder.Options options = new LtxEncoder.Options(1, 0, true, PageCoding.BLOCK);
        LtxFormatException refusal = assertThrows(
                LtxFormatException.class,
                () -> LtxEncoder.encode(
                        new ByteArrayInputStream(database), database.length, new ByteArrayOutputStream(), options));
        assertEquals(LtxError.BAD_DATABASE, refusal.error());
        assertEquals(offset, refusal.offset());
    }

    @ParameterizedTest
    @CsvSource({
        "ps512,1,c6df4ceed32d054f", "ps512,2,aa0311f201da1f57", "ps512,3,8caf06a4f08f75c4", "ps512,4,c7f876c8eeb13484",
        "ps512,5,c277b03efe2271a1", "ps4096,1,adc74166c0a84d2a", "ps4096,4,84cb1a1990ceb5c6",
                "wal4096,1,fffce61b6bca8638"
    })
    void databaseChecksumsAreThoseOfTheReference(String from, int n, String expected) throws IOException {
        byte[] bytes = Golden.bytes(Golden.state(from, n));
        int pageSize =
                DatabaseHeader.parse(Arrays.copyOf(bytes, 100), bytes.length).pageSize();
        assertEquals(expected, PageChecksum.format(History.checksum(bytes, pageSize)));
    }

    private static void write(Path file, LtxHeader header, byte[] page, long postApply) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        LtxWriter writer = new LtxWriter(out, header);
        writer.writePage(1, page, 0);
        writer.finish(postApply);
        Files.write(file, out.toByteArray());
    }

    private static byte byteAt(FileChannel channel, long offset) throws IOException {
        ByteBuffer one = ByteBuffer.allocate(1);
        channel.read(one, offset);
        return one.get(0);
    }

    private static Path single(String from, int n, String kind) {
        String name = new LtxFileName(n, n).toString().replace(".ltx", kind + ".ltx");
        return Golden.DIR.resolve(from).resolve(name);
    }
}
