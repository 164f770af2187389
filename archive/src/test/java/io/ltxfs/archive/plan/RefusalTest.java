package io.ltxfs.archive.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.archive.Archive;
import io.ltxfs.archive.ArchiveException;
import io.ltxfs.archive.ArchiveException.Kind;
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
import io.ltxfs.objectstore.ForwardingStore;
import io.ltxfs.objectstore.MemoryStore;
import io.ltxfs.objectstore.ObjectBody;
import io.ltxfs.objectstore.ObjectContent;
import io.ltxfs.objectstore.PutOptions;
import io.ltxfs.objectstore.StoreException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** What is said when something cannot be had, or something is wrong; transaction n was committed n seconds after ten. */
class RefusalTest {
    private static final int PAGE_SIZE = 512;
    private static final Instant BEGIN = Instant.parse("2026-03-01T10:00:00Z");

    private final MemoryStore store = new MemoryStore();
    private final DatabaseArchive db = new Archive(store, ArchiveLayout.S3).database("app.db");
    private String lineage = "";
    private long epoch;

    private static Instant time(long txid) {
        return BEGIN.plusSeconds(txid);
    }

    private Map<String, String> facts(long max) {
        return lineage.isEmpty()
                ? Map.of()
                : new ObjectFacts(
                                Optional.of(time(max)), Optional.of(lineage), epoch, 0, checksum(max), Optional.empty())
                        .toMetadata();
    }

    private static byte[] page(long txid) {
        byte[] page = new byte[PAGE_SIZE];
        page[0] = (byte) txid;
        return page;
    }

    private static long checksum(long txid) {
        return PageChecksum.of(1, page(txid), 0, PAGE_SIZE) & -1L;
    }

    /** A database of two pages, of which each transaction changes the first. */
    private void put(int level, long min, long max) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        LtxWriter ltx = new LtxWriter(
                out,
                LtxHeader.delta(PAGE_SIZE, 2, min, max, time(max).toEpochMilli(), 0)
                        .withoutChecksums());
        ltx.writePage(1, page(max), 0);
        if (min == 1) {
            ltx.writePage(2, page(0), 0);
        }
        ltx.finish();
        store.put(
                db.key(level, min, max),
                ObjectBody.of(out.toByteArray()),
                PutOptions.create().with(facts(max)));
    }

    /** A database of another page size, of which every object has every page. */
    private void putWhole(int level, long min, long max, int pageSize, int pages) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        LtxHeader header = LtxHeader.delta(pageSize, pages, min, max, time(max).toEpochMilli(), 0);
        LtxWriter ltx = new LtxWriter(out, header.withoutChecksums());
        for (int pgno = 1; pgno <= pages; pgno++) {
            ltx.writePage(pgno, new byte[pageSize], 0);
        }
        ltx.finish();
        store.put(
                db.key(level, min, max),
                ObjectBody.of(out.toByteArray()),
                PutOptions.create().with(facts(max)));
    }

    private static List<String> keys(RestorePlan plan) {
        return plan.steps().stream().map(Step::key).collect(Collectors.toList());
    }

    @Test
    void thePageSizeChanges() throws IOException {
        record(List.of(), List.of());
        put(1, 1, 1);
        putWhole(9, 1, 2, 1024, 500);
        putWhole(1, 2, 9, 1024, 500);
        RestorePlan plan = RestorePlanner.plan(db, at(9), false);
        assertEquals(List.of(db.key(9, 1, 2), db.key(1, 2, 9)), keys(plan));
        assertEquals(1024, plan.pageSize());
        assertEquals(PAGE_SIZE, RestorePlanner.plan(db, at(1), false).pageSize());
        store.delete(db.key(9, 1, 2));
        assertEquals(List.of(db.key(1, 2, 9)), keys(RestorePlanner.plan(db, at(9), false)));
    }

    private void bundle(long min, long max) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        BundleWriter bundle = new BundleWriter(out);
        for (long txid = min; txid <= max; txid++) {
            LtxWriter ltx = bundle.begin(
                    LtxHeader.delta(PAGE_SIZE, 2, txid, txid, time(txid).toEpochMilli(), checksum(txid - 1)));
            ltx.writePage(1, page(txid), 0);
            bundle.end(ltx.finish(checksum(txid)));
        }
        bundle.finish();
        store.put(
                db.bundleKey(min, max),
                ObjectBody.of(out.toByteArray()),
                PutOptions.create().with(facts(max)));
    }

    private void record(List<Epoch> epochs, List<Drop> drops) throws IOException {
        DatabaseRecord.update(db, current -> new DatabaseRecord("history-a", "app.db", epochs, drops));
    }

    private static RestoreTarget at(long txid) {
        return new RestoreTarget.AtTxid(txid);
    }

    private static RestoreTarget at(Instant time) {
        return new RestoreTarget.AtTime(time);
    }

    private void refuses(Kind kind, RestoreTarget target, String message) {
        ArchiveException e = assertThrows(ArchiveException.class, () -> RestorePlanner.plan(db, target, false));
        assertEquals(message, e.getMessage());
        assertEquals(kind, e.kind());
    }

    private long nearest(RestoreTarget target) throws IOException {
        return RestorePlanner.plan(db, target, true).txid();
    }

    private static final String HINT = " (--txid takes one of them, --nearest the first)";

    @Test
    void nothingIsThere() {
        refuses(
                Kind.NOT_FOUND,
                new RestoreTarget.End(),
                "'app.db': there is nothing of it in memory:; 'ltxfs archive list' shows what is there");
    }

    @Test
    void transactionsAreMerged() throws IOException {
        put(1, 1, 4);
        put(1, 5, 9);
        refuses(
                Kind.NOT_FOUND,
                at(6),
                "'app.db': TXID 0000000000000006 is kept merged with others only; the nearest that can be restored: --txid"
                        + " 0000000000000004 of 2026-03-01T10:00:04Z before, --txid 0000000000000009 of"
                        + " 2026-03-01T10:00:09Z after"
                        + HINT);
        assertEquals(4, nearest(at(6)));
        assertEquals(4, nearest(at(2)));
        refuses(
                Kind.NOT_FOUND,
                at(time(7)),
                "'app.db': which transaction was the last one at 2026-03-01T10:00:07Z is not known any more: single"
                        + " transactions are not kept for so long, or Litestream wrote the archive; the nearest that can be"
                        + " restored: --txid 0000000000000004 of 2026-03-01T10:00:04Z before, --txid 0000000000000009 of"
                        + " 2026-03-01T10:00:09Z after"
                        + HINT);
        assertEquals(4, nearest(at(time(7))));
    }

    @Test
    void targetsLieOutside() throws IOException {
        put(0, 1, 1);
        put(0, 2, 2);
        refuses(
                Kind.NOT_FOUND,
                at(3),
                "'app.db': the archive ends at TXID 0000000000000002; the nearest that can be restored: --txid"
                        + " 0000000000000002 of 2026-03-01T10:00:02Z before"
                        + HINT);
        assertEquals(2, nearest(at(3)));
        refuses(
                Kind.NOT_FOUND,
                at(BEGIN),
                "'app.db': its history in the archive begins after 2026-03-01T10:00:00Z; the nearest that can be restored:"
                        + " --txid 0000000000000001 of 2026-03-01T10:00:01Z after"
                        + HINT);
        assertEquals(1, nearest(at(BEGIN)));
        assertEquals(2, nearest(at(time(1000))));
        refuses(Kind.WRONG_USAGE, at(0), "'app.db': TXID 0 is before the first transaction; TXIDs begin at 1");
    }

    @Test
    void transactionsAreMissing() throws IOException {
        put(0, 1, 1);
        put(0, 2, 2);
        put(0, 5, 6);
        put(0, -3, -1);
        String rest =
                "; the nearest that can be restored: --txid 0000000000000002 of 2026-03-01T10:00:02Z before" + HINT;
        String missing = "'app.db': the transactions 0000000000000003 to 0000000000000004 are missing in the archive";
        refuses(Kind.NOT_FOUND, new RestoreTarget.End(), missing + rest);
        refuses(Kind.NOT_FOUND, at(6), missing + rest);
        refuses(Kind.NOT_FOUND, at(3), missing + rest);
        assertEquals(2, nearest(new RestoreTarget.End()));
        assertEquals(2, nearest(at(6)));
    }

    @Test
    void theBaseIsMissing() throws IOException {
        put(0, 5, 6);
        refuses(
                Kind.NOT_FOUND,
                new RestoreTarget.End(),
                "'app.db': the transactions 0000000000000001 to 0000000000000004 are missing in the archive; nothing of it"
                        + " can be restored, 'ltxfs archive verify' says why");
    }

    @Test
    void itWasDropped() throws IOException {
        put(0, 1, 1);
        put(0, 2, 3);
        Drop drop = new Drop(4, time(4).toEpochMilli());
        record(List.of(), List.of(drop));
        String dropped =
                "'app.db': it was dropped at 2026-03-01T10:00:04Z (TXID 0000000000000004); the nearest that can be"
                        + " restored: --txid 0000000000000003 of 2026-03-01T10:00:03Z before";
        refuses(Kind.NOT_FOUND, new RestoreTarget.End(), dropped + HINT);
        refuses(Kind.NOT_FOUND, at(4), dropped + HINT);
        refuses(Kind.NOT_FOUND, at(time(9)), dropped + HINT);
        assertEquals(3, nearest(new RestoreTarget.End()));
        assertEquals(
                3, RestorePlanner.plan(db, at(time(4).minusMillis(1)), false).txid());
        put(9, 1, 8);
        put(0, 4, 8);
        String again = ", --txid 0000000000000008 of 2026-03-01T10:00:08Z after";
        refuses(Kind.NOT_FOUND, at(4), dropped + again + HINT);
        assertEquals(8, RestorePlanner.plan(db, new RestoreTarget.End(), false).txid());
        assertEquals(8, RestorePlanner.plan(db, at(time(8)), false).txid());
    }

    @Test
    void objectsAreForeign() throws IOException {
        lineage = "history-b";
        put(0, 1, 1);
        record(List.of(), List.of());
        refuses(
                Kind.FOREIGN,
                new RestoreTarget.End(),
                "memory:app.db/0000/0000000000000001-0000000000000001.ltx: it belongs to the history history-b, the archive"
                        + " of 'app.db' is that of history history-a; move the object away, or the archive that it does"
                        + " not belong to");
    }

    @Test
    void twoHistoriesAreMixedWithoutARecord() throws IOException {
        lineage = "history-a";
        put(0, 1, 1);
        lineage = "history-b";
        put(0, 2, 2);
        refuses(
                Kind.FOREIGN,
                new RestoreTarget.End(),
                "memory:app.db/0000/0000000000000002-0000000000000002.ltx belongs to the history history-b,"
                        + " memory:app.db/0000/0000000000000001-0000000000000001.ltx to history-a; move away what does not"
                        + " belong to the database");
    }

    @Test
    void aDeposedPrimaryIsPassedOver() throws IOException {
        record(List.of(new Epoch(1, 1, "a"), new Epoch(2, 3, "b")), List.of());
        lineage = "history-a";
        epoch = 1;
        put(0, 1, 2);
        put(0, 3, 4);
        refuses(
                Kind.NOT_FOUND,
                at(4),
                "'app.db': the archive ends at TXID 0000000000000002"
                        + " (memory:app.db/0000/0000000000000003-0000000000000004.ltx was passed over: it was put under"
                        + " epoch 1, TXID 0000000000000004 belongs to epoch 2); the nearest that can be restored: --txid"
                        + " 0000000000000002 of 2026-03-01T10:00:02Z before"
                        + HINT);
        assertEquals(2, RestorePlanner.plan(db, new RestoreTarget.End(), false).txid());
        assertEquals(2, RestorePlanner.plan(db, at(time(9)), false).txid());
        epoch = 2;
        put(0, 3, 3);
        RestorePlan plan = RestorePlanner.plan(db, new RestoreTarget.End(), false);
        assertEquals(3, plan.txid());
        assertEquals(1, plan.warnings().size());
    }

    private void replace(String key, byte[] bytes) throws IOException {
        store.put(key, ObjectBody.of(bytes), PutOptions.replace());
    }

    private byte[] bytes(String key) throws IOException {
        try (ObjectContent content = store.get(key)) {
            return content.readAll();
        }
    }

    @Test
    void damageIsPassedOverOrNamed() throws IOException {
        put(0, 1, 1);
        put(0, 2, 2);
        put(0, 3, 3);
        bundle(2, 3);
        put(1, 2, 3);
        replace(db.key(1, 2, 3), bytes(db.key(0, 3, 3)));
        replace(db.key(0, 2, 2), new byte[7]);
        byte[] flipped = bytes(db.bundleKey(2, 3));
        flipped[flipped.length - 50]++;
        replace(db.bundleKey(2, 3), flipped);
        refuses(
                Kind.NOT_FOUND,
                new RestoreTarget.End(),
                "'app.db': transaction 0000000000000002 is missing in the archive"
                        + " (memory:app.db/0000/0000000000000002-0000000000000002.ltx was passed over: it is cut off: it is"
                        + " too small for what its name says;"
                        + " memory:app.db/0001/0000000000000002-0000000000000003.ltx was passed over: it is the object"
                        + " 0000000000000003-0000000000000003.ltx under another name;"
                        + " memory:app.db/bundles/0000000000000002-0000000000000003.ltxb was passed over: the bundle is"
                        + " damaged: the checksum of its table is wrong); the nearest that can be restored: --txid"
                        + " 0000000000000001 of 2026-03-01T10:00:01Z before"
                        + HINT);
        put(2, 1, 3);
        RestorePlan plan = RestorePlanner.plan(db, new RestoreTarget.End(), false);
        assertEquals(3, plan.txid());
        assertEquals(List.of(db.key(2, 1, 3)), keys(plan));
    }

    @Test
    void theRecordIsOfTheFuture() throws IOException {
        put(0, 1, 1);
        replace(db.recordKey(), "{\"format\": 2}".getBytes(StandardCharsets.UTF_8));
        refuses(
                Kind.DAMAGED,
                new RestoreTarget.End(),
                "memory:app.db/ltxfs.json: it has format 2, and this ltxfs knows format 1; use the newer ltxfs that wrote"
                        + " it");
    }

    private void compact() throws IOException {
        put(1, 1, 1);
        put(1, 2, 3);
        for (long txid = 1; txid <= 3; txid++) {
            store.delete(db.key(0, txid, txid));
        }
    }

    /** A store in which compaction and retention go on when the first object is opened. */
    @Test
    void whatWasMergedMeanwhileIsFoundAgain() throws IOException {
        put(0, 1, 1);
        put(0, 2, 2);
        put(0, 3, 3);
        ForwardingStore moving = new ForwardingStore(store) {
            private boolean moved;

            @Override
            public ObjectContent get(String key, long offset, long length) throws StoreException {
                try {
                    if (!moved && key.startsWith(db.levelPrefix(0))) {
                        moved = true;
                        compact();
                    }
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
                return super.get(key, offset, length);
            }
        };
        DatabaseArchive seen = new Archive(moving, ArchiveLayout.S3).database("app.db");
        RestorePlan plan = RestorePlanner.plan(seen, new RestoreTarget.End(), false);
        assertEquals(List.of(db.key(1, 1, 1), db.key(1, 2, 3)), keys(plan));
        assertEquals(List.of(), plan.warnings());
    }

    @Test
    void aMomentTakesFewRequests() throws IOException {
        put(9, 1, 1);
        for (long txid = 2; txid < 2000; txid += 10) {
            put(1, txid, txid + 9);
            bundle(txid, txid + 9);
        }
        for (long txid : new long[] {1, 2, 777, 1000, 1998, 2001}) {
            RestorePlan plan = RestorePlanner.plan(db, at(time(txid).plusMillis(500)), false);
            assertEquals(txid, plan.txid());
            int others = plan.requests() - plan.steps().size();
            assertTrue(others < 25, () -> others + " requests besides one for each of the steps");
        }
    }
}
