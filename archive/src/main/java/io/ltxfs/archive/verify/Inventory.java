package io.ltxfs.archive.verify;

import io.ltxfs.archive.ArchiveException;
import io.ltxfs.archive.ArchiveLayout;
import io.ltxfs.archive.BundleObject;
import io.ltxfs.archive.DatabaseArchive;
import io.ltxfs.archive.DatabaseRecord;
import io.ltxfs.archive.LtxObject;
import io.ltxfs.archive.ObjectFacts;
import io.ltxfs.archive.plan.Moments;
import io.ltxfs.objectstore.ListPage;
import io.ltxfs.objectstore.ObjectInfo;
import io.ltxfs.objectstore.StoreException;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What there is of one database in an archive, by lists and the metadata of a few objects; no content is read.
 *
 * @param database its name
 * @param levels those that have objects, bundles last
 * @param record its record, if there is one that can be read
 * @param aside earlier histories that were moved aside
 * @param moments what can be restored
 * @param warnings what was found on the way, one line each
 */
public record Inventory(
        String database,
        List<Level> levels,
        Optional<DatabaseRecord> record,
        List<Aside> aside,
        Moments moments,
        List<String> warnings) {

    /**
     * The objects of a level.
     *
     * @param name {@code 0} to {@code 9}, or {@code bundles}
     * @param objects how many
     * @param minTxid the first transaction (unsigned)
     * @param maxTxid the last one
     * @param firstTime of the first object
     * @param lastTime of the last object
     * @param bytes of all of them
     * @param holes what is missing between them; that is no fault of bundles
     */
    public record Level(
            String name,
            int objects,
            long minTxid,
            long maxTxid,
            Optional<Instant> firstTime,
            Optional<Instant> lastTime,
            long bytes,
            List<Hole> holes) {}

    /** Transactions that are missing, from the first to the last one (unsigned). */
    public record Hole(long firstTxid, long lastTxid) {}

    /** A history that was moved aside. */
    public record Aside(String lineage, int objects, long bytes) {}

    /** Bytes of all objects but those moved aside. */
    public long bytes() {
        return levels.stream().mapToLong(Level::bytes).sum();
    }

    /** Looks. */
    public static Inventory of(DatabaseArchive db) throws IOException {
        List<Level> levels = new ArrayList<>();
        for (int level = 0; level <= ArchiveLayout.SNAPSHOT_LEVEL; level++) {
            List<Span> spans = new ArrayList<>();
            for (LtxObject object : db.list(level, 0)) {
                spans.add(new Span(object.minTxid(), object.maxTxid(), object.key(), object.size()));
            }
            level(db, Integer.toString(level), spans, level != ArchiveLayout.SNAPSHOT_LEVEL)
                    .ifPresent(levels::add);
        }
        List<Span> bundles = new ArrayList<>();
        for (BundleObject object : db.listBundles(0)) {
            bundles.add(new Span(object.minTxid(), object.maxTxid(), object.key(), object.size()));
        }
        level(db, "bundles", bundles, false).ifPresent(levels::add);
        List<String> warnings = new ArrayList<>();
        Optional<DatabaseRecord> record = Optional.empty();
        try {
            record = DatabaseRecord.load(db);
        } catch (ArchiveException e) {
            warnings.add(String.valueOf(e.getMessage()));
        }
        return new Inventory(db.name(), levels, record, aside(db), Moments.of(db, true, Set.of()), warnings);
    }

    private record Span(long minTxid, long maxTxid, String key, long size) {}

    private static Optional<Level> level(DatabaseArchive db, String name, List<Span> spans, boolean contiguous)
            throws IOException {
        if (spans.isEmpty()) {
            return Optional.empty();
        }
        List<Hole> holes = new ArrayList<>();
        long bytes = 0;
        long reached = spans.get(0).minTxid() - 1;
        Span last = spans.get(0);
        for (Span span : spans) {
            if (contiguous && Long.compareUnsigned(span.minTxid(), reached + 1) > 0) {
                holes.add(new Hole(reached + 1, span.minTxid() - 1));
            }
            if (Long.compareUnsigned(span.maxTxid(), reached) > 0) {
                reached = span.maxTxid();
                last = span;
            }
            bytes += span.size();
        }
        return Optional.of(new Level(
                name,
                spans.size(),
                spans.get(0).minTxid(),
                reached,
                time(db, spans.get(0)),
                time(db, last),
                bytes,
                holes));
    }

    /** The time of an object's last transaction; that of its put if its metadata does not say. */
    private static Optional<Instant> time(DatabaseArchive db, Span span) throws IOException {
        try {
            ObjectInfo info = db.store().head(span.key());
            return ObjectFacts.of(info, span.key()).timestamp().or(() -> Optional.of(info.modified()));
        } catch (ArchiveException e) {
            return Optional.empty();
        } catch (StoreException e) {
            if (e.kind() == StoreException.Kind.NOT_FOUND || e.kind() == StoreException.Kind.PROTOCOL) {
                return Optional.empty();
            }
            throw e;
        }
    }

    private static String lineages(DatabaseArchive db) {
        return db.bundlePrefix().replaceFirst("bundles/$", "lineages/");
    }

    private static List<Aside> aside(DatabaseArchive db) throws StoreException {
        List<Aside> found = new ArrayList<>();
        for (String lineage : db.store().children(lineages(db))) {
            String prefix = lineages(db) + lineage + "/";
            int objects = 0;
            long bytes = 0;
            String after = "";
            for (boolean more = true; more; ) {
                ListPage page = db.store().list(prefix, after);
                for (ObjectInfo info : page.objects()) {
                    objects++;
                    bytes += info.size();
                    after = info.key();
                }
                more = page.more() && !page.objects().isEmpty();
            }
            found.add(new Aside(lineage, objects, bytes));
        }
        return found;
    }
}
