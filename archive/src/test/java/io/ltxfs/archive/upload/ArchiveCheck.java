package io.ltxfs.archive.upload;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.archive.BundleObject;
import io.ltxfs.archive.DatabaseArchive;
import io.ltxfs.archive.LtxObject;
import io.ltxfs.archive.ObjectFacts;
import io.ltxfs.archive.bundle.BundleReader;
import io.ltxfs.archive.plan.RestorePlan;
import io.ltxfs.archive.plan.RestorePlanner;
import io.ltxfs.archive.plan.RestoreTarget;
import io.ltxfs.archive.plan.Step;
import io.ltxfs.ltx.LtxReader;
import io.ltxfs.objectstore.ObjectContent;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** Holds an archive against what a database was. */
final class ArchiveCheck {
    private ArchiveCheck() {}

    /** Restores a database by a plan, the plain way. */
    static byte[] restore(DatabaseArchive db, RestoreTarget target) throws IOException {
        RestorePlan plan = RestorePlanner.plan(db, target, false);
        byte[] image = new byte[0];
        for (Step step : plan.steps()) {
            if (step instanceof Step.Whole) {
                try (ObjectContent content = db.store().get(step.key());
                        LtxReader reader = LtxReader.open(content.stream())) {
                    image = apply(reader, image);
                }
            } else if (step instanceof Step.Slice slice) {
                byte[][] result = {image};
                BundleReader.open(db.store(), slice.bundle())
                        .read(slice.fromTxid(), slice.toTxid(), (entry, ltx) -> result[0] = apply(ltx, result[0]));
                image = result[0];
            }
        }
        return image;
    }

    private static byte[] apply(LtxReader reader, byte[] before) throws IOException {
        int pageSize = reader.header().pageSize();
        byte[] image = Arrays.copyOf(before, reader.header().commit() * pageSize);
        byte[] page = new byte[pageSize];
        for (int pgno = reader.nextPage(page); pgno != 0; pgno = reader.nextPage(page)) {
            System.arraycopy(page, 0, image, (pgno - 1) * pageSize, pageSize);
        }
        reader.finish();
        return image;
    }

    /** Level 0 has no hole, and says what it is. */
    static List<LtxObject> level0(DatabaseArchive db) throws IOException {
        List<LtxObject> objects = db.list(0, 0);
        long next = 1;
        for (LtxObject object : objects) {
            assertEquals(next, object.minTxid(), () -> "level 0 has a hole or an overlap: " + objects);
            next = object.maxTxid() + 1;
            ObjectFacts facts = ObjectFacts.of(db.store().head(object.key()), object.key());
            assertTrue(facts.lineage().isPresent(), object.key());
            try (ObjectContent content = db.store().get(object.key());
                    LtxReader reader = LtxReader.open(content.stream())) {
                assertEquals(object.minTxid(), reader.header().minTxid());
                assertEquals(object.maxTxid(), reader.header().maxTxid());
                assertEquals(32, reader.header().walOffset());
                assertEquals(
                        facts.timestamp().orElseThrow().toEpochMilli(),
                        reader.header().timestampMillis());
                reader.drain();
            }
        }
        return objects;
    }

    /** Each transaction of a database can be restored. */
    static void everyTransaction(DatabaseArchive db, TestNode.History history) throws IOException {
        for (long txid : history.images.keySet()) {
            assertArrayEquals(
                    history.images.get(txid),
                    restore(db, new RestoreTarget.AtTxid(txid)),
                    () -> db.name() + " at " + txid);
        }
    }

    /** What single transactions the bundles of an archive have. */
    static Set<Long> bundled(DatabaseArchive db) throws IOException {
        Set<Long> txids = new TreeSet<>();
        for (BundleObject bundle : db.listBundles(0)) {
            for (long txid = bundle.minTxid(); txid <= bundle.maxTxid(); txid++) {
                txids.add(txid);
            }
        }
        return txids;
    }

    static byte[] bytes(DatabaseArchive db, String key) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (ObjectContent content = db.store().get(key)) {
            content.stream().transferTo(out);
        }
        return out.toByteArray();
    }
}
