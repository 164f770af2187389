package io.ltxfs.database;

/**
 * Where a database is: the last transaction whose COMMIT has returned, and the LTX database checksum then.
 *
 * @param txid 0 before the first transaction (unsigned)
 * @param checksum 0 before the first transaction, else with bit 63 set
 */
public record Position(long txid, long checksum) {
    /** Before any transaction. */
    public static final Position NONE = new Position(0, 0);

    /** {@code TXID/checksum}, both as 16 hexadecimal digits. */
    @Override
    public String toString() {
        return String.format("%016x/%016x", txid, checksum);
    }
}
