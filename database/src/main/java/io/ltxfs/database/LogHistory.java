package io.ltxfs.database;

import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.log.LogEntry;
import io.ltxfs.database.log.TransactionHeader;
import io.ltxfs.database.log.TransactionLog;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Which records of the log count (rules R5, R8, R9): a committed record unless an abort names it; a single prepared one
 * unless an abort names it or another replaces it; a prepared one of a group only if its group's mark names it.
 */
final class LogHistory {
    private final Set<Long> aborted = new HashSet<>();
    private final Set<Long> groupCommitted = new HashSet<>();
    private final TreeMap<Long, String> undecided = new TreeMap<>();
    private final Map<String, Long> watermarks = new TreeMap<>();

    /** Reads all marks of a log. */
    static LogHistory read(TransactionLog log) throws DiskException {
        LogHistory history = new LogHistory();
        log.scan(0, entry -> {
            history.add(entry);
            return true;
        });
        history.undecided.keySet().removeAll(history.aborted);
        history.undecided.keySet().removeAll(history.groupCommitted);
        return history;
    }

    private void add(LogEntry entry) {
        switch (entry.kind()) {
            case PREPARED -> {
                aborted.addAll(entry.targets());
                undecided.put(entry.lsn(), entry.group());
            }
            case COMMIT -> undecided.keySet().removeAll(entry.targets());
            case GROUP_COMMIT -> groupCommitted.addAll(entry.targets());
            case ABORT -> aborted.addAll(entry.targets());
            case WATERMARK -> watermarks.merge(entry.database(), entry.targets().get(0), Math::max);
            default -> {}
        }
    }

    /** Prepared records that no mark decides, with the group of each, in order. */
    Map<Long, String> undecided() {
        return undecided;
    }

    /** A group without a mark: what it prepared is aborted. */
    void abort(long lsn) {
        aborted.add(lsn);
    }

    Map<String, Long> watermarks() {
        return watermarks;
    }

    /** Whether a record is a committed transaction. */
    boolean isCommitted(LogEntry entry) {
        if (entry.header() == null || aborted.contains(entry.lsn())) {
            return false;
        }
        return switch (entry.kind()) {
            case COMMITTED -> true;
            case PREPARED -> entry.group().isEmpty() || groupCommitted.contains(entry.lsn());
            default -> false;
        };
    }

    /** The committed transactions of one database that the log keeps and that belong to its history, oldest first. */
    List<TransactionSummary> transactions(TransactionLog log, String database) throws DiskException {
        List<TransactionSummary> found = new ArrayList<>();
        log.scan(0, entry -> {
            TransactionHeader header = entry.header();
            if (header != null && header.database().equals(database) && isCommitted(entry)) {
                if (header.jump()) {
                    found.clear();
                }
                found.add(new TransactionSummary(
                        header.txid(),
                        header.timeMillis(),
                        entry.pageCount(),
                        Integer.toUnsignedLong(header.commit()),
                        header.preChecksum(),
                        header.postChecksum(),
                        header.epoch()));
            }
            return true;
        });
        return found;
    }
}
