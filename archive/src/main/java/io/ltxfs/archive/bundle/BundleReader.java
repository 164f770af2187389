package io.ltxfs.archive.bundle;

import io.ltxfs.archive.BundleObject;
import io.ltxfs.archive.ObjectFacts;
import io.ltxfs.ltx.LtxReader;
import io.ltxfs.objectstore.ObjectStore;
import java.io.IOException;

/**
 * Reads a bundle by ranges: its table from the tail, then what is asked for. Failures are
 * {@link io.ltxfs.archive.ArchiveException} of kind DAMAGED naming the object, or the store's.
 */
public final class BundleReader {

    /** Takes one transaction of a bundle. */
    @FunctionalInterface
    public interface Visitor {
        /**
         * One transaction. The reader is at its first page; what is left unread is skipped, unverified.
         *
         * @param ltx the LTX file
         */
        void visit(BundleEntry entry, LtxReader ltx) throws IOException;
    }

    private BundleReader() {}

    /** Reads the table: one request, two for a large one. */
    public static BundleReader open(ObjectStore store, BundleObject bundle) throws IOException {
        throw new UnsupportedOperationException();
    }

    /** The bundle. */
    public BundleObject bundle() {
        throw new UnsupportedOperationException();
    }

    /** What its metadata says. */
    public ObjectFacts facts() {
        throw new UnsupportedOperationException();
    }

    /** Its table. */
    public BundleTable table() {
        throw new UnsupportedOperationException();
    }

    /** Reads transactions in ascending order, by one request. */
    public void read(long fromTxid, long toTxid, Visitor visitor) throws IOException {
        throw new UnsupportedOperationException();
    }
}
