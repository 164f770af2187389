package io.ltxfs.node.cluster.sim;

import io.ltxfs.node.cluster.Standing;
import org.jspecify.annotations.Nullable;

/**
 * A transaction of a database with everything before it: the last one of them stands for a whole history.
 *
 * <p>The checksum is that of the database after it, so it depends on everything before; equal checksums are taken for
 * equal histories.
 */
final class Tx {
    final String database;
    final long txid;
    final long epoch;
    /** What was written; no two transactions have the same. */
    final long content;

    final long checksum;
    final @Nullable Tx before;

    private Tx(String database, long txid, long epoch, long content, @Nullable Tx before) {
        this.database = database;
        this.txid = txid;
        this.epoch = epoch;
        this.content = content;
        this.before = before;
        long mixed = (before == null ? 17 : before.checksum) ^ (content * 0x9E3779B97F4A7C15L);
        mixed = (mixed ^ (mixed >>> 30)) * 0xBF58476D1CE4E5B9L;
        this.checksum = (mixed ^ (mixed >>> 27)) | 1;
    }

    /** The transaction that follows one, or the first of a database. */
    static Tx after(String database, @Nullable Tx last, long epoch, long content) {
        return new Tx(database, (last == null ? 0 : last.txid) + 1, epoch, content, last);
    }

    /** The transaction of a history that has a TXID; null if it does not reach there. */
    static @Nullable Tx at(@Nullable Tx history, long txid) {
        Tx found = history;
        while (found != null && found.txid > txid) {
            found = found.before;
        }
        return found != null && found.txid == txid ? found : null;
    }

    /** Whether a history has this transaction. */
    boolean isIn(@Nullable Tx history) {
        return at(history, txid) == this;
    }

    /** The last transaction that two histories have both. */
    static @Nullable Tx common(@Nullable Tx one, @Nullable Tx other) {
        Tx a = one;
        Tx b = other;
        while (a != b) {
            long left = txid(a);
            long right = txid(b);
            a = a != null && left >= right ? a.before : a;
            b = b != null && right >= left ? b.before : b;
        }
        return a;
    }

    static long txid(@Nullable Tx last) {
        return last == null ? 0 : last.txid;
    }

    /** As a position. */
    Standing.Place place() {
        return new Standing.Place(txid, checksum);
    }

    @Override
    public String toString() {
        return database + "/" + txid + ".e" + epoch + "#" + content;
    }

    /** For the trace: a history's last transaction. */
    static String text(@Nullable Tx last) {
        return last == null ? "nothing" : last.toString();
    }
}
