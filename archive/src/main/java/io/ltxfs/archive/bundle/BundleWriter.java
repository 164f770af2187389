package io.ltxfs.archive.bundle;

import io.ltxfs.ltx.LtxHeader;
import io.ltxfs.ltx.LtxSummary;
import io.ltxfs.ltx.LtxWriter;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/**
 * Writes a bundle from front to back. For each transaction either {@link #begin}, pages, {@link LtxWriter#finish}, and
 * {@link #end}, or {@link #copy}; at last {@link #finish}. Until then the output holds nothing that a reader accepts.
 * The output is neither synced nor closed. Not for use by several threads at once.
 */
public final class BundleWriter {
    /** How many transactions a bundle may have: its table is held in memory. */
    public static final int TRANSACTIONS_MAX = 1_000_000;

    /** A bundle that is written to a stream, which should be buffered. */
    public BundleWriter(OutputStream out) {
        throw new UnsupportedOperationException();
    }

    /** Begins the next transaction: a header of one TXID, the one after the last, with database checksums. */
    public LtxWriter begin(LtxHeader header) throws IOException {
        throw new UnsupportedOperationException();
    }

    /** Ends a transaction, with what {@link LtxWriter#finish} gave. */
    public void end(LtxSummary summary) throws IOException {
        throw new UnsupportedOperationException();
    }

    /** Takes the next transaction from an LTX file, to the stream's end, and verifies it on the way. */
    public void copy(InputStream ltx) throws IOException {
        throw new UnsupportedOperationException();
    }

    /** How many transactions so far. */
    public int count() {
        throw new UnsupportedOperationException();
    }

    /** Bytes so far. */
    public long size() {
        throw new UnsupportedOperationException();
    }

    /** Writes the table and flushes. A bundle has at least one transaction. */
    public BundleTable finish() throws IOException {
        throw new UnsupportedOperationException();
    }
}
