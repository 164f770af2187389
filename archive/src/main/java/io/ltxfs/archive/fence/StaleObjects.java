package io.ltxfs.archive.fence;

import io.ltxfs.archive.ArchiveException;
import io.ltxfs.archive.ArchiveLayout;
import io.ltxfs.archive.BundleObject;
import io.ltxfs.archive.DatabaseArchive;
import io.ltxfs.archive.DatabaseRecord;
import io.ltxfs.archive.LtxObject;
import io.ltxfs.archive.ObjectCopy;
import io.ltxfs.archive.ObjectFacts;
import io.ltxfs.ltx.Txid;
import io.ltxfs.objectstore.ObjectInfo;
import io.ltxfs.objectstore.ObjectStore;
import io.ltxfs.objectstore.StoreException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Moves aside what a deposed primary put under an epoch that had ended, to {@code lineages/<lineage>-epoch-<epoch>/} beside
 * the levels: our own restore passes it over, Litestream's knows no epochs.
 *
 * <p>An object is copied, looked at once more, the record too, and then deleted. Stores delete by key only: a process that
 * is paused between that look and the request, for as long as it takes another one to become primary, move the same object
 * aside and put its own in its place, would delete that. Level 1 has its transactions within seconds, from the log.
 *
 * <p>One thread at a time for each database in a process: all methods lock on the class's users' behalf.
 */
public final class StaleObjects {
    private static final Logger LOG = LoggerFactory.getLogger(StaleObjects.class);

    private final DatabaseArchive database;
    private final ObjectStore store;
    private final long epoch;

    /**
     * Looks for them as the primary of an epoch.
     *
     * @param epoch that this node claimed (unsigned)
     */
    public StaleObjects(DatabaseArchive database, long epoch) {
        this.database = database;
        this.store = database.store();
        this.epoch = epoch;
    }

    /**
     * Moves all aside that there are in the lists.
     *
     * @param isKnown which objects need no look: this process has put them, or looked at them
     * @return the objects that were looked at and are right
     * @throws FencedException if a higher epoch has begun
     */
    public List<String> moveAll(Predicate<String> isKnown) throws IOException {
        DatabaseRecord record = record();
        List<String> right = new ArrayList<>();
        if (record.epochs().size() < 2) {
            return right;
        }
        long from = record.lastEpochFirstTxid();
        for (int level = 0; level <= ArchiveLayout.SNAPSHOT_LEVEL; level++) {
            for (LtxObject object : database.list(level, 0)) {
                look(object.key(), object.maxTxid(), from, isKnown, right);
            }
        }
        for (BundleObject bundle : database.listBundles(0)) {
            look(bundle.key(), bundle.maxTxid(), from, isKnown, right);
        }
        return right;
    }

    private void look(String key, long maxTxid, long from, Predicate<String> isKnown, List<String> right)
            throws IOException {
        if (Txid.compare(maxTxid, from) >= 0 && !isKnown.test(key) && !move(key, maxTxid)) {
            right.add(key);
        }
    }

    /**
     * Moves one object aside if it is stale.
     *
     * @return whether it was
     * @throws FencedException if a higher epoch has begun
     */
    public boolean move(String key, long maxTxid) throws IOException {
        synchronized (database.archive()) {
            Optional<ObjectInfo> found = head(key);
            if (found.isEmpty()) {
                return false;
            }
            ObjectFacts facts = ObjectFacts.of(found.get(), store.describe(key));
            if (Long.compareUnsigned(facts.epoch(), epoch) >= 0 || !record().isStale(facts, maxTxid)) {
                return false;
            }
            String target = database.prefix() + "lineages/" + facts.lineage().orElseThrow() + "-epoch-"
                    + Long.toUnsignedString(facts.epoch()) + "/"
                    + key.substring(database.prefix().length());
            ObjectCopy.copy(store, found.get(), target);
            record();
            if (head(key).map(ObjectInfo::etag).equals(Optional.of(found.get().etag()))) {
                store.delete(key);
            }
            LOG.warn(
                    "moved an object aside that a deposed primary put: database={} object={} epoch={} to={}",
                    database.name(),
                    store.describe(key),
                    Long.toUnsignedString(facts.epoch()),
                    store.describe(target));
            return true;
        }
    }

    private DatabaseRecord record() throws IOException {
        DatabaseRecord record = DatabaseRecord.load(database)
                .orElseThrow(() -> new ArchiveException(
                        ArchiveException.Kind.DAMAGED,
                        store.describe(database.recordKey()) + ": it is gone; put a good copy of it back"));
        check(database, record, epoch);
        return record;
    }

    /**
     * Checks that no higher epoch has begun.
     *
     * @param epoch that this node has (unsigned); 0 without a lease: then nothing is checked
     */
    public static void check(DatabaseArchive database, DatabaseRecord record, long epoch) throws FencedException {
        if (epoch != 0 && Long.compareUnsigned(record.lastEpoch(), epoch) > 0) {
            DatabaseRecord.Epoch last = record.epochs().get(record.epochs().size() - 1);
            throw new FencedException(database, last.epoch(), last.node(), epoch);
        }
    }

    private Optional<ObjectInfo> head(String key) throws IOException {
        try {
            return Optional.of(store.head(key));
        } catch (StoreException e) {
            if (e.kind() == StoreException.Kind.NOT_FOUND) {
                return Optional.empty();
            }
            throw e;
        }
    }
}
