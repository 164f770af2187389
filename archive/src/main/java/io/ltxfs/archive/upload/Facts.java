package io.ltxfs.archive.upload;

import io.ltxfs.archive.ObjectFacts;
import io.ltxfs.database.log.TransactionHeader;
import java.time.Instant;
import java.util.Optional;

/** What is said of our objects. */
final class Facts {
    private Facts() {}

    /**
     * Of an object.
     *
     * @param timestampMillis of its last transaction
     * @param preChecksum before its first transaction; 0 if that is 1, or if it is not known
     * @param last its last transaction
     */
    static ObjectFacts of(DatabaseUpload db, long timestampMillis, long preChecksum, TransactionHeader last) {
        return new ObjectFacts(
                Optional.of(Instant.ofEpochMilli(timestampMillis)),
                Optional.of(db.lineage),
                db.epoch,
                preChecksum,
                last.postChecksum(),
                Optional.of(new ObjectFacts.Owner(last.uid(), last.gid(), last.mode())));
    }

    /** Whether an object that is there is what was to be put. */
    static boolean same(ObjectFacts there, ObjectFacts ours) {
        return there.lineage().equals(ours.lineage())
                && there.postChecksum() == ours.postChecksum()
                && (there.preChecksum() == ours.preChecksum() || there.preChecksum() == 0 || ours.preChecksum() == 0);
    }
}
