package io.ltxfs.archive.upload;

import io.ltxfs.archive.DatabaseArchive;
import io.ltxfs.database.feed.Transaction;
import java.util.List;

/** Told what reached level 0, on the thread that put it; must return soon. */
public interface UploadListener {
    /** Takes no notice. */
    UploadListener NONE = uploaded -> {};

    /**
     * An object of level 0.
     *
     * @param database the database's archive
     * @param lineage of the database
     * @param minTxid the first transaction in it (unsigned)
     * @param maxTxid the last one
     * @param image whether it is a whole image over which no object of a higher level may begin earlier
     * @param transactions what it was made of, as the log has it; empty if the log has not
     */
    record Uploaded(
            DatabaseArchive database,
            String lineage,
            long minTxid,
            long maxTxid,
            boolean image,
            List<Transaction> transactions) {
        /** Copies the list. */
        public Uploaded {
            transactions = List.copyOf(transactions);
        }
    }

    /** An object was put. */
    void uploaded(Uploaded uploaded);
}
