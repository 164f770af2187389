package io.ltxfs.database.log;

import java.util.Collection;
import java.util.HashSet;
import java.util.Iterator;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.LongSupplier;

/**
 * Records that may still be withdrawn by the call that appended them, although they may be durable already: a lease can
 * end between the record and the answer (F9), a sync that failed can be made up for by another thread. What stands here
 * is not given to those who carry transactions away, nor is anything behind it. A record leaves when its call has passed
 * its last check, or when the aborts of everything that it commits are durable.
 *
 * <p>Guarded by its own monitor.
 */
final class OpenRecords {
    private static final class Open {
        final Set<Long> targets;
        /** The oldest record that depends on this one's outcome. */
        final long firstLsn;

        long abortedAt;

        Open(long lsn, Collection<Long> targets) {
            this.targets = new HashSet<>(targets);
            long first = lsn;
            for (long target : targets) {
                first = Math.min(first, target);
            }
            this.firstLsn = first;
        }

        boolean isOver(long durable) {
            return targets.isEmpty() && abortedAt <= durable;
        }
    }

    private final TreeMap<Long, Open> open = new TreeMap<>();

    /** @param targets the records that it commits */
    synchronized void add(long lsn, Collection<Long> targets) {
        open.put(lsn, new Open(lsn, targets));
    }

    /** {@link #add} unless the record is durable, and so may have been given away. */
    synchronized boolean addUnlessDurable(long lsn, LongSupplier durableLsn) {
        if (durableLsn.getAsLong() >= lsn) {
            return false;
        }
        add(lsn, Set.of(lsn));
        return true;
    }

    /** @return whether there was such a record */
    synchronized boolean remove(long lsn) {
        return open.remove(lsn) != null;
    }

    /**
     * Told every abort.
     *
     * @param abortLsn the LSN of the record that withdraws the target
     */
    synchronized void aborted(long target, long abortLsn) {
        for (Open record : open.values()) {
            if (record.targets.remove(target)) {
                record.abortedAt = Math.max(record.abortedAt, abortLsn);
            }
        }
    }

    /** The first LSN of a record that is open, or that an open one commits; {@link Long#MAX_VALUE} if there is none. */
    synchronized long firstLsn(LongSupplier durableLsn) {
        long durable = durableLsn.getAsLong();
        long first = Long.MAX_VALUE;
        for (Iterator<Open> each = open.values().iterator(); each.hasNext(); ) {
            Open record = each.next();
            if (record.isOver(durable)) {
                // Without followers nobody else would.
                each.remove();
            } else {
                first = Math.min(first, record.firstLsn);
            }
        }
        return first;
    }

    /** The LSN up to which everything is durable and as it will stay. */
    synchronized long settledLsn(LongSupplier durableLsn) {
        long durable = durableLsn.getAsLong();
        for (Iterator<Map.Entry<Long, Open>> each = open.entrySet().iterator(); each.hasNext(); ) {
            Map.Entry<Long, Open> oldest = each.next();
            Open record = oldest.getValue();
            if (!record.isOver(durable)) {
                return Math.min(durable, oldest.getKey() - 1);
            }
            each.remove();
        }
        return durable;
    }
}
