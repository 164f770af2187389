package io.ltxfs.archive.upload;

import io.ltxfs.archive.ArchiveException;
import io.ltxfs.archive.ArchiveLayout;
import io.ltxfs.archive.DatabaseArchive;
import io.ltxfs.archive.DatabaseRecord;
import io.ltxfs.archive.ObjectCopy;
import io.ltxfs.objectstore.ListPage;
import io.ltxfs.objectstore.ObjectInfo;
import io.ltxfs.objectstore.ObjectStore;
import io.ltxfs.objectstore.StoreException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Moves the history that an archive holds of a database aside, to {@code lineages/<lineage>/} beside it, so that another
 * one can begin in its place. Everything is copied before anything is deleted, the record last; interrupted, it is
 * simply done again.
 */
public final class NewLineage {
    /** What an archive without a record is moved to. */
    private static final String NO_RECORD = "litestream";

    private final DatabaseArchive db;
    private final ObjectStore store;
    private final Progress progress;

    /** Told how far it is. */
    @FunctionalInterface
    public interface Progress {
        /**
         * Some objects are done.
         *
         * @param done how many objects were copied or deleted
         * @param all how many copies and deletions there are
         */
        void done(long done, long all);
    }

    private NewLineage(DatabaseArchive db, Progress progress) {
        this.db = db;
        this.store = db.store();
        this.progress = progress;
    }

    /**
     * Moves a database's history aside. Nobody may write to the archive meanwhile.
     *
     * @return where it is then, as people write it; empty if there was none
     * @throws ArchiveException if something else is at the place where it is to go
     */
    public static String moveAside(DatabaseArchive db, Progress progress) throws IOException {
        return new NewLineage(db, progress).run();
    }

    private String run() throws IOException {
        String lineage = DatabaseRecord.load(db).map(DatabaseRecord::lineage).orElse(NO_RECORD);
        String target = db.place() + "/lineages/" + lineage;
        List<ObjectInfo> objects = objects();
        if (objects.isEmpty()) {
            return "";
        }
        long all = 2L * objects.size();
        long done = 0;
        for (ObjectInfo object : objects) {
            // A list has no metadata.
            ObjectInfo whole = store.head(object.key());
            ObjectCopy.copy(
                    store, whole, target + object.key().substring(db.place().length()));
            progress.done(++done, all);
        }
        for (ObjectInfo object : objects) {
            store.delete(object.key());
            progress.done(++done, all);
        }
        return store.describe(target);
    }

    /** Only what is ours: below a database's place there may be another database's. */
    private List<ObjectInfo> objects() throws IOException {
        List<ObjectInfo> found = new ArrayList<>();
        for (int level = 0; level <= ArchiveLayout.SNAPSHOT_LEVEL; level++) {
            list(db.levelPrefix(level), found);
        }
        list(db.bundlePrefix(), found);
        try {
            found.add(store.head(db.recordKey()));
        } catch (StoreException e) {
            if (e.kind() != StoreException.Kind.NOT_FOUND) {
                throw e;
            }
        }
        return found;
    }

    private void list(String prefix, List<ObjectInfo> found) throws IOException {
        String after = "";
        ListPage page;
        do {
            page = store.list(prefix, after);
            found.addAll(page.objects());
            if (!page.objects().isEmpty()) {
                after = page.objects().get(page.objects().size() - 1).key();
            }
        } while (page.more());
    }
}
