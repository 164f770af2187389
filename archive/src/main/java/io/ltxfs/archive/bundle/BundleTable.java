package io.ltxfs.archive.bundle;

/** The table of a bundle: its transactions in ascending order, without gaps. */
public final class BundleTable {
    /** How many transactions. */
    public int count() {
        throw new UnsupportedOperationException();
    }

    /** The first transaction (unsigned). */
    public long minTxid() {
        throw new UnsupportedOperationException();
    }

    /** The last transaction (unsigned). */
    public long maxTxid() {
        throw new UnsupportedOperationException();
    }

    /** An entry by its place, 0 for the first. */
    public BundleEntry entry(int i) {
        throw new UnsupportedOperationException();
    }

    /** The entry of a transaction that is in the bundle. */
    public BundleEntry of(long txid) {
        return entry(Math.toIntExact(txid - minTxid()));
    }
}
