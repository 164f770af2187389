package io.ltxfs.archive.bundle;

import java.nio.ByteBuffer;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** The table of a bundle: its transactions in ascending order, without gaps. Cannot be changed. */
public final class BundleTable {
    private final ByteBuffer bytes;
    private final int count;

    /** Bytes that hold the entries and nothing else. */
    BundleTable(ByteBuffer bytes) {
        this.bytes = bytes;
        this.count = bytes.remaining() / BundleLayout.ENTRY_SIZE;
    }

    /** How many transactions. */
    public int count() {
        return count;
    }

    /** The first transaction (unsigned). */
    public long minTxid() {
        return txid(0);
    }

    /** The last transaction (unsigned). */
    public long maxTxid() {
        return txid(count - 1);
    }

    /** An entry by its place, 0 for the first. */
    public BundleEntry entry(int i) {
        int at = at(i);
        return new BundleEntry(
                bytes.getLong(at + BundleLayout.TXID),
                bytes.getLong(at + BundleLayout.OFFSET),
                bytes.getLong(at + BundleLayout.LENGTH),
                bytes.getLong(at + BundleLayout.TIMESTAMP),
                bytes.getInt(at + BundleLayout.PAGE_SIZE),
                bytes.getInt(at + BundleLayout.COMMIT),
                bytes.getInt(at + BundleLayout.PAGES),
                bytes.getInt(at + BundleLayout.FILE_CRC),
                bytes.getLong(at + BundleLayout.PRE_CHECKSUM),
                bytes.getLong(at + BundleLayout.POST_CHECKSUM));
    }

    /** The entry of a transaction that is in the bundle. */
    public BundleEntry of(long txid) {
        return entry(Math.toIntExact(txid - minTxid()));
    }

    /** Whether a transaction is in the bundle. */
    public boolean has(long txid) {
        return Long.compareUnsigned(txid - minTxid(), Integer.toUnsignedLong(count)) < 0;
    }

    /** The last transaction whose timestamp is not after a time, milliseconds since the Unix epoch. */
    public OptionalLong lastAtOrBefore(long timeMillis) {
        for (int i = count - 1; i >= 0; i--) {
            if (bytes.getLong(at(i) + BundleLayout.TIMESTAMP) <= timeMillis) {
                return OptionalLong.of(txid(i));
            }
        }
        return OptionalLong.empty();
    }

    private long txid(int i) {
        return bytes.getLong(at(i) + BundleLayout.TXID);
    }

    private int at(int i) {
        if (i < 0 || i >= count) {
            throw new IndexOutOfBoundsException("entry " + i + " of a bundle of " + count);
        }
        return bytes.position() + i * BundleLayout.ENTRY_SIZE;
    }

    /** What is wrong with the entries, if they are those of LTX files that end at the table; null if nothing is. */
    static @Nullable String problem(BundleTable table, long tableOffset) {
        long end = 0;
        for (int i = 0; i < table.count; i++) {
            BundleEntry entry = table.entry(i);
            if (entry.txid() != table.minTxid() + i || entry.txid() == 0) {
                return "entry " + i + " is for another transaction than the one that follows";
            }
            if (entry.offset() != end || entry.length() <= 0 || entry.length() > tableOffset - end) {
                return "entry " + i + " does not begin where the one before it ends, or reaches into the table";
            }
            end += entry.length();
        }
        return end == tableOffset ? null : "the LTX files end at byte " + end + ", the table begins at " + tableOffset;
    }
}
