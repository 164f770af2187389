package io.ltxfs.archive.bundle;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.archive.ArchiveException;
import io.ltxfs.archive.BundleObject;
import io.ltxfs.ltx.LtxHeader;
import io.ltxfs.ltx.LtxWriter;
import io.ltxfs.ltx.PageChecksum;
import io.ltxfs.objectstore.MemoryStore;
import io.ltxfs.objectstore.ObjectBody;
import io.ltxfs.objectstore.PutOptions;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class BundleTest {
    private static final int PAGE_SIZE = 512;

    private final MemoryStore store = new MemoryStore();
    private final Random random = new Random(7);
    private final List<byte[]> pages = new ArrayList<>();
    private long checksum = PageChecksum.EMPTY;

    private BundleObject put(byte[] bytes, long min, long max) throws IOException {
        store.put("bundle", ObjectBody.of(bytes), PutOptions.replace());
        return new BundleObject(min, max, "bundle", bytes.length, Instant.EPOCH);
    }

    /** Writes a transaction that changes page 1, and all pages if it is the first. */
    private void write(BundleWriter bundle, long txid) throws IOException {
        byte[] page = new byte[PAGE_SIZE];
        random.nextBytes(page);
        LtxHeader header = txid == 1
                ? LtxHeader.snapshot(PAGE_SIZE, 1, 1, 1000)
                : LtxHeader.delta(PAGE_SIZE, 1, txid, txid, txid * 1000, checksum);
        LtxWriter ltx = bundle.begin(header);
        ltx.writePage(1, page, 0);
        checksum = PageChecksum.of(1, page, 0, PAGE_SIZE);
        bundle.end(ltx.finish(checksum));
        pages.add(page);
    }

    private byte[] bundle(long min, long max) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        BundleWriter bundle = new BundleWriter(out);
        for (long txid = min; txid <= max; txid++) {
            write(bundle, txid);
            assertEquals(txid - min + 1, bundle.count());
        }
        BundleTable table = bundle.finish();
        assertEquals(out.size(), bundle.size());
        assertEquals(min, table.minTxid());
        assertEquals(max, table.maxTxid());
        return out.toByteArray();
    }

    @Test
    void givesBackEverySlice() throws IOException {
        byte[] bytes = bundle(1, 9);
        BundleReader reader = BundleReader.open(store, put(bytes, 1, 9));
        for (int from = 1; from <= 9; from++) {
            for (int to = from; to <= 9; to++) {
                List<Long> seen = new ArrayList<>();
                reader.read(from, to, (entry, ltx) -> {
                    seen.add(entry.txid());
                    if (entry.txid() % 2 == 0) {
                        return;
                    }
                    byte[] page = new byte[PAGE_SIZE];
                    assertEquals(1, ltx.nextPage(page));
                    assertArrayEquals(pages.get((int) entry.txid() - 1), page);
                    assertEquals(0, ltx.nextPage(page));
                    assertEquals(entry.postChecksum(), ltx.finish().trailer().postApplyChecksum());
                });
                assertEquals(to - from + 1, seen.size());
                assertEquals(to, seen.get(seen.size() - 1));
            }
        }
        BundleTable table = reader.table();
        assertEquals(OptionalLong.of(4), table.lastAtOrBefore(4999));
        assertEquals(OptionalLong.empty(), table.lastAtOrBefore(999));
        assertTrue(table.has(9) && !table.has(10) && !table.has(0));
        assertTrue(table.of(1).isWhole());
    }

    @Test
    void readsATableThatIsLongerThanTheTail() throws IOException {
        BundleReader reader = BundleReader.open(store, put(bundle(5, 2004), 5, 2004));
        assertEquals(2000, reader.table().count());
        List<Long> seen = new ArrayList<>();
        reader.read(1000, 1003, (entry, ltx) -> seen.add(entry.txid()));
        assertEquals(List.of(1000L, 1001L, 1002L, 1003L), seen);
    }

    @Test
    void copiesFilesAndVerifiesThem() throws IOException {
        byte[] bytes = bundle(1, 3);
        BundleTable table = BundleReader.open(store, put(bytes, 1, 3)).table();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        BundleWriter copy = new BundleWriter(out);
        for (int i = 0; i < 3; i++) {
            copy.copy(file(bytes, table.entry(i)));
        }
        copy.finish();
        assertArrayEquals(bytes, out.toByteArray());
        bytes[(int) table.entry(2).offset() + 150]++;
        BundleWriter other = new BundleWriter(new ByteArrayOutputStream());
        assertThrows(IOException.class, () -> other.copy(file(bytes, table.entry(2))));
    }

    private static ByteArrayInputStream file(byte[] bytes, BundleEntry entry) {
        return new ByteArrayInputStream(bytes, (int) entry.offset(), (int) entry.length());
    }

    @Test
    void refusesWhatDoesNotFollow() throws IOException {
        BundleWriter bundle = new BundleWriter(new ByteArrayOutputStream());
        write(bundle, 4);
        assertThrows(IllegalStateException.class, () -> write(bundle, 6));
        assertThrows(
                IllegalStateException.class, () -> bundle.begin(LtxHeader.delta(PAGE_SIZE, 1, 5, 5, 0, checksum ^ 1)));
        assertThrows(
                IllegalStateException.class,
                () -> bundle.begin(
                        LtxHeader.delta(PAGE_SIZE, 1, 5, 5, 0, checksum).withoutChecksums()));
        assertThrows(IllegalStateException.class, () -> new BundleWriter(new ByteArrayOutputStream()).finish());
    }

    @Test
    void findsEveryFlippedBitAndEveryCut() throws IOException {
        byte[] bytes = bundle(3, 6);
        BundleObject bundle = put(bytes, 3, 6);
        int table = bytes.length - BundleLayout.FOOTER_SIZE - 4 * BundleLayout.ENTRY_SIZE;
        for (int i = 0; i < bytes.length; i++) {
            byte[] flipped = bytes.clone();
            flipped[i] ^= (byte) (1 << random.nextInt(8));
            put(flipped, 3, 6);
            if (i >= table) {
                damaged(() -> BundleReader.open(store, bundle));
            } else {
                BundleReader reader = BundleReader.open(store, bundle);
                damaged(() -> reader.read(3, 6, (entry, ltx) -> ltx.drain()));
                damaged(() -> reader.read(3, 6, (entry, ltx) -> {}));
            }
        }
        for (int length = 0; length < bytes.length; length++) {
            put(Arrays.copyOf(bytes, length), 3, 6);
            assertThrows(IOException.class, () -> BundleReader.open(store, bundle));
        }
        put(bytes, 3, 6);
        damaged(() -> BundleReader.open(store, new BundleObject(3, 7, "bundle", bytes.length, Instant.EPOCH)));
    }

    private static void damaged(Executable call) {
        ArchiveException e = assertThrows(ArchiveException.class, call);
        assertEquals(ArchiveException.Kind.DAMAGED, e.kind());
        assertTrue(String.valueOf(e.getMessage()).contains("bundle"), e::toString);
    }

    @Test
    void namesALaterVersion() throws IOException {
        byte[] bytes = bundle(3, 3);
        bytes[bytes.length - BundleLayout.FOOTER_SIZE + BundleLayout.VERSION_AT + 3] = 2;
        ArchiveException e = assertThrows(ArchiveException.class, () -> BundleReader.open(store, put(bytes, 3, 3)));
        assertTrue(String.valueOf(e.getMessage()).contains("version 2, and this ltxfs knows version 1"), e::toString);
    }

    @Test
    void holdsTheEndOfADatabase() throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        BundleWriter bundle = new BundleWriter(out);
        write(bundle, 4);
        LtxWriter ltx = bundle.begin(LtxHeader.delta(PAGE_SIZE, 0, 5, 5, 5000, checksum));
        bundle.end(ltx.finish(PageChecksum.EMPTY));
        bundle.finish();
        BundleTable table =
                BundleReader.open(store, put(out.toByteArray(), 4, 5)).table();
        assertEquals(0, table.of(5).commit());
        assertFalse(table.of(5).pages() != 0);
    }
}
