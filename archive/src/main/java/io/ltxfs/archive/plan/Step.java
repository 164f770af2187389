package io.ltxfs.archive.plan;

import io.ltxfs.archive.BundleObject;
import io.ltxfs.archive.LtxObject;
import io.ltxfs.archive.ObjectFacts;
import io.ltxfs.archive.bundle.BundleTable;

/** A part of a plan. Steps are applied in order; each leaves the database at {@link #toTxid}. */
public sealed interface Step {
    /** The first transaction in it (unsigned); may be one that an earlier step has too. */
    long fromTxid();

    /** The last transaction in it (unsigned). */
    long toTxid();

    /** How many bytes of the archive it covers; the page index may show that fewer are needed. */
    long bytes();

    /** The object's key. */
    String key();

    /** What the object's metadata says. */
    ObjectFacts facts();

    /** An LTX object, all of it. */
    record Whole(LtxObject object, ObjectFacts facts) implements Step {
        @Override
        public long fromTxid() {
            return object.minTxid();
        }

        @Override
        public long toTxid() {
            return object.maxTxid();
        }

        @Override
        public long bytes() {
            return object.size();
        }

        @Override
        public String key() {
            return object.key();
        }
    }

    /** Some consecutive transactions of a bundle. */
    record Slice(BundleObject bundle, ObjectFacts facts, BundleTable table, long fromTxid, long toTxid)
            implements Step {
        @Override
        public long bytes() {
            return table.of(toTxid).offset()
                    + table.of(toTxid).length()
                    - table.of(fromTxid).offset();
        }

        @Override
        public String key() {
            return bundle.key();
        }
    }
}
