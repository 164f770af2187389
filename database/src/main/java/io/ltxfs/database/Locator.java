package io.ltxfs.database;

import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.log.CatalogEntry;
import io.ltxfs.database.log.LogEntry;
import io.ltxfs.database.log.TransactionHeader;
import io.ltxfs.database.log.TransactionHeader.Image;
import io.ltxfs.database.log.TransactionLog;
import io.ltxfs.database.receive.Fit;
import io.ltxfs.database.receive.Receiver.Place;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Finds positions of another node in the log, in one pass over its headers. */
final class Locator {

    /** What is known of one database so far. */
    private static final class Search {
        final Position wanted;
        /** The first transaction from which on the history is known: 0 for all of it. */
        long firstTxid;

        long lastTxid;
        boolean known;
        boolean any;
        /** The record that the position was found at, or that holds what came before it. */
        long foundLsn;

        long fromLsn;
        boolean other;
        /** A prepared transaction that waits for its mark. */
        @Nullable
        LogEntry prepared;

        Search(Position wanted) {
            this.wanted = wanted;
        }

        /** A committed transaction. @param fromLsn what comes behind it */
        void transaction(TransactionHeader header, long lsn, long behind) {
            if (header.jump() || header.image() == Image.INSTALLED) {
                known = false;
                other = false;
                firstTxid = header.txid();
            } else {
                if (!any) {
                    // Where the log begins, the position before its first transaction is known as well.
                    firstTxid = header.txid() - 1;
                }
                if (wanted.txid() == header.txid() - 1 && !other) {
                    boolean same = wanted.txid() == 0
                            ? header.image() == Image.FULL
                            : wanted.checksum() == header.preChecksum();
                    if (!known && !any) {
                        known = same;
                        other = !same;
                    }
                    if (known) {
                        fromLsn = Math.min(fromLsn == 0 ? lsn : fromLsn, lsn);
                    }
                }
            }
            any = true;
            lastTxid = header.txid();
            if (wanted.txid() == header.txid()) {
                known = wanted.checksum() == header.postChecksum();
                other = !known;
                foundLsn = lsn;
                fromLsn = behind;
            }
        }

        Place place(long beginning) {
            if (!any) {
                return wanted.txid() == 0 ? new Place(Fit.KNOWN, beginning) : new Place(Fit.AHEAD, 0);
            }
            if (known) {
                return new Place(Fit.KNOWN, fromLsn);
            }
            if (other) {
                return new Place(Fit.OTHER, 0);
            }
            if (Long.compareUnsigned(wanted.txid(), lastTxid) > 0) {
                return new Place(Fit.AHEAD, 0);
            }
            return new Place(Fit.TOO_OLD, 0);
        }
    }

    private final TransactionLog log;
    private final Map<String, Search> searches = new HashMap<>();
    private final Map<Long, Search> byPrepared = new HashMap<>();

    Locator(TransactionLog log, Map<String, Position> positions) {
        this.log = log;
        positions.forEach((name, position) -> searches.put(name, new Search(position)));
    }

    Map<String, Place> run() throws DiskException {
        TransactionLog.Hold hold = log.hold();
        try {
            long first = log.firstLsn();
            for (Map.Entry<String, CatalogEntry> entry : log.catalog().entrySet()) {
                Search search = searches.get(entry.getKey());
                if (search != null) {
                    TransactionHeader header = entry.getValue().header();
                    search.any = true;
                    search.firstTxid = header.txid();
                    search.lastTxid = header.txid();
                    if (search.wanted.txid() == header.txid()) {
                        search.known = search.wanted.checksum() == header.postChecksum();
                        search.other = !search.known;
                        search.fromLsn = first;
                    }
                }
            }
            log.scan(first, entry -> {
                visit(entry);
                return true;
            });
            Map<String, Place> places = new HashMap<>();
            searches.forEach((name, search) -> {
                decide(search, log.lastLsn());
                places.put(name, search.place(first));
            });
            return places;
        } finally {
            hold.close();
        }
    }

    private void visit(LogEntry entry) {
        TransactionHeader header = entry.header();
        Search search = header == null ? null : searches.get(header.database());
        switch (entry.kind()) {
            case COMMITTED -> {
                if (search != null && header != null && !log.isWithdrawn(entry.lsn())) {
                    decide(search, entry.lsn() - 1);
                    search.transaction(header, entry.lsn(), entry.lsn() + 1);
                }
            }
            case PREPARED -> {
                if (search != null && !log.isWithdrawn(entry.lsn())) {
                    decide(search, entry.lsn() - 1);
                    search.prepared = entry;
                    byPrepared.put(entry.lsn(), search);
                }
            }
            case COMMIT, GROUP_COMMIT -> {
                for (long target : entry.targets()) {
                    Search decided = byPrepared.remove(target);
                    if (decided != null) {
                        commit(decided, entry.lsn());
                    }
                }
            }
            default -> {
                // Says nothing of positions.
            }
        }
    }

    /** A single prepared transaction without a mark counts as committed when the next one comes. */
    private void decide(Search search, long behind) {
        LogEntry prepared = search.prepared;
        if (prepared != null) {
            byPrepared.remove(prepared.lsn());
            if (prepared.group().isEmpty()) {
                commit(search, behind);
            }
            search.prepared = null;
        }
    }

    private static void commit(Search search, long markLsn) {
        LogEntry prepared = search.prepared;
        TransactionHeader header = prepared == null ? null : prepared.header();
        if (prepared != null && header != null) {
            search.transaction(header, prepared.lsn(), markLsn + 1);
        }
        search.prepared = null;
    }
}
