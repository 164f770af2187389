package io.ltxfs.ltx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every file of the reference is read, verified, written again byte for byte, and read page by page. */
final class GoldenFilesTest {
    static List<Path> files() {
        return Golden.files();
    }

    static List<Path> filesOfToday() {
        return files().stream()
                .filter(file -> !file.toString().contains("legacy/v"))
                .toList();
    }

    static List<Path> filesWithIndex() {
        return files().stream()
                .filter(file -> !file.getFileName().toString().startsWith("v1-"))
                .toList();
    }

    static List<Golden.Case> cases() {
        return Golden.cases();
    }

    @Test
    void noneIsForgotten() {
        assertEquals(39, files().size());
        assertEquals(31, filesOfToday().size());
        assertEquals(Golden.filesBelow(Golden.INVALID).size(), cases().size());
        assertEquals(63, cases().size());
    }

    @ParameterizedTest
    @MethodSource("files")
    void verifies(Path file) throws IOException {
        LtxSummary whole = LtxReader.verify(file);
        assertEquals(expectedGeneration(file), whole.generation());
        assertEquals(Files.size(file), whole.size());
        LtxSummary streamed = LtxReader.verify(new ByteArrayInputStream(Golden.bytes(file)));
        assertEquals(whole, streamed);
        InputStream slow = new FilterInputStream(new ByteArrayInputStream(Golden.bytes(file))) {
            @Override
            public int read(byte[] bytes, int offset, int length) throws IOException {
                return super.read(bytes, offset, Math.min(length, 1));
            }
        };
        assertEquals(whole, LtxReader.verify(slow));
    }

    private static LtxGeneration expectedGeneration(Path file) {
        String name = file.getFileName().toString();
        if (name.startsWith("v1-lz4")) {
            return LtxGeneration.V1_LZ4;
        }
        if (name.startsWith("v1-")) {
            return LtxGeneration.V1_RAW;
        }
        if (name.startsWith("v2-")) {
            return LtxGeneration.V2;
        }
        return name.startsWith("v3frame-") ? LtxGeneration.V3_FRAME : LtxGeneration.V3_BLOCK;
    }

    /** The reference's listing and dumps, kept beside the files, are what we read from them. */
    @Test
    void fieldsAreThoseOfTheReferencesListing() throws IOException {
        int rows = 0;
        for (String line : Files.readAllLines(Golden.DIR.resolve("README.md"))) {
            String[] cells = line.split("\t");
            if (cells.length == 11 && !cells[0].equals("file")) {
                LtxSummary file = LtxReader.verify(Golden.DIR.resolve(cells[0]));
                LtxHeader header = file.header();
                assertEquals(cells[1], Txid.format(header.minTxid()), line);
                assertEquals(cells[2], Txid.format(header.maxTxid()), line);
                assertEquals(cells[3], Integer.toUnsignedString(header.commit()), line);
                assertEquals(cells[4], Long.toString(file.pages()), line);
                assertEquals(cells[5], PageChecksum.format(header.preApplyChecksum()), line);
                assertEquals(cells[6], PageChecksum.format(file.trailer().postApplyChecksum()), line);
                assertEquals(cells[8], Long.toString(header.walOffset()), line);
                assertEquals(cells[9], Long.toString(header.walSize()), line);
                assertEquals(cells[10], String.format("%08x %08x", header.walSalt1(), header.walSalt2()), line);
                rows++;
            }
        }
        assertEquals(33, rows);
    }

    @Test
    void fileChecksumsAreThoseOfTheReferencesDumps() throws IOException {
        String command = "";
        int seen = 0;
        for (String line : Files.readAllLines(Golden.DIR.resolve("README.md"))) {
            if (line.startsWith("$ ltx dump ")) {
                command = line.split(" +")[3];
            } else if (line.startsWith("File Checksum: ")
                    && !command.isEmpty()
                    && Files.exists(Golden.DIR.resolve(command))) {
                long expected = PageChecksum.parse(line.substring(15));
                assertEquals(
                        expected,
                        LtxReader.verify(Golden.DIR.resolve(command)).trailer().fileChecksum(),
                        command);
                command = "";
                seen++;
            }
        }
        assertTrue(seen >= 30, seen + " dumps");
    }

    /** The payloads come from the reference's compressor; everything around them is made by our writer. */
    @ParameterizedTest
    @MethodSource("files")
    void isWrittenAgainByteForByte(Path file) throws IOException {
        LtxGeneration generation = expectedGeneration(file);
        if (generation != LtxGeneration.V3_BLOCK && generation != LtxGeneration.V3_FRAME) {
            return;
        }
        byte[] original = Golden.bytes(file);
        LtxIndexReader index = new LtxIndexReader(RangeSource.of(original));
        PageCoding coding = generation == LtxGeneration.V3_BLOCK ? PageCoding.BLOCK : PageCoding.FRAME;
        int prefix = coding == PageCoding.BLOCK ? 10 : 6;
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        LtxWriter writer = new LtxWriter(out, index.header(), coding);
        byte[] page = new byte[index.header().pageSize()];
        for (int i = 0; i < index.index().count(); i++) {
            index.readPage(i, page);
            int from = (int) index.index().offset(i);
            byte[] payload = Arrays.copyOfRange(
                    original, from + prefix, from + index.index().size(i));
            writer.writePage(index.index().pgno(i), page, payload);
        }
        LtxSummary written = writer.finish(index.trailer().postApplyChecksum());
        assertArrayEquals(original, out.toByteArray());
        assertEquals(LtxReader.verify(file), written);
    }

    /** With our own compressor the bytes may differ; header, pages and post-apply checksum may not. */
    @ParameterizedTest
    @MethodSource("files")
    void isWrittenAgainWithOurCompressor(Path file) throws IOException {
        for (PageCoding coding : PageCoding.values()) {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            try (LtxReader reader = LtxReader.open(file)) {
                LtxHeader header = reader.header();
                LtxHeader plain = new LtxHeader(
                        header.flags() & ~1,
                        header.pageSize(),
                        header.commit(),
                        header.minTxid(),
                        header.maxTxid(),
                        header.timestampMillis(),
                        header.preApplyChecksum(),
                        header.walOffset(),
                        header.walSize(),
                        header.walSalt1(),
                        header.walSalt2(),
                        header.nodeId());
                LtxWriter writer = new LtxWriter(out, plain, coding);
                byte[] page = new byte[header.pageSize()];
                for (int pgno = reader.nextPage(page); pgno != 0; pgno = reader.nextPage(page)) {
                    writer.writePage(pgno, page, 0);
                }
                long postApply = reader.finish().trailer().postApplyChecksum();
                LtxSummary written = writer.finish(postApply);
                LtxSummary read = LtxReader.verify(new ByteArrayInputStream(out.toByteArray()));
                assertEquals(
                        written,
                        read.pages() == 0
                                ? new LtxSummary(written.generation(), read.header(), read.trailer(), 0, read.size())
                                : read);
                assertEquals(plain, read.header());
            }
            assertEquals(pages(Golden.bytes(file)), pages(out.toByteArray()));
        }
    }

    @ParameterizedTest
    @MethodSource("filesWithIndex")
    void pagesReadThroughTheIndexAreThoseReadInOrder(Path file) throws IOException {
        byte[] bytes = Golden.bytes(file);
        Map<Integer, Integer> expected = pages(bytes);
        for (int tailRead : new int[] {1, 24, 25, 64, 32768}) {
            LtxIndexReader reader = new LtxIndexReader(RangeSource.of(bytes), tailRead);
            assertEquals(expectedGeneration(file), reader.generation());
            assertEquals(expected.size(), reader.index().count());
            byte[] page = new byte[reader.header().pageSize()];
            for (Map.Entry<Integer, Integer> entry : expected.entrySet()) {
                int i = reader.index().find(entry.getKey());
                assertEquals(entry.getKey(), reader.index().pgno(i));
                reader.readPage(i, page);
                assertEquals(entry.getValue(), Arrays.hashCode(page));
            }
            assertTrue(reader.index().find(-1) < 0);
            assertTrue(reader.index().find(0) < 0);
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void malformedFilesAreRefusedByNameAndOffset(Golden.Case malformed) throws IOException {
        byte[] bytes = Golden.bytes(malformed.file());
        if (malformed.verdict().equals("ok")) {
            assertNotNull(LtxReader.verify(malformed.file()));
            assertNotNull(LtxReader.verify(new ByteArrayInputStream(bytes)));
            return;
        }
        LtxFormatException fromFile = assertThrows(LtxFormatException.class, () -> LtxReader.verify(malformed.file()));
        LtxFormatException fromStream =
                assertThrows(LtxFormatException.class, () -> LtxReader.verify(new ByteArrayInputStream(bytes)));
        for (LtxFormatException refusal : List.of(fromFile, fromStream)) {
            assertEquals(LtxError.valueOf(malformed.verdict()), refusal.error(), refusal.getMessage());
            assertTrue(refusal.offset() >= 0 && refusal.offset() <= bytes.length, refusal.getMessage());
            assertEquals(malformed.offset(), refusal.offset(), refusal.getMessage());
        }
    }

    private static Map<Integer, Integer> pages(byte[] file) throws IOException {
        Map<Integer, Integer> pages = new HashMap<>();
        LtxReader reader = LtxReader.open(new ByteArrayInputStream(file), file.length);
        byte[] page = new byte[reader.header().pageSize()];
        for (int pgno = reader.nextPage(page); pgno != 0; pgno = reader.nextPage(page)) {
            pages.put(pgno, Arrays.hashCode(page));
        }
        reader.finish();
        return pages;
    }
}
