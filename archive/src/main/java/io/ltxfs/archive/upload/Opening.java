package io.ltxfs.archive.upload;

import io.ltxfs.archive.DatabaseRecord;
import io.ltxfs.archive.fence.FencedException;
import io.ltxfs.archive.fence.Newest;
import io.ltxfs.archive.fence.StaleObjects;
import io.ltxfs.database.log.TransactionHeader;
import io.ltxfs.ltx.Txid;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The first look at a database's archive after a start: whether it is empty, or holds this database's history up to some
 * transaction that this node has too. Anything else is refused: two histories in one archive could not be told apart by a
 * restore.
 *
 * <p>What proves that a history is ours: the same lineage in the record beside the levels and in our own state, and where
 * the log still knows the archive's last transaction, the same checksum after it. A data directory without a state of
 * its own may take an archive over whose last transaction it knows with the same checksum. An archive that Litestream wrote has neither;
 * it is taken over by a node whose database was restored from it, at that very transaction.
 */
final class Opening {
    private static final Logger LOG = LoggerFactory.getLogger(Opening.class);
    private static final int LINEAGE_BYTES = 16;
    private static final long RECORD_NANOS = TimeUnit.MINUTES.toNanos(5);
    /** In a cluster: for at most so long a deposed primary goes on, if nothing else tells it. */
    static final long RECORD_OF_CLUSTER_NANOS = TimeUnit.SECONDS.toNanos(5);
    /** After so long it is looked once more, and then again, for what a deposed primary has put. */
    private static final long[] LOOKS_NANOS = {TimeUnit.SECONDS.toNanos(30), TimeUnit.MINUTES.toNanos(5)};

    private final UploadOptions options;
    private final LeaseTerm term;
    private final long recordOfClusterNanos;
    private final ArchiveState state;
    private final ConcurrentHashMap<String, ArchiveState.Known> known;
    private final long sinceMillis;
    private final Queues queues;
    private final SecureRandom random = new SecureRandom();

    /**
     * Looks at archives.
     *
     * @param known what the state says, by database
     * @param sinceMillis what was committed before is in no archive of single transactions
     */
    Opening(
            UploadOptions options,
            LeaseTerm term,
            long recordOfClusterNanos,
            ArchiveState state,
            ConcurrentHashMap<String, ArchiveState.Known> known,
            long sinceMillis,
            Queues queues) {
        this.options = options;
        this.term = term;
        this.recordOfClusterNanos = recordOfClusterNanos;
        this.state = state;
        this.known = known;
        this.sinceMillis = sinceMillis;
        this.queues = queues;
    }

    /**
     * Looks, and begins a lineage in an empty archive.
     *
     * @throws RefusedException if the archive holds another history
     */
    void open(DatabaseUpload db) throws IOException {
        Optional<ArchiveState.Known> ours = here(db);
        long epoch = epoch(db);
        Optional<DatabaseRecord> record = DatabaseRecord.load(db.archive);
        if (record.isPresent()) {
            check(db, record.get());
            if (epoch != 0 && record.get().lastEpoch() == epoch) {
                new StaleObjects(db.archive, epoch).moveAll(key -> false);
            }
        }
        db.looks = 0;
        db.openedNanos = System.nanoTime();
        Optional<Newest> newest = Newest.of(
                db.archive, record, ours.map(ArchiveState.Known::newestMin).orElse(0L));
        if (record.isEmpty() && newest.isEmpty()) {
            begin(db, ours);
            return;
        }
        if (newest.isEmpty()) {
            DatabaseRecord found = record.orElseThrow();
            if (ours.isEmpty() || !ours.get().lineage().equals(found.lineage())) {
                throw new RefusedException(db, "it belongs to " + who(found, Optional.empty()));
            }
            goOn(db, found, 0, 0, Optional.empty());
            return;
        }
        check(db, ours, record, newest.get());
    }

    /** The epoch under which is written now. */
    long epoch(DatabaseUpload db) throws NotPrimaryException {
        long epoch = term.now();
        if (epoch == LeaseTerm.NOT_HELD) {
            throw new NotPrimaryException(db);
        }
        return epoch;
    }

    /** No other node has begun a higher epoch. */
    private void check(DatabaseUpload db, DatabaseRecord record) throws IOException {
        try {
            StaleObjects.check(db.archive, record, epoch(db));
        } catch (FencedException e) {
            term.saw(e.epoch());
            throw e;
        }
    }

    private Optional<ArchiveState.Known> here(DatabaseUpload db) {
        return Optional.ofNullable(known.get(db.name))
                .filter(found -> found.archive().equals(describe(db)));
    }

    static String describe(DatabaseUpload db) {
        return db.archive.store().describe(db.archive.place());
    }

    private void check(
            DatabaseUpload db, Optional<ArchiveState.Known> ours, Optional<DatabaseRecord> record, Newest newest)
            throws IOException {
        long max = newest.object().maxTxid();
        String who = record.map(found -> who(found, Optional.of(newest)))
                .orElseGet(() -> newest.facts()
                        .lineage()
                        .map(lineage -> "lineage " + lineage + what(newest))
                        .orElse("Litestream" + what(newest)));
        Optional<String> theirs =
                record.map(DatabaseRecord::lineage).or(() -> newest.facts().lineage());
        if (theirs.isPresent()
                && newest.facts().lineage().isPresent()
                && !newest.facts().lineage().equals(theirs)) {
            throw new RefusedException(
                    db,
                    "its newest object is of lineage "
                            + newest.facts().lineage().get() + ", but it belongs to " + who);
        }
        boolean otherLineage = ours.isPresent()
                && !ours.get().lineage().isEmpty()
                && theirs.isPresent()
                && !theirs.get().equals(ours.get().lineage());
        if (otherLineage) {
            throw new RefusedException(
                    db,
                    "it belongs to " + who + ", and this node continues lineage "
                            + ours.get().lineage());
        }
        long last = queues.lastTxid(db);
        if (Long.compareUnsigned(max, last) > 0) {
            throw new RefusedException(
                    db,
                    "it belongs to " + who + ", and is ahead of this node, whose last transaction is "
                            + Txid.format(last) + ": an older copy of the data directory, or another database");
        }
        long here = ours.filter(state -> state.txid() == max)
                .map(ArchiveState.Known::checksum)
                .filter(checksum -> checksum != 0)
                .orElseGet(() -> queues.checksumAfter(db, max));
        long there = newest.facts().postChecksum();
        if (here != 0 && there != 0 && here != there) {
            throw new RefusedException(
                    db,
                    String.format(
                            "it belongs to %s, whose checksum is %016x, and here transaction %016x has %016x",
                            who, there, max, here));
        }
        boolean proven = here != 0 && here == there
                || there == 0
                        && (queues.installedAt(db, max)
                                || ours.isPresent() && ours.get().txid() == max)
                || there != 0
                        && ours.isPresent()
                        && theirs.isPresent()
                        && ours.get().lineage().equals(theirs.get());
        if (!proven) {
            throw new RefusedException(
                    db, "it belongs to " + who + ", and nothing here says that this database is the same");
        }
        String lineage = theirs.orElseGet(() -> ours.map(ArchiveState.Known::lineage)
                .filter(name -> !name.isEmpty())
                .orElseGet(this::newLineage));
        DatabaseRecord now = record.isPresent() ? record.get() : adopt(db, lineage, max);
        goOn(db, now, max, there != 0 ? there : here, Optional.of(newest));
    }

    private DatabaseRecord adopt(DatabaseUpload db, String lineage, long max) throws IOException {
        remember(db, lineage, max, 0, 0, true);
        LOG.info("took an archive over: database={} lineage={} txid={}", db.name, lineage, Txid.format(max));
        return create(db, lineage, max + 1);
    }

    /** An empty archive. */
    private void begin(DatabaseUpload db, Optional<ArchiveState.Known> ours) throws IOException {
        if (ours.isPresent() && ours.get().txid() != 0) {
            LOG.warn(
                    "found an archive empty that had transactions, and begins anew: database={} archive={} lastTxid={}",
                    db.name,
                    describe(db),
                    Txid.format(ours.get().txid()));
        }
        String lineage = ours.filter(
                        state -> state.txid() == 0 && !state.lineage().isEmpty())
                .map(ArchiveState.Known::lineage)
                .orElseGet(this::newLineage);
        remember(db, lineage, 0, 0, 0, true);
        goOn(db, create(db, lineage, 1), 0, 0, Optional.empty());
    }

    private DatabaseRecord create(DatabaseUpload db, String lineage, long firstTxid) throws IOException {
        DatabaseRecord.Epoch epoch = new DatabaseRecord.Epoch(epoch(db), firstTxid, options.node());
        return DatabaseRecord.update(db.archive, current -> {
            if (current.isEmpty()) {
                return new DatabaseRecord(lineage, db.name, List.of(epoch), List.of());
            }
            if (!current.get().lineage().equals(lineage)) {
                throw new RefusedException(db, "it belongs to " + who(current.get(), Optional.empty()));
            }
            return current.get();
        });
    }

    private void goOn(DatabaseUpload db, DatabaseRecord record, long max, long checksum, Optional<Newest> newest)
            throws IOException {
        db.lineage = record.lineage();
        db.epoch = record.lastEpoch();
        db.objectTxid = max;
        db.newestMin = newest.map(found -> found.object().minTxid()).orElse(0L);
        db.timestampMillis = newest.flatMap(found -> found.facts().timestamp())
                .map(Instant::toEpochMilli)
                .orElse(0L);
        db.pageSize = 0;
        db.newest = List.of();
        Optional<DatabaseRecord.Drop> drop = record.dropAfter(max);
        db.empty = drop.isPresent();
        long archived = drop.map(DatabaseRecord.Drop::txid).orElse(max);
        TransactionHeader head = queues.head(db);
        db.wantsImage = max == 0
                && drop.isEmpty()
                && (head == null || head.txid() != 1 || head.timeMillis() < sinceMillis)
                && queues.lastTxid(db) != 0;
        remember(db, db.lineage, db.newestMin, archived, drop.isPresent() ? 0 : checksum, true);
        queues.archived(db, archived, drop.isPresent() ? 0 : checksum);
        db.recordNanos = System.nanoTime();
        db.opened = true;
    }

    /** Looks now and then whether somebody else has begun a history, or an epoch, at this place. */
    void checkRecord(DatabaseUpload db) throws IOException {
        long now = System.nanoTime();
        long epoch = epoch(db);
        boolean other = epoch != db.checkedEpoch;
        if (other || now - db.recordNanos >= (epoch == 0 ? RECORD_NANOS : recordOfClusterNanos)) {
            reread(db);
            db.checkedEpoch = epoch;
        }
        if (epoch != 0 && db.looks < LOOKS_NANOS.length && now - db.openedNanos >= LOOKS_NANOS[db.looks]) {
            new StaleObjects(db.archive, epoch).moveAll(key -> false);
            db.looks++;
        }
    }

    /** Looks at the record: it must be that of the history, and of the epoch, that is continued here. */
    void reread(DatabaseUpload db) throws IOException {
        ours(db, DatabaseRecord.load(db.archive));
        db.recordNanos = System.nanoTime();
    }

    /** A lease epoch has begun: the record says from which transaction it counts, before the first object of it. */
    void claim(DatabaseUpload db, long epoch) throws IOException {
        DatabaseRecord.update(db.archive, current -> {
            DatabaseRecord record = ours(db, current);
            if (record.lastEpoch() == epoch && !record.epochs().isEmpty()) {
                return record;
            }
            List<DatabaseRecord.Epoch> epochs = new ArrayList<>(record.epochs());
            epochs.add(new DatabaseRecord.Epoch(epoch, db.archivedTxid + 1, options.node()));
            return new DatabaseRecord(record.lineage(), record.database(), epochs, record.drops());
        });
        db.epoch = epoch;
    }

    /** Whether what is in the way of an object was put by a deposed primary: then it is not any more. */
    boolean movedAside(DatabaseUpload db, String key, long maxTxid) throws IOException {
        long epoch = epoch(db);
        return epoch != 0 && new StaleObjects(db.archive, epoch).move(key, maxTxid);
    }

    /** The record, if it is that of the lineage that is continued here, and of this node's epoch or an earlier one. */
    DatabaseRecord ours(DatabaseUpload db, Optional<DatabaseRecord> current) throws IOException {
        if (current.isEmpty()) {
            throw new RefusedException(
                    db, "its record " + db.archive.store().describe(db.archive.recordKey()) + " is gone");
        }
        if (!current.get().lineage().equals(db.lineage)) {
            throw new RefusedException(db, "it belongs to " + who(current.get(), Optional.empty()));
        }
        check(db, current.get());
        return current.get();
    }

    /** Writes down how far the archive is. */
    void remember(DatabaseUpload db, boolean durable) throws IOException {
        remember(db, db.lineage, db.newestMin, db.archivedTxid, db.archivedChecksum, durable);
    }

    private void remember(DatabaseUpload db, String lineage, long newestMin, long txid, long checksum, boolean durable)
            throws IOException {
        if (term.now() == LeaseTerm.NOT_HELD) {
            return; // a later role may have written down what counts for it
        }
        ArchiveState.Known now = new ArchiveState.Known(db.name, describe(db), lineage, newestMin, txid, checksum);
        ArchiveState.Known before = known.put(db.name, now);
        if (!now.equals(before)) {
            boolean other = before == null || !before.lineage().equals(lineage);
            state.save(now, durable && other);
        }
    }

    private String newLineage() {
        byte[] bytes = new byte[LINEAGE_BYTES];
        random.nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }

    private static String who(DatabaseRecord record, Optional<Newest> newest) {
        String node = record.epochs().isEmpty()
                ? "unknown"
                : record.epochs().get(record.epochs().size() - 1).node();
        return "lineage " + record.lineage() + " of node '" + node + "'"
                + newest.map(Opening::what).orElse("");
    }

    private static String what(Newest newest) {
        return ", last transaction " + Txid.format(newest.object().maxTxid()) + " of "
                + newest.facts().timestamp().orElse(newest.object().modified());
    }
}
