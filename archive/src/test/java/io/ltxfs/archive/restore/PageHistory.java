package io.ltxfs.archive.restore;

import io.ltxfs.archive.Archive;
import io.ltxfs.archive.ArchiveLayout;
import io.ltxfs.archive.DatabaseArchive;
import io.ltxfs.archive.ObjectFacts;
import io.ltxfs.archive.bundle.BundleWriter;
import io.ltxfs.ltx.LtxHeader;
import io.ltxfs.ltx.LtxWriter;
import io.ltxfs.ltx.PageChecksum;
import io.ltxfs.ltx.PageCoding;
import io.ltxfs.objectstore.ObjectBody;
import io.ltxfs.objectstore.ObjectStore;
import io.ltxfs.objectstore.PutOptions;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.TreeSet;

/** A database's states after each transaction, and objects of them in a store. */
final class PageHistory {
    static final String NAME = "a/b.db";
    static final ObjectFacts.Owner OWNER = new ObjectFacts.Owner(0, 0, 0640);

    private final Random random;
    private final int pageSize;
    private final boolean ours;
    private final List<byte[][]> states = new ArrayList<>();
    private final List<TreeSet<Integer>> changes = new ArrayList<>();

    /**
     * Begins with the empty database.
     *
     * @param ours whether objects get our metadata, and bundles
     */
    PageHistory(Random random, int pageSize, boolean ours) {
        this.random = random;
        this.pageSize = pageSize;
        this.ours = ours;
        states.add(new byte[0][]);
        changes.add(new TreeSet<>());
    }

    static DatabaseArchive in(ObjectStore store) {
        return new Archive(store, ArchiveLayout.FILES).database(NAME);
    }

    int last() {
        return states.size() - 1;
    }

    int pages(int txid) {
        return states.get(txid).length;
    }

    int pageSize() {
        return pageSize;
    }

    static Instant time(int txid) {
        return Instant.ofEpochMilli(1_700_000_000_000L + 1000L * txid);
    }

    byte[] file(int txid) {
        byte[][] state = states.get(txid);
        byte[] bytes = new byte[state.length * pageSize];
        for (int i = 0; i < state.length; i++) {
            System.arraycopy(state[i], 0, bytes, i * pageSize, pageSize);
        }
        return bytes;
    }

    long checksum(int txid) {
        long sum = PageChecksum.EMPTY;
        byte[][] state = states.get(txid);
        for (int i = 0; i < state.length; i++) {
            sum = PageChecksum.toggle(sum, PageChecksum.of(i + 1, state[i], 0, pageSize));
        }
        return sum;
    }

    /** Adds a transaction: some pages change, the database grows or shrinks to a size. */
    void commit(int pages, int changed) {
        byte[][] before = states.get(last());
        byte[][] after = Arrays.copyOf(before, pages);
        TreeSet<Integer> pgnos = new TreeSet<>();
        for (int pgno = before.length + 1; pgno <= pages; pgno++) {
            pgnos.add(pgno);
        }
        for (int i = 0; i < changed; i++) {
            pgnos.add(1 + random.nextInt(pages));
        }
        for (int pgno : pgnos) {
            after[pgno - 1] = page();
        }
        states.add(after);
        changes.add(pgnos);
    }

    private byte[] page() {
        byte[] page = new byte[pageSize];
        if (random.nextInt(8) > 0) {
            random.nextBytes(page);
            if (random.nextBoolean()) {
                Arrays.fill(page, pageSize / 4, pageSize, page[0]);
            }
        }
        return page;
    }

    /** Random transactions. */
    void commits(int count, int pagesMax) {
        for (int i = 0; i < count; i++) {
            int now = pages(last());
            int pages = switch (random.nextInt(6)) {
                case 0 -> 1 + random.nextInt(pagesMax);
                case 1, 2 -> Math.min(pagesMax, now + 1 + random.nextInt(8));
                default -> Math.max(now, 1);
            };
            commit(pages, 1 + random.nextInt(5));
        }
    }

    private byte[] ltx(int min, int max, boolean checksums, PageCoding coding) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        write(new LtxWriter(out, header(min, max, checksums), coding), min, max, checksums);
        return out.toByteArray();
    }

    private LtxHeader header(int min, int max, boolean checksums) {
        LtxHeader header = min == 1
                ? LtxHeader.snapshot(pageSize, pages(max), max, time(max).toEpochMilli())
                : LtxHeader.delta(pageSize, pages(max), min, max, time(max).toEpochMilli(), checksum(min - 1));
        return checksums ? header : header.withoutChecksums().withWal(32, 0, 0, 0);
    }

    private io.ltxfs.ltx.LtxSummary write(LtxWriter writer, int min, int max, boolean checksums) throws IOException {
        TreeSet<Integer> pgnos = new TreeSet<>();
        for (int txid = min; txid <= max; txid++) {
            pgnos.addAll(changes.get(txid));
        }
        if (min == 1) {
            for (int pgno = 1; pgno <= pages(max); pgno++) {
                pgnos.add(pgno);
            }
        }
        for (int pgno : pgnos.headSet(pages(max), true)) {
            writer.writePage(pgno, states.get(max)[pgno - 1], 0);
        }
        return writer.finish(checksums ? checksum(max) : 0);
    }

    /** Puts an LTX object. */
    String put(ObjectStore store, int level, int min, int max) throws IOException {
        PageCoding coding = random.nextInt(4) == 0 ? PageCoding.FRAME : PageCoding.BLOCK;
        String key = in(store).key(level, min, max);
        store.put(key, ObjectBody.of(ltx(min, max, false, coding)), options(min, max));
        return key;
    }

    private PutOptions options(int min, int max) {
        ObjectFacts facts = ours
                ? new ObjectFacts(
                        Optional.of(time(max)),
                        Optional.of("0123456789abcdef"),
                        1,
                        min == 1 ? 0 : checksum(min - 1),
                        checksum(max),
                        Optional.of(OWNER))
                : new ObjectFacts(Optional.of(time(max)), Optional.empty(), 0, 0, 0, Optional.empty());
        return PutOptions.replace().with(facts.toMetadata()).modifiedAt(time(max));
    }

    /** Puts a bundle. */
    String putBundle(ObjectStore store, int min, int max) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        BundleWriter writer = new BundleWriter(out);
        for (int txid = min; txid <= max; txid++) {
            writer.end(write(writer.begin(header(txid, txid, true)), txid, txid, true));
        }
        writer.finish();
        String key = in(store).bundleKey(min, max);
        store.put(key, ObjectBody.of(out.toByteArray()), options(min, max));
        return key;
    }

    /** Puts the whole history as random levels: all of level 0, of those above what they would have. */
    void putAll(ObjectStore store) throws IOException {
        List<int[]> below = new ArrayList<>();
        for (int from = 1; from <= last(); ) {
            int to = Math.min(last(), from + (from == 1 ? 0 : random.nextInt(4)));
            if (ours && from < to) {
                putBundle(store, from, to);
            }
            put(store, 0, from, to);
            below.add(new int[] {from, to});
            from = to + 1;
        }
        for (int level = 1; level <= 3; level++) {
            List<int[]> own = new ArrayList<>();
            for (int i = 0; i < below.size(); ) {
                int count = Math.min(below.size() - i, 1 + random.nextInt(5));
                int from = below.get(i)[0];
                int to = below.get(i + count - 1)[1];
                if (i + count < below.size() || random.nextBoolean()) {
                    put(store, level, from, to);
                    if (ours && level == 1) {
                        putBundle(store, from, to);
                    }
                    own.add(new int[] {from, to});
                }
                i += count;
            }
            below = own;
        }
        if (!below.isEmpty() && random.nextBoolean()) {
            put(store, ArchiveLayout.SNAPSHOT_LEVEL, 1, below.get(random.nextInt(below.size()))[1]);
        }
    }
}
