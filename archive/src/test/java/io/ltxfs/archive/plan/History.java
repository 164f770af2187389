package io.ltxfs.archive.plan;

import io.ltxfs.archive.Archive;
import io.ltxfs.archive.ArchiveLayout;
import io.ltxfs.archive.DatabaseArchive;
import io.ltxfs.archive.DatabaseRecord;
import io.ltxfs.archive.DatabaseRecord.Drop;
import io.ltxfs.archive.DatabaseRecord.Epoch;
import io.ltxfs.archive.ObjectFacts;
import io.ltxfs.archive.bundle.BundleWriter;
import io.ltxfs.ltx.LtxHeader;
import io.ltxfs.ltx.LtxWriter;
import io.ltxfs.ltx.PageChecksum;
import io.ltxfs.objectstore.MemoryStore;
import io.ltxfs.objectstore.ObjectBody;
import io.ltxfs.objectstore.PutOptions;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * A made-up history of a small database, and the archive that it leaves in memory: levels, bundles, snapshots, drops, page
 * sizes that change, lost transactions, epochs and what a deposed primary put. All states are kept, to compare with.
 */
final class History {
    static final Instant BEGIN = Instant.parse("2026-03-01T10:00:00Z");
    private static final String LINEAGE = "00112233445566778899aabbccddeeff";
    private static final ObjectFacts.Owner OWNER = new ObjectFacts.Owner(1000, 1000, 0640);

    /** The database after a transaction. */
    record State(long txid, long millis, int pageSize, boolean isDrop, TreeMap<Integer, byte[]> pages) {
        long checksum() {
            long sum = PageChecksum.EMPTY;
            for (var page : pages.entrySet()) {
                sum = PageChecksum.toggle(sum, PageChecksum.of(page.getKey(), page.getValue(), 0, pageSize));
            }
            return sum;
        }
    }

    /** What lies between two points that no object of a higher level spans: the first object, then the others' ends. */
    private record Segment(int start, int image, List<Integer> ends) {}

    private final Random random;
    private final boolean litestream;
    final DatabaseArchive db;
    final List<State> states = new ArrayList<>();
    private final List<Segment> segments = new ArrayList<>();
    /** The keys of what a deposed primary put. */
    final TreeSet<String> stale = new TreeSet<>();

    private long millis = BEGIN.toEpochMilli();
    private int pageSize = 512;
    private int secondEpoch;

    History(Random random, ArchiveLayout layout, boolean litestream) throws IOException {
        this.random = random;
        this.litestream = litestream;
        this.db = new Archive(new MemoryStore(), layout).database("tenants/a b.db");
        states.add(new State(0, 0, pageSize, true, new TreeMap<>()));
        int count = litestream ? 1 : 1 + random.nextInt(3);
        for (int i = 0; i < count; i++) {
            segment();
        }
        boolean endsDropped = !litestream && random.nextInt(6) == 0;
        if (endsDropped) {
            drop();
        }
        secondEpoch = litestream ? 0 : random.nextInt(3) == 0 ? 0 : 1 + random.nextInt(states.size() - 1);
        archive();
        if (!litestream) {
            if (secondEpoch > 0 && random.nextBoolean()) {
                putStale();
            }
            DatabaseRecord.update(db, current -> record());
        }
    }

    int last() {
        return states.size() - 1;
    }

    State state(long txid) {
        return states.get((int) txid);
    }

    List<Drop> drops() {
        List<Drop> drops = new ArrayList<>();
        for (State state : states.subList(1, states.size())) {
            if (state.isDrop()) {
                drops.add(new Drop(state.txid(), state.millis()));
            }
        }
        return drops;
    }

    private DatabaseRecord record() {
        List<Epoch> epochs = new ArrayList<>(List.of(new Epoch(3, 1, "node-a")));
        if (secondEpoch > 0) {
            epochs.add(new Epoch(5, secondEpoch, "node-b"));
        }
        return new DatabaseRecord(LINEAGE, db.name(), epochs, drops());
    }

    private void segment() {
        int start = states.size();
        if (start > 1) {
            switch (random.nextInt(3)) {
                case 0 -> {
                    drop();
                    pageSize = random.nextBoolean() ? pageSize : 1536 - pageSize;
                }
                case 1 -> pageSize = 1536 - pageSize;
                default -> {
                    for (int i = random.nextInt(3); i > 0; i--) {
                        delta();
                    }
                }
            }
        }
        image();
        int image = last();
        List<Integer> ends = new ArrayList<>();
        for (int i = random.nextInt(8); i > 0; i--) {
            for (int n = 1 + random.nextInt(4); n > 0; n--) {
                delta();
            }
            ends.add(last());
        }
        segments.add(new Segment(start, image, ends));
    }

    private void drop() {
        add(true, new TreeMap<>());
    }

    private void image() {
        TreeMap<Integer, byte[]> pages = new TreeMap<>();
        for (int pgno = 1 + random.nextInt(8); pgno > 0; pgno--) {
            pages.put(pgno, page());
        }
        add(false, pages);
    }

    private void delta() {
        TreeMap<Integer, byte[]> pages = new TreeMap<>(states.get(last()).pages());
        int commit = Math.max(1, pages.size() + random.nextInt(4) - 1);
        pages.tailMap(commit, false).clear();
        for (int pgno = 1; pgno <= commit; pgno++) {
            if (pgno == 1 || !pages.containsKey(pgno) || random.nextInt(4) == 0) {
                pages.put(pgno, page());
            }
        }
        add(false, pages);
    }

    private void add(boolean isDrop, TreeMap<Integer, byte[]> pages) {
        millis += random.nextInt(4) == 0 ? 0 : random.nextInt(1000);
        states.add(new State(states.size(), millis, pageSize, isDrop, pages));
    }

    private byte[] page() {
        byte[] page = new byte[pageSize];
        random.nextBytes(page);
        return page;
    }

    /** Puts everything that was ever put, as if nothing were ever deleted. */
    private void archive() throws IOException {
        for (Segment segment : segments) {
            List<int[]> level0 = new ArrayList<>(List.of(new int[] {segment.start(), segment.image()}));
            int from = segment.image() + 1;
            for (int end : segment.ends()) {
                level0.add(new int[] {from, end});
                if (end > from) {
                    bundle(from, end);
                }
                from = end + 1;
            }
            put(9, 1, segment.image());
            List<int[]> level = level0;
            for (int n = 0; n < 4; n++) {
                for (int[] range : level) {
                    put(n, range[0], range[1]);
                    if (n == 1) {
                        bundle(Math.max(range[0], segment.image()), range[1]);
                    }
                    if (n > 0 && random.nextInt(5) == 0) {
                        put(9, 1, range[1]);
                    }
                }
                level = merge(level);
            }
        }
    }

    private List<int[]> merge(List<int[]> ranges) {
        List<int[]> merged = new ArrayList<>();
        for (int i = 0; i < ranges.size(); ) {
            int next = Math.min(ranges.size(), i + 1 + random.nextInt(3));
            merged.add(new int[] {ranges.get(i)[0], ranges.get(next - 1)[1]});
            i = next;
        }
        // The newest one stays alone for a while.
        if (merged.size() > 1 && random.nextBoolean()) {
            merged.remove(merged.size() - 1);
        }
        return merged;
    }

    private void put(int level, int min, int max) throws IOException {
        byte[] bytes = ltx(min, max, states);
        db.store()
                .put(
                        db.key(level, min, max),
                        ObjectBody.of(bytes),
                        PutOptions.replace().with(facts(min, max, epochOf(max)).toMetadata()));
    }

    private ObjectFacts facts(int min, int max, long epoch) {
        if (litestream) {
            return ObjectFacts.NONE;
        }
        return new ObjectFacts(
                Optional.of(Instant.ofEpochMilli(states.get(max).millis())),
                Optional.of(LINEAGE),
                epoch,
                min == 1 ? 0 : states.get(min - 1).checksum(),
                states.get(max).checksum(),
                Optional.of(OWNER));
    }

    private long epochOf(int txid) {
        return secondEpoch > 0 && txid >= secondEpoch ? 5 : 3;
    }

    private void bundle(int min, int max) throws IOException {
        if (litestream) {
            return;
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        BundleWriter bundle = new BundleWriter(out);
        for (int txid = min; txid <= max; txid++) {
            State before = states.get(txid - 1);
            State state = states.get(txid);
            LtxHeader header = txid == 1
                    ? LtxHeader.snapshot(state.pageSize(), state.pages().size(), 1, state.millis())
                    : LtxHeader.delta(
                            state.pageSize(), state.pages().size(), txid, txid, state.millis(), before.checksum());
            LtxWriter ltx = bundle.begin(header);
            for (var page : changed(txid, txid, states).entrySet()) {
                ltx.writePage(page.getKey(), page.getValue(), 0);
            }
            bundle.end(ltx.finish(state.checksum()));
        }
        bundle.finish();
        db.store()
                .put(
                        db.bundleKey(min, max),
                        ObjectBody.of(out.toByteArray()),
                        PutOptions.replace().with(facts(min, max, epochOf(max)).toMetadata()));
    }

    /** The pages of a range in their newest version. */
    static TreeMap<Integer, byte[]> changed(int min, int max, List<State> states) {
        TreeMap<Integer, byte[]> changed = new TreeMap<>();
        State before = states.get(min - 1);
        for (int txid = min; txid <= max; txid++) {
            State state = states.get(txid);
            for (var page : state.pages().entrySet()) {
                if (before.pages().get(page.getKey()) != page.getValue()) {
                    changed.put(page.getKey(), page.getValue());
                }
            }
            before = state;
        }
        changed.tailMap(before.pages().size(), false).clear();
        return changed;
    }

    private static byte[] ltx(int min, int max, List<State> states) throws IOException {
        State state = states.get(max);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        LtxHeader header = LtxHeader.delta(state.pageSize(), state.pages().size(), min, max, state.millis(), 0)
                .withoutChecksums()
                .withWal(32, 0, 0, 0);
        LtxWriter ltx = new LtxWriter(out, header);
        for (var page : (min == 1 ? state.pages() : changed(min, max, states)).entrySet()) {
            ltx.writePage(page.getKey(), page.getValue(), 0);
        }
        ltx.finish();
        return out.toByteArray();
    }

    /** What the first epoch's primary went on to put, after the second epoch had begun. */
    private void putStale() throws IOException {
        int from = secondEpoch - random.nextInt(Math.min(secondEpoch, 4));
        List<State> other = new ArrayList<>(states.subList(0, from));
        for (int i = 1 + random.nextInt(10); i > 0; i--) {
            State before = other.get(other.size() - 1);
            TreeMap<Integer, byte[]> pages = new TreeMap<>(before.pages());
            byte[] page = new byte[before.pageSize()];
            random.nextBytes(page);
            pages.put(1, page);
            other.add(new State(other.size(), before.millis() + random.nextInt(1000), before.pageSize(), false, pages));
        }
        int max = other.size() - 1;
        for (int min = from; min <= max; ) {
            int end = Math.min(max, min + random.nextInt(4));
            boolean belongsToSecond = end >= secondEpoch;
            String key = db.key(random.nextInt(2), min, end);
            if (belongsToSecond && !exists(key)) {
                db.store()
                        .put(
                                key,
                                ObjectBody.of(ltx(min, end, other)),
                                PutOptions.create()
                                        .with(new ObjectFacts(
                                                        Optional.empty(),
                                                        Optional.of(LINEAGE),
                                                        3,
                                                        0,
                                                        0,
                                                        Optional.empty())
                                                .toMetadata()));
                stale.add(key);
            }
            min = end + 1;
        }
    }

    private boolean exists(String key) throws IOException {
        return db.store().list(key, "").objects().stream()
                .anyMatch(object -> object.key().equals(key));
    }
}
