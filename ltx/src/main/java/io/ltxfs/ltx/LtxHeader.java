package io.ltxfs.ltx;

import static io.ltxfs.ltx.LtxLayout.FLAG_NO_CHECKSUM;

/**
 * The header of an LTX file.
 *
 * <p>A record may hold any values, so that a bad header can be shown; {@link #validate} has the rules, and writer and
 * reader apply them.
 *
 * @param flags 0, or 2 for a file without database checksums
 * @param pageSize the database's page size in bytes
 * @param commit the database's size in pages (unsigned) after the last transaction; 0 = the database is deleted
 * @param minTxid the first transaction; 1 makes the file a snapshot
 * @param maxTxid the last transaction
 * @param timestampMillis the time of the last transaction, milliseconds since 1970 UTC; 0 = not known
 * @param preApplyChecksum the database checksum before the first transaction; 0 for snapshots and for files without
 *     checksums
 * @param walOffset where in the WAL the transaction's frames start; 0 = not from a WAL
 * @param walSize bytes of those frames
 * @param walSalt1 the WAL header's first salt
 * @param walSalt2 the WAL header's second salt
 * @param nodeId the node that wrote the file; 0 = not known
 */
public record LtxHeader(
        int flags,
        int pageSize,
        int commit,
        long minTxid,
        long maxTxid,
        long timestampMillis,
        long preApplyChecksum,
        long walOffset,
        long walSize,
        int walSalt1,
        int walSalt2,
        long nodeId) {

    /** The encoded size in bytes. */
    public static final int SIZE = LtxLayout.HEADER_SIZE;

    /** A header of a file with every page, for the transactions 1 to {@code maxTxid}. */
    public static LtxHeader snapshot(int pageSize, int commit, long maxTxid, long timestampMillis) {
        return new LtxHeader(0, pageSize, commit, 1, maxTxid, timestampMillis, 0, 0, 0, 0, 0, 0);
    }

    /** A header of a file with the pages that the transactions {@code minTxid} to {@code maxTxid} changed. */
    public static LtxHeader delta(
            int pageSize, int commit, long minTxid, long maxTxid, long timestampMillis, long preApplyChecksum) {
        return new LtxHeader(0, pageSize, commit, minTxid, maxTxid, timestampMillis, preApplyChecksum, 0, 0, 0, 0, 0);
    }

    /** The same for a file without database checksums. */
    public LtxHeader withoutChecksums() {
        return new LtxHeader(
                flags | FLAG_NO_CHECKSUM,
                pageSize,
                commit,
                minTxid,
                maxTxid,
                timestampMillis,
                0,
                walOffset,
                walSize,
                walSalt1,
                walSalt2,
                nodeId);
    }

    /** The same with the place of its frames in a WAL. */
    public LtxHeader withWal(long offset, long size, int salt1, int salt2) {
        return new LtxHeader(
                flags,
                pageSize,
                commit,
                minTxid,
                maxTxid,
                timestampMillis,
                preApplyChecksum,
                offset,
                size,
                salt1,
                salt2,
                nodeId);
    }

    /** The same with the id of the writing node. */
    public LtxHeader withNodeId(long id) {
        return new LtxHeader(
                flags,
                pageSize,
                commit,
                minTxid,
                maxTxid,
                timestampMillis,
                preApplyChecksum,
                walOffset,
                walSize,
                walSalt1,
                walSalt2,
                id);
    }

    /** Whether the file holds the whole database. */
    public boolean isSnapshot() {
        return minTxid == 1;
    }

    /** Whether the database is deleted by the file. */
    public boolean isDeletion() {
        return commit == 0;
    }

    /** Whether the file carries database checksums. */
    public boolean hasChecksums() {
        return (flags & FLAG_NO_CHECKSUM) == 0;
    }

    /** The page that a file for this database never holds. */
    public int lockPgno() {
        return LockPage.pgno(pageSize);
    }

    /** The database's size in bytes after the file is applied. */
    public long databaseSize() {
        return LtxLayout.databaseSize(commit, pageSize);
    }

    /** The position that the file applies to. */
    public Pos preApplyPos() {
        return new Pos(minTxid - 1, preApplyChecksum);
    }

    /** The name that a file with this header has. */
    public LtxFileName fileName() {
        return new LtxFileName(minTxid, maxTxid);
    }

    /**
     * Applies the rules of the format, the first failure wins.
     *
     * @throws LtxFormatException with the offset of the field that breaks a rule
     */
    public void validate() throws LtxFormatException {
        validate(FLAG_NO_CHECKSUM);
    }

    void validate(int flagsAllowed) throws LtxFormatException {
        check(
                (flags & ~flagsAllowed) == 0,
                LtxError.BAD_FLAGS,
                LtxLayout.FLAGS_OFFSET,
                "unknown header flags 0x%08x",
                flags);
        check(
                LtxLayout.isPageSize(pageSize),
                LtxError.BAD_PAGE_SIZE,
                LtxLayout.PAGE_SIZE_OFFSET,
                "page size %s is not a power of two from 512 to 65536",
                Integer.toUnsignedString(pageSize));
        check(minTxid != 0, LtxError.TXID_REQUIRED, LtxLayout.MIN_TXID_OFFSET, "the first transaction id is zero");
        check(maxTxid != 0, LtxError.TXID_REQUIRED, LtxLayout.MAX_TXID_OFFSET, "the last transaction id is zero");
        check(
                Long.compareUnsigned(minTxid, maxTxid) <= 0,
                LtxError.TXID_ORDER,
                LtxLayout.MIN_TXID_OFFSET,
                "the first transaction id %016x is greater than the last, %016x",
                minTxid,
                maxTxid);
        validateWal();
        validatePreApply();
    }

    private void validateWal() throws LtxFormatException {
        check(
                walOffset >= 0,
                LtxError.WAL_NEGATIVE,
                LtxLayout.WAL_OFFSET_OFFSET,
                "WAL offset %d is negative",
                walOffset);
        check(walSize >= 0, LtxError.WAL_NEGATIVE, LtxLayout.WAL_SIZE_OFFSET, "WAL size %d is negative", walSize);
        check(
                walOffset != 0 || (walSalt1 == 0 && walSalt2 == 0),
                LtxError.WAL_SALT_WITHOUT_OFFSET,
                walSalt1 != 0 ? LtxLayout.WAL_SALT1_OFFSET : LtxLayout.WAL_SALT2_OFFSET,
                "WAL salts %08x %08x without a WAL offset",
                walSalt1,
                walSalt2);
        check(
                walOffset != 0 || walSize == 0,
                LtxError.WAL_SIZE_WITHOUT_OFFSET,
                LtxLayout.WAL_SIZE_OFFSET,
                "WAL size %d without a WAL offset",
                walSize);
    }

    private void validatePreApply() throws LtxFormatException {
        int at = LtxLayout.PRE_APPLY_OFFSET;
        if (isSnapshot()) {
            check(
                    preApplyChecksum == 0,
                    LtxError.PRE_APPLY_ON_SNAPSHOT,
                    at,
                    "a snapshot has pre-apply checksum %016x",
                    preApplyChecksum);
        } else if (!hasChecksums()) {
            check(
                    preApplyChecksum == 0,
                    LtxError.PRE_APPLY_NOT_ALLOWED,
                    at,
                    "a file without checksums has pre-apply checksum %016x",
                    preApplyChecksum);
        } else {
            check(preApplyChecksum != 0, LtxError.PRE_APPLY_REQUIRED, at, "a delta has no pre-apply checksum");
            check(
                    (preApplyChecksum & PageChecksum.FLAG) != 0,
                    LtxError.PRE_APPLY_FORMAT,
                    at,
                    "bit 63 of pre-apply checksum %016x is not set",
                    preApplyChecksum);
        }
    }

    private static void check(boolean holds, LtxError error, int offset, String format, Object... arguments)
            throws LtxFormatException {
        if (!holds) {
            throw new LtxFormatException(error, offset, String.format(format, arguments));
        }
    }

    /** Encodes into 100 bytes; the reserved ones are zero. */
    byte[] encode() {
        byte[] bytes = new byte[SIZE];
        LtxLayout.putInt(bytes, LtxLayout.MAGIC_OFFSET, LtxLayout.MAGIC);
        LtxLayout.putInt(bytes, LtxLayout.FLAGS_OFFSET, flags);
        LtxLayout.putInt(bytes, LtxLayout.PAGE_SIZE_OFFSET, pageSize);
        LtxLayout.putInt(bytes, LtxLayout.COMMIT_OFFSET, commit);
        LtxLayout.putLong(bytes, LtxLayout.MIN_TXID_OFFSET, minTxid);
        LtxLayout.putLong(bytes, LtxLayout.MAX_TXID_OFFSET, maxTxid);
        LtxLayout.putLong(bytes, LtxLayout.TIMESTAMP_OFFSET, timestampMillis);
        LtxLayout.putLong(bytes, LtxLayout.PRE_APPLY_OFFSET, preApplyChecksum);
        LtxLayout.putLong(bytes, LtxLayout.WAL_OFFSET_OFFSET, walOffset);
        LtxLayout.putLong(bytes, LtxLayout.WAL_SIZE_OFFSET, walSize);
        LtxLayout.putInt(bytes, LtxLayout.WAL_SALT1_OFFSET, walSalt1);
        LtxLayout.putInt(bytes, LtxLayout.WAL_SALT2_OFFSET, walSalt2);
        LtxLayout.putLong(bytes, LtxLayout.NODE_ID_OFFSET, nodeId);
        return bytes;
    }

    /**
     * Reads the fields without applying the rules, so that a wrong header can be shown.
     *
     * @param bytes the first 100 bytes of a file, or more
     * @throws LtxFormatException if it is no LTX header at all
     */
    public static LtxHeader parse(byte[] bytes) throws LtxFormatException {
        check(bytes.length >= SIZE, LtxError.TRUNCATED, bytes.length, "the file ends in the header");
        int magic = LtxLayout.getInt(bytes, LtxLayout.MAGIC_OFFSET);
        check(
                magic == LtxLayout.MAGIC,
                LtxError.BAD_MAGIC,
                LtxLayout.MAGIC_OFFSET,
                "%08x is not the magic LTX1",
                magic);
        return new LtxHeader(
                LtxLayout.getInt(bytes, LtxLayout.FLAGS_OFFSET),
                LtxLayout.getInt(bytes, LtxLayout.PAGE_SIZE_OFFSET),
                LtxLayout.getInt(bytes, LtxLayout.COMMIT_OFFSET),
                LtxLayout.getLong(bytes, LtxLayout.MIN_TXID_OFFSET),
                LtxLayout.getLong(bytes, LtxLayout.MAX_TXID_OFFSET),
                LtxLayout.getLong(bytes, LtxLayout.TIMESTAMP_OFFSET),
                LtxLayout.getLong(bytes, LtxLayout.PRE_APPLY_OFFSET),
                LtxLayout.getLong(bytes, LtxLayout.WAL_OFFSET_OFFSET),
                LtxLayout.getLong(bytes, LtxLayout.WAL_SIZE_OFFSET),
                LtxLayout.getInt(bytes, LtxLayout.WAL_SALT1_OFFSET),
                LtxLayout.getInt(bytes, LtxLayout.WAL_SALT2_OFFSET),
                LtxLayout.getLong(bytes, LtxLayout.NODE_ID_OFFSET));
    }
}
