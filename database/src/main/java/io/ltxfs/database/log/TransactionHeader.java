package io.ltxfs.database.log;

/**
 * What the log says of one transaction of one database.
 *
 * @param database the database's name, its path below the mount
 * @param txid the transaction's number, 1 or more (unsigned)
 * @param epoch the lease epoch under which it was accepted; 0 without a lease
 * @param timeMillis when it was captured, milliseconds since the Unix epoch
 * @param pageSize the page size after the transaction, 512 to 65536; of a drop the last one, or 0 if never known
 * @param commit the database's size in pages after the transaction (unsigned); 0 for a drop or an emptied file
 * @param preChecksum the LTX database checksum before it; 0 before the first transaction
 * @param postChecksum the LTX database checksum after it; the bare flag (bit 63) if {@code commit} is 0
 * @param image what the page set is: the changed pages, the whole database, or a drop
 * @param uid owner of the database file
 * @param gid group of the database file
 * @param mode permission bits of the database file
 * @param jump whether this is not the transaction after the one before it in the log, but a position of another history:
 *     nothing before it can be reached any more, and TXIDs may go back by it. Its pages are still relative to the content
 *     before it, unless it is a full image
 */
public record TransactionHeader(
        String database,
        long txid,
        long epoch,
        long timeMillis,
        int pageSize,
        int commit,
        long preChecksum,
        long postChecksum,
        Image image,
        int uid,
        int gid,
        int mode,
        boolean jump) {

    /** A transaction that follows the one before it. */
    public TransactionHeader(
            String database,
            long txid,
            long epoch,
            long timeMillis,
            int pageSize,
            int commit,
            long preChecksum,
            long postChecksum,
            Image image,
            int uid,
            int gid,
            int mode) {
        this(
                database,
                txid,
                epoch,
                timeMillis,
                pageSize,
                commit,
                preChecksum,
                postChecksum,
                image,
                uid,
                gid,
                mode,
                false);
    }

    /** The same as a jump to a position of another history. */
    public TransactionHeader asJump() {
        return new TransactionHeader(
                database, txid, epoch, timeMillis, pageSize, commit, 0, postChecksum, image, uid, gid, mode, true);
    }

    /** What the pages of a record are. */
    public enum Image {
        /** Changed pages only. */
        DELTA,
        /** Every page but the lock page: the first transaction, a page-size change, an adopted or renamed file. */
        FULL,
        /** The file was unlinked: no pages, commit 0; recovery removes the file. */
        DROP,
        /**
         * The database was put in place whole, from elsewhere: no pages, although it has {@code commit} of them. Neither
         * the transaction before it nor the content of this one can be had from the log.
         */
        INSTALLED
    }
}
