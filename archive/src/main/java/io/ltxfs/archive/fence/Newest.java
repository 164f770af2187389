package io.ltxfs.archive.fence;

import io.ltxfs.archive.DatabaseArchive;
import io.ltxfs.archive.DatabaseRecord;
import io.ltxfs.archive.LtxObject;
import io.ltxfs.archive.ObjectFacts;
import io.ltxfs.objectstore.StoreException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The object that reaches furthest in a database's history, and what is said of it.
 *
 * @param object of level 0, or of another one where level 0 is empty
 * @param facts of its metadata
 */
public record Newest(LtxObject object, ObjectFacts facts) {
    /** Where to look for objects if level 0 has none: it was emptied by somebody else. */
    private static final int[] OTHER_LEVELS = {1, 2, 3, 9};

    /**
     * Looks for it. What was put under an epoch that had ended is passed over.
     *
     * @param fromTxid objects that begin before are looked for only where there are no others
     */
    public static Optional<Newest> of(DatabaseArchive database, Optional<DatabaseRecord> record, long fromTxid)
            throws IOException {
        Optional<Newest> found = of(database, record, database.list(0, fromTxid));
        if (found.isEmpty() && fromTxid > 1) {
            found = of(database, record, database.list(0, 0));
        }
        for (int i = 0; i < OTHER_LEVELS.length && found.isEmpty(); i++) {
            found = of(database, record, database.list(OTHER_LEVELS[i], 0));
        }
        return found;
    }

    /** The one that reaches furthest; of several the shortest. */
    private static Optional<Newest> of(
            DatabaseArchive database, Optional<DatabaseRecord> record, List<LtxObject> objects) throws IOException {
        List<LtxObject> furthestFirst = new ArrayList<>(objects);
        furthestFirst.sort((a, b) -> {
            int byMax = Long.compareUnsigned(b.maxTxid(), a.maxTxid());
            return byMax != 0 ? byMax : Long.compareUnsigned(b.minTxid(), a.minTxid());
        });
        for (LtxObject object : furthestFirst) {
            Optional<ObjectFacts> facts = facts(database, object.key());
            if (facts.isPresent() && (record.isEmpty() || !record.get().isStale(facts.get(), object.maxTxid()))) {
                return Optional.of(new Newest(object, facts.get()));
            }
        }
        return Optional.empty();
    }

    private static Optional<ObjectFacts> facts(DatabaseArchive database, String key) throws IOException {
        try {
            return Optional.of(
                    ObjectFacts.of(database.store().head(key), database.store().describe(key)));
        } catch (StoreException e) {
            if (e.kind() == StoreException.Kind.NOT_FOUND) {
                return Optional.empty();
            }
            throw e;
        }
    }
}
