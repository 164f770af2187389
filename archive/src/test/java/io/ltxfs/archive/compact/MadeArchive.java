package io.ltxfs.archive.compact;

import io.ltxfs.archive.DatabaseArchive;
import io.ltxfs.archive.ObjectFacts;
import io.ltxfs.archive.bundle.BundleWriter;
import io.ltxfs.ltx.DatabaseChecksum;
import io.ltxfs.ltx.LtxHeader;
import io.ltxfs.ltx.LtxWriter;
import io.ltxfs.objectstore.ObjectBody;
import io.ltxfs.objectstore.PutOptions;
import io.ltxfs.objectstore.StoreException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;

/** A random database's history, and its level 0 as an upload makes it. */
public final class MadeArchive {
    public static final String LINEAGE = "0123456789abcdef";

    public final DatabaseArchive database;
    final ManualClock clock = new ManualClock();

    /** Content after each transaction; element 0 is before any. */
    public final List<byte[]> states = new ArrayList<>(List.of(new byte[0]));

    private final Random random;
    private final List<TreeSet<Integer>> changed = new ArrayList<>(List.of(new TreeSet<>()));
    private final List<Instant> times = new ArrayList<>(List.of(Instant.EPOCH));
    private final List<Integer> pageSizes = new ArrayList<>(List.of(512));
    private boolean facts = true;
    private int uploaded;

    /** A clock that stands still until it is moved. */
    static final class ManualClock extends Clock {
        private Instant now = Instant.parse("2026-01-01T00:00:00Z");

        void pass(long millis) {
            now = now.plusMillis(millis);
        }

        @Override
        public Instant instant() {
            return now;
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }
    }

    public MadeArchive(DatabaseArchive database, long seed) {
        this.database = database;
        this.random = new Random(seed);
    }

    /** From here on as Litestream would write it. */
    MadeArchive withoutFacts() {
        facts = false;
        return this;
    }

    int uploaded() {
        return uploaded;
    }

    Instant time(int txid) {
        return times.get(txid);
    }

    int pageSize() {
        return pageSizes.get(pageSizes.size() - 1);
    }

    /** Some transactions, up to 400 ms apart. */
    public void commit(int count) {
        for (int i = 0; i < count; i++) {
            clock.pass(1 + random.nextInt(400));
            byte[] before = states.get(states.size() - 1);
            int pageSize = pageSize();
            int pagesBefore = before.length / pageSize;
            int pages = Math.max(2, pagesBefore + (random.nextInt(4) == 0 ? random.nextInt(9) - 4 : 0));
            add(pageSize, pages, pagesBefore == 0);
        }
    }

    /** A transaction that changes the page size. */
    void changePageSize() {
        clock.pass(1);
        int next = pageSize() == 512 ? 1024 : 512;
        add(next, 2 + random.nextInt(8), true);
    }

    private void add(int pageSize, int pages, boolean whole) {
        byte[] before = states.get(states.size() - 1);
        byte[] after = Arrays.copyOf(whole ? new byte[0] : before, pages * pageSize);
        TreeSet<Integer> pagesChanged = new TreeSet<>(List.of(1));
        for (int pgno = 1; pgno <= pages; pgno++) {
            if (whole || pgno > before.length / pageSize || random.nextInt(6) == 0) {
                pagesChanged.add(pgno);
            }
        }
        for (int pgno : pagesChanged) {
            byte[] page = new byte[pageSize];
            if (random.nextBoolean()) {
                random.nextBytes(page);
            } else {
                Arrays.fill(page, (byte) random.nextInt());
            }
            System.arraycopy(page, 0, after, (pgno - 1) * pageSize, pageSize);
        }
        states.add(after);
        changed.add(pagesChanged);
        times.add(clock.instant());
        pageSizes.add(pageSize);
    }

    private int newest() {
        return states.size() - 1;
    }

    /** Uploads what is committed, at most four transactions an object; the first one alone. */
    public void upload() throws IOException {
        while (uploaded < newest()) {
            int min = uploaded + 1;
            int max = min == 1 || !facts ? min : Math.min(newest(), min + random.nextInt(4));
            for (int txid = min + 1; txid <= max; txid++) {
                if (pageSizes.get(txid) != (int) pageSizes.get(min)) {
                    max = txid - 1;
                }
            }
            boolean startsOver = min > 1 && pageSizes.get(min) != (int) pageSizes.get(min - 1);
            if (startsOver) {
                max = min;
                put(database.key(9, 1, max), level(1, min, max), facts(1, max));
            } else if (max > min) {
                put(database.bundleKey(min, max), bundle(min, max), facts(min, max));
            }
            put(database.key(0, min, max), level(min, min, max), facts(min, max));
            uploaded = max;
        }
    }

    /** Uploads all that is committed as a whole image, after the log has lost what came before it. */
    void uploadAfterLoss() throws IOException {
        int max = newest();
        TreeSet<Integer> all = new TreeSet<>();
        for (int pgno = 1; pgno <= states.get(max).length / pageSize(); pgno++) {
            all.add(pgno);
        }
        changed.set(max, all);
        put(database.key(9, 1, max), level(1, max, max), facts(1, max));
        ObjectFacts known = facts(uploaded + 1, max);
        put(
                database.key(0, uploaded + 1, max),
                level(uploaded + 1, max, max),
                new ObjectFacts(known.timestamp(), known.lineage(), 0, 0, known.postChecksum(), known.owner()));
        uploaded = max;
    }

    private void put(String key, byte[] bytes, ObjectFacts objectFacts) throws IOException {
        try {
            database.store()
                    .put(
                            key,
                            ObjectBody.of(bytes),
                            PutOptions.create()
                                    .with(objectFacts.toMetadata())
                                    .modifiedAt(objectFacts.timestamp().orElseThrow()));
        } catch (StoreException e) {
            if (e.kind() != StoreException.Kind.PRECONDITION_FAILED) {
                throw e;
            }
        }
    }

    ObjectFacts facts(int min, int max) throws IOException {
        Optional<Instant> time = Optional.of(times.get(max));
        return facts
                ? new ObjectFacts(
                        time,
                        Optional.of(LINEAGE),
                        0,
                        min == 1 ? 0 : checksum(min - 1),
                        checksum(max),
                        Optional.of(new ObjectFacts.Owner(1000, 1000, 0644)))
                : new ObjectFacts(time, Optional.empty(), 0, 0, 0, Optional.empty());
    }

    long checksum(int txid) throws IOException {
        return DatabaseChecksum.of(new ByteArrayInputStream(states.get(txid)), pageSizes.get(txid));
    }

    /** An object of a level that stands for {@code from..max}, with what {@code min..max} changed. */
    private byte[] level(int from, int min, int max) throws IOException {
        byte[] state = states.get(max);
        int pageSize = pageSizes.get(max);
        int pages = state.length / pageSize;
        TreeMap<Integer, Integer> newest = new TreeMap<>();
        for (int txid = min; txid <= max; txid++) {
            newest.tailMap(states.get(txid).length / pageSize + 1).clear();
            for (int pgno : changed.get(txid)) {
                newest.put(pgno, txid);
            }
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        LtxWriter writer = new LtxWriter(
                out,
                LtxHeader.delta(pageSize, pages, from, max, times.get(max).toEpochMilli(), 0)
                        .withoutChecksums()
                        .withWal(32, 0, 0, 0));
        for (int pgno : newest.keySet()) {
            writer.writePage(pgno, state, (pgno - 1) * pageSize);
        }
        writer.finish();
        return out.toByteArray();
    }

    private byte[] bundle(int min, int max) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        BundleWriter bundle = new BundleWriter(out);
        for (int txid = min; txid <= max; txid++) {
            byte[] state = states.get(txid);
            int pageSize = pageSizes.get(txid);
            LtxWriter writer = bundle.begin(LtxHeader.delta(
                    pageSize,
                    state.length / pageSize,
                    txid,
                    txid,
                    times.get(txid).toEpochMilli(),
                    txid == 1 ? 0 : checksum(txid - 1)));
            for (int pgno : changed.get(txid)) {
                writer.writePage(pgno, state, (pgno - 1) * pageSize);
            }
            bundle.end(writer.finish(checksum(txid)));
        }
        bundle.finish();
        return out.toByteArray();
    }
}
