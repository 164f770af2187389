package io.ltxfs.database.log;

import io.ltxfs.database.disk.Disk;
import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.disk.DiskFile;
import io.ltxfs.database.log.TransactionHeader.Image;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Which positions can be rebuilt from the log, and from which records.
 *
 * <p>A position needs a version of every page. As long as the transaction is kept that wrote the whole database, the
 * log has them. When that segment is trimmed, the newest version of each page in it goes to the end of the log as a
 * <em>carried</em> record, valid as of the LSN before the next segment: so the log always holds a whole database as of
 * its beginning, the <em>base</em>, and every transaction since. It is not enough to carry pages that have changed
 * since: one that changes tomorrow would take its old version, which only the database file has, with it.
 *
 * <p>Databases that together would fill more than half of the log's bound are not carried (the largest are left out);
 * of those only the last position can be rebuilt, until they are written whole again.
 *
 * <p>Guarded by its own monitor; callers that need it to agree with the segments hold the append lock.
 */
final class History {
    /** The oldest position of a database from which on all are there. */
    private record Base(long lsn, long txid) {}

    /** A carried record. */
    record Carried(long lsn, LogEntry.Location location, long asOf) {}

    private final Map<String, Base> bases = new HashMap<>();
    private final Map<String, List<Carried>> carried = new HashMap<>();
    /** By the LSN as of which was carried: the databases that were left out, or null for all. */
    private final Map<Long, @Nullable Set<String>> leftOut = new HashMap<>();

    /** The last jump of each database to a position of another history: nothing before it can be reached. */
    private final Map<String, Base> jumps = new HashMap<>();

    private final TreeSet<Long> withdrawn = new TreeSet<>();

    /** Told every transaction, prepared ones too. */
    synchronized void transaction(long lsn, TransactionHeader header, long replaces) {
        if (replaces != 0) {
            withdraw(replaces);
        }
        if (header.image() == Image.INSTALLED) {
            // Whoever began before would come to a position whose pages the log does not have.
            bases.remove(header.database());
        } else if (header.jump()) {
            jumped(header, new Base(lsn, header.txid()));
        } else if (header.image() == Image.FULL) {
            bases.putIfAbsent(header.database(), new Base(lsn, header.txid()));
        }
    }

    /** The pages that a jump does not have are those of before it. */
    private void jumped(TransactionHeader header, Base base) {
        jumps.put(header.database(), base);
        switch (header.image()) {
            case FULL -> bases.put(header.database(), base);
            case DELTA -> bases.computeIfPresent(header.database(), (name, before) -> base);
            default -> bases.remove(header.database());
        }
    }

    /** Told every record that was aborted or replaced. */
    synchronized void withdraw(long lsn) {
        withdrawn.add(lsn);
        bases.values().removeIf(base -> base.lsn == lsn);
    }

    synchronized void carried(String database, Carried record) {
        carried.computeIfAbsent(database, name -> new ArrayList<>()).add(record);
    }

    synchronized void carryEnd(long asOf, @Nullable Set<String> databasesLeftOut) {
        leftOut.put(asOf, databasesLeftOut);
    }

    /** Told every record when the log is opened. */
    void record(RecordReader record, Segment segment) {
        switch (record.kind()) {
            case LogLayout.COMMITTED, LogLayout.PREPARED -> {
                LogLayout.Transaction transaction = LogLayout.transaction(record.meta());
                transaction(record.lsn(), transaction.header(), transaction.replaces());
            }
            case LogLayout.ABORT -> LogLayout.lsns(record.meta()).forEach(this::withdraw);
            case LogLayout.CARRIED -> {
                ByteBuffer meta = record.meta();
                long asOf = meta.getLong();
                LogEntry.Location location = new LogEntry.Location(segment.sequence, record.offset());
                carried(LogLayout.string(meta), new Carried(record.lsn(), location, asOf));
            }
            case LogLayout.CARRY_END -> {
                ByteBuffer meta = record.meta();
                carryEnd(meta.getLong(), names(meta));
            }
            default -> {
                // Other marks say nothing of pages.
            }
        }
    }

    /** Metadata of a {@link LogLayout#CARRY_END}. @param names null for all */
    static void putNames(ByteBuffer out, @Nullable Set<String> names) {
        out.putInt(names == null ? -1 : names.size());
        if (names != null) {
            names.forEach(name -> LogLayout.putString(out, name));
        }
    }

    private static @Nullable Set<String> names(ByteBuffer in) {
        int count = in.getInt();
        if (count < 0) {
            return null;
        }
        Set<String> names = new HashSet<>();
        for (int i = 0; i < count; i++) {
            names.add(LogLayout.string(in));
        }
        return names;
    }

    /**
     * Settles on a beginning of the log.
     *
     * @param firstLsn the first kept LSN
     * @param beginning the state before it
     */
    synchronized void beginAt(long firstLsn, Map<String, CatalogEntry> beginning) {
        long asOf = firstLsn - 1;
        bases.values().removeIf(base -> base.lsn < firstLsn);
        jumps.values().removeIf(jump -> jump.lsn < firstLsn);
        if (leftOut.containsKey(asOf)) {
            Set<String> without = leftOut.get(asOf);
            beginning.forEach((name, entry) -> {
                if (without != null && !without.contains(name) && entry.header().commit() != 0) {
                    Base jump = jumps.get(name);
                    Base first = new Base(entry.lsn(), entry.header().txid());
                    bases.put(name, jump != null && jump.lsn > first.lsn ? jump : first);
                }
            });
        }
        leftOut.keySet().removeIf(lsn -> lsn < asOf);
        withdrawn.headSet(firstLsn).clear();
        carried.values().forEach(records -> records.removeIf(record -> record.lsn < firstLsn));
        carried.values().removeIf(List::isEmpty);
    }

    /** Some of a database's records are lost. */
    synchronized void forget(String database) {
        bases.remove(database);
    }

    /** Whether everything that a beginning needs has been carried already, by an attempt that did not come to its end. */
    synchronized boolean hasCarried(long asOf) {
        return leftOut.containsKey(asOf);
    }

    /** The LSN of the oldest position from which on all can be rebuilt, or 0. */
    synchronized long baseLsn(String database) {
        Base base = bases.get(database);
        return base == null ? 0 : base.lsn;
    }

    /** The TXID of that position, or 0. */
    synchronized long baseTxid(String database) {
        Base base = bases.get(database);
        return base == null ? 0 : base.txid;
    }

    synchronized boolean isWithdrawn(long lsn) {
        return withdrawn.contains(lsn);
    }

    synchronized List<Carried> carried(String database) {
        return List.copyOf(carried.getOrDefault(database, List.of()));
    }

    /** Reads one carried record. */
    @FunctionalInterface
    interface CarriedReader {
        void read(DiskFile file, RecordReader record, Segment segment) throws DiskException;
    }

    static void readCarried(Disk disk, SegmentList segments, Carried carried, CarriedReader reader)
            throws DiskException {
        LogEntry.Location location = segments.resolve(carried.location, carried.lsn);
        Segment segment = location == null ? null : segments.at(location.segment());
        if (location == null || segment == null) {
            return;
        }
        try (DiskFile file = disk.open(segment.path(), Disk.Mode.READ)) {
            RecordReader record = RecordReader.at(file, location.offset());
            if (!record.next() || record.lsn() != carried.lsn) {
                throw LogScanner.missing(carried.lsn, location.offset(), segment);
            }
            reader.read(file, record, segment);
        }
    }
}
