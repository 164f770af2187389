package io.ltxfs.ltx;

/**
 * A position in a database's history: the last transaction and the database checksum after it.
 *
 * @param txid the last transaction, 0 before any
 * @param checksum the database checksum after it, 0 before any transaction or where checksums are not kept
 */
public record Pos(long txid, long checksum) implements Comparable<Pos> {
    /** The position before any transaction. */
    public static final Pos ZERO = new Pos(0, 0);

    private static final int SEPARATOR = 16;
    private static final int LENGTH = 33;

    /**
     * Reads the text form, {@code <TXID>/<checksum>} with 16 hexadecimal digits each.
     *
     * @throws IllegalArgumentException if the text has another form
     */
    public static Pos parse(String text) {
        if (text.length() != LENGTH || text.charAt(SEPARATOR) != '/') {
            throw new IllegalArgumentException("invalid position \"" + text
                    + "\": <transaction id>/<checksum> with 16 hexadecimal digits each is needed");
        }
        return new Pos(Txid.parse(text.substring(0, SEPARATOR)), PageChecksum.parse(text.substring(SEPARATOR + 1)));
    }

    /** Whether this is the position before any transaction. */
    public boolean isZero() {
        return txid == 0 && checksum == 0;
    }

    /** Orders by transaction, then by checksum, both unsigned. */
    @Override
    public int compareTo(Pos other) {
        int byTxid = Long.compareUnsigned(txid, other.txid);
        return byTxid != 0 ? byTxid : Long.compareUnsigned(checksum, other.checksum);
    }

    /** The text form, 33 characters. */
    @Override
    public String toString() {
        return Txid.format(txid) + "/" + PageChecksum.format(checksum);
    }
}
