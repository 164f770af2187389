package io.ltxfs.ltx;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;

/** A random database's history: its content after every transaction, and the transaction as an LTX file. */
final class History {
    private static final int[] PAGE_SIZES = {512, 1024, 4096, 65536};

    private final Random random;
    final int pageSize;
    private final boolean checksums;
    private final boolean fillsGrowth;

    /** Content after transaction i; element 0 is before any. */
    final List<byte[]> states = new ArrayList<>(List.of(new byte[0]));

    /** Transaction i as a file; element 0 is not used. */
    final List<byte[]> files = new ArrayList<>(List.of(new byte[0]));

    /**
     * @param fillsGrowth whether a file holds every page by which it grows the database, as the format asks of writers
     */
    History(long seed, int transactions, boolean checksums, boolean fillsGrowth) throws IOException {
        this.random = new Random(seed);
        this.pageSize = PAGE_SIZES[random.nextInt(random.nextInt(8) == 0 ? 4 : 3)];
        this.checksums = checksums;
        this.fillsGrowth = fillsGrowth;
        for (int i = 0; i < transactions; i++) {
            transact();
        }
    }

    static History of(long seed, int transactions) throws IOException {
        return new History(seed, transactions, new Random(~seed).nextInt(3) > 0, true);
    }

    int transactions() {
        return files.size() - 1;
    }

    LtxReader reader(int txid) throws IOException {
        return LtxReader.open(new ByteArrayInputStream(files.get(txid)));
    }

    private void transact() throws IOException {
        int txid = states.size();
        byte[] before = states.get(txid - 1);
        int pagesBefore = before.length / pageSize;
        int pages = newSize(pagesBefore, txid);
        byte[] after = Arrays.copyOf(before, pages * pageSize);
        TreeSet<Integer> changed = new TreeSet<>();
        for (int pgno = 1; pgno <= pages; pgno++) {
            boolean grown = pgno > pagesBefore;
            if (txid == 1 || grown && (fillsGrowth || random.nextBoolean()) || random.nextInt(4) == 0) {
                fill(after, (pgno - 1) * pageSize);
                changed.add(pgno);
            }
        }
        LtxHeader header = txid == 1
                ? LtxHeader.snapshot(pageSize, pages, 1, 1_700_000_000_000L)
                : LtxHeader.delta(pageSize, pages, txid, txid, 1_700_000_000_000L + txid, checksum(before, pageSize));
        if (random.nextInt(3) == 0) {
            header = header.withWal(32 + random.nextInt(1000), random.nextInt(1000), random.nextInt(), random.nextInt())
                    .withNodeId(random.nextLong());
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        PageCoding coding = random.nextInt(4) == 0 ? PageCoding.FRAME : PageCoding.BLOCK;
        LtxWriter writer = new LtxWriter(out, checksums ? header : header.withoutChecksums(), coding);
        for (int pgno : changed) {
            writer.writePage(pgno, after, (pgno - 1) * pageSize);
        }
        writer.finish(checksums ? checksum(after, pageSize) : 0);
        states.add(after);
        files.add(out.toByteArray());
    }

    private int newSize(int before, int txid) {
        if (checksums && txid > 1 && random.nextInt(12) == 0) {
            return 0;
        }
        return switch (random.nextInt(4)) {
            case 0 -> Math.max(1, before - random.nextInt(8));
            case 1, 2 -> Math.max(1, before);
            default -> before + 1 + random.nextInt(12);
        };
    }

    /** Content that compresses well, badly, or not at all. */
    private void fill(byte[] bytes, int offset) {
        byte[] page = new byte[pageSize];
        int kind = random.nextInt(4);
        if (kind == 0) {
            random.nextBytes(page);
        } else if (kind == 1) {
            int from = random.nextInt(pageSize);
            for (int i = from; i < pageSize; i++) {
                page[i] = (byte) (random.nextInt(8) == 0 ? random.nextInt(26) + 'a' : 'e');
            }
        } else if (kind == 2) {
            int period = 1 + random.nextInt(40);
            for (int i = 0; i < pageSize; i++) {
                page[i] = (byte) (i % period);
            }
        }
        System.arraycopy(page, 0, bytes, offset, pageSize);
    }

    static long checksum(byte[] database, int pageSize) throws IOException {
        return DatabaseChecksum.of(new ByteArrayInputStream(database), pageSize);
    }
}
