package io.ltxfs.database.log;

import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The last committed transaction of every database at one point of the log, as it follows from the records up to there.
 *
 * <p>A segment's head holds one, so that older segments can go. What a later record may still change is kept with it: a
 * prepared transaction that is not decided, and the transaction before one that may yet be withdrawn.
 *
 * <p>Not thread-safe: the log's is guarded by its append lock.
 */
final class Catalog {
    private static final int HAS_LAST = 1;
    private static final int HAS_PREVIOUS = 2;
    private static final int HAS_PENDING = 4;

    /** A transaction and where it is. */
    record Transaction(long lsn, TransactionHeader header, String group) {}

    /** What is known of one database. */
    private static final class State {
        @Nullable
        Transaction last;

        @Nullable
        Transaction previous;

        @Nullable
        Transaction pending;

        long watermark;
    }

    private final Map<String, State> states = new HashMap<>();
    private final Map<Long, State> lastByLsn = new HashMap<>();
    private final TreeMap<Long, State> pendingByLsn = new TreeMap<>();

    void committed(long lsn, TransactionHeader header) {
        decidedBy(header);
        advance(state(header.database()), new Transaction(lsn, header, ""));
    }

    void prepared(long lsn, TransactionHeader header, String group, long replaces) {
        if (replaces != 0) {
            abort(replaces);
        }
        decidedBy(header);
        State state = state(header.database());
        Transaction older = state.pending;
        if (older != null) {
            pendingByLsn.remove(older.lsn);
        }
        state.pending = new Transaction(lsn, header, group);
        pendingByLsn.put(lsn, state);
    }

    /** A transaction tells that the one before it was committed, if that was prepared alone and its mark is missing (R5). */
    void decidedBy(TransactionHeader next) {
        State state = states.get(next.database());
        Transaction pending = state == null ? null : state.pending;
        if (pending != null && pending.group.isEmpty() && pending.header.txid() + 1 == next.txid()) {
            commit(pending.lsn);
        }
    }

    void commit(long lsn) {
        State state = pendingByLsn.remove(lsn);
        if (state != null && state.pending != null) {
            Transaction decided = state.pending;
            state.pending = null;
            advance(state, decided);
        }
    }

    void abort(long lsn) {
        State pending = pendingByLsn.remove(lsn);
        if (pending != null) {
            pending.pending = null;
            return;
        }
        State state = lastByLsn.remove(lsn);
        if (state != null) {
            state.last = state.previous;
            state.previous = null;
            if (state.last != null) {
                lastByLsn.put(state.last.lsn, state);
            }
        }
    }

    void watermark(String database, long lsn) {
        State state = state(database);
        state.watermark = Math.max(state.watermark, lsn);
    }

    /** Takes over what an entry says. */
    void apply(LogEntry entry) {
        TransactionHeader header = entry.header();
        switch (entry.kind()) {
            case COMMITTED -> {
                if (header != null) {
                    committed(entry.lsn(), header);
                }
            }
            case PREPARED -> {
                if (header != null) {
                    prepared(
                            entry.lsn(),
                            header,
                            entry.group(),
                            entry.targets().isEmpty() ? 0 : entry.targets().get(0));
                }
            }
            case COMMIT, GROUP_COMMIT -> entry.targets().forEach(this::commit);
            case ABORT -> entry.targets().forEach(this::abort);
            case WATERMARK -> watermark(entry.database(), entry.targets().get(0));
        }
    }

    /** The oldest prepared record that is not decided, or {@link Long#MAX_VALUE}. */
    long firstUndecided() {
        return pendingByLsn.isEmpty() ? Long.MAX_VALUE : pendingByLsn.firstKey();
    }

    /** Whether a record is prepared in a group and not decided. */
    boolean isUndecidedMember(long lsn) {
        State state = pendingByLsn.get(lsn);
        return state != null && state.pending != null && !state.pending.group.isEmpty();
    }

    /** Whether marks that come later can change what this says. */
    boolean canChange() {
        return !pendingByLsn.isEmpty() || states.values().stream().anyMatch(s -> s.previous != null);
    }

    /** The last committed transaction of a database, or null. */
    @Nullable
    Transaction last(String database) {
        State state = states.get(database);
        return state == null ? null : state.last;
    }

    /** The LSN of the last record that speaks of a transaction of a database, decided or not. */
    Map<String, Long> newest() {
        Map<String, Long> newest = new HashMap<>();
        states.forEach((name, state) -> newest.put(
                name,
                Math.max(state.last == null ? 0 : state.last.lsn, state.pending == null ? 0 : state.pending.lsn)));
        return newest;
    }

    /** What the log's users see. */
    Map<String, CatalogEntry> entries() {
        Map<String, CatalogEntry> entries = new TreeMap<>();
        states.forEach((name, state) -> {
            if (state.last != null) {
                entries.put(name, new CatalogEntry(state.last.lsn, state.last.header, state.watermark));
            }
        });
        return entries;
    }

    private State state(String database) {
        return states.computeIfAbsent(database, name -> new State());
    }

    private void advance(State state, Transaction transaction) {
        if (state.last != null) {
            lastByLsn.remove(state.last.lsn);
        }
        state.previous = state.last;
        state.last = transaction;
        lastByLsn.put(transaction.lsn, state);
    }

    /**
     * The bytes for a head.
     *
     * @param withdrawableFrom a last transaction before this LSN cannot be withdrawn any more
     */
    ByteBuffer encode(long withdrawableFrom) {
        GrowingBuffer out = new GrowingBuffer();
        out.ensure(Integer.BYTES).putInt(states.size());
        states.forEach((name, state) -> {
            Transaction previous = state.last != null && state.last.lsn >= withdrawableFrom ? state.previous : null;
            int flags = (state.last == null ? 0 : HAS_LAST)
                    | (previous == null ? 0 : HAS_PREVIOUS)
                    | (state.pending == null ? 0 : HAS_PENDING);
            ByteBuffer entry = out.ensure(LogLayout.META_BYTES_MAX * 4);
            entry.put((byte) flags).putLong(state.watermark);
            LogLayout.putString(entry, name);
            encode(entry, state.last);
            encode(entry, previous);
            encode(entry, state.pending);
        });
        return out.flip();
    }

    private static void encode(ByteBuffer out, @Nullable Transaction transaction) {
        if (transaction != null) {
            out.putLong(transaction.lsn);
            LogLayout.putNumbers(out, transaction.header);
            LogLayout.putString(out, transaction.group);
        }
    }

    static Catalog decode(ByteBuffer in) {
        Catalog catalog = new Catalog();
        int count = in.getInt();
        for (int i = 0; i < count; i++) {
            int flags = in.get();
            State state = new State();
            state.watermark = in.getLong();
            String name = LogLayout.string(in);
            state.last = (flags & HAS_LAST) == 0 ? null : transaction(in, name);
            state.previous = (flags & HAS_PREVIOUS) == 0 ? null : transaction(in, name);
            state.pending = (flags & HAS_PENDING) == 0 ? null : transaction(in, name);
            catalog.states.put(name, state);
            if (state.last != null) {
                catalog.lastByLsn.put(state.last.lsn, state);
            }
            if (state.pending != null) {
                catalog.pendingByLsn.put(state.pending.lsn, state);
            }
        }
        return catalog;
    }

    private static Transaction transaction(ByteBuffer in, String database) {
        long lsn = in.getLong();
        TransactionHeader header = LogLayout.numbers(in, database);
        return new Transaction(lsn, header, LogLayout.string(in));
    }
}
