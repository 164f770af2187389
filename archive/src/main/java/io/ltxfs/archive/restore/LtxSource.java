package io.ltxfs.archive.restore;

import io.ltxfs.archive.bundle.BundleEntry;
import io.ltxfs.archive.plan.RestorePlan;
import io.ltxfs.archive.plan.Step;
import java.util.ArrayList;
import java.util.List;

/**
 * An LTX file that a plan needs: an object, or a part of a bundle.
 *
 * @param key the object that holds it
 * @param offset of its first byte in the object
 * @param length of it in bytes
 * @param fromTxid the first transaction that it must say it has (unsigned)
 * @param toTxid the last one
 * @param inBundle whether it is a part of a bundle: it then has database checksums
 */
record LtxSource(String key, long offset, long length, long fromTxid, long toTxid, boolean inBundle) {

    /** The files of a plan, in the order in which they apply. */
    static List<LtxSource> of(RestorePlan plan) {
        List<LtxSource> sources = new ArrayList<>();
        for (Step step : plan.steps()) {
            if (step instanceof Step.Whole whole) {
                sources.add(
                        new LtxSource(whole.key(), 0, whole.object().size(), whole.fromTxid(), whole.toTxid(), false));
            } else if (step instanceof Step.Slice slice) {
                long count = slice.toTxid() - slice.fromTxid() + 1;
                for (long i = 0; i < count; i++) {
                    BundleEntry entry = slice.table().of(slice.fromTxid() + i);
                    sources.add(new LtxSource(
                            slice.key(), entry.offset(), entry.length(), entry.txid(), entry.txid(), true));
                }
            }
        }
        return sources;
    }

    /** Whether the other one begins in the same object where this one ends. */
    boolean isFollowedBy(LtxSource other) {
        return key.equals(other.key) && offset + length == other.offset;
    }
}
