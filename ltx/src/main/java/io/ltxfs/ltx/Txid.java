package io.ltxfs.ltx;

/**
 * Transaction ids: unsigned 64-bit numbers, counted from 1 for each database, and their text form. Zero is "before any
 * transaction".
 */
public final class Txid {
    private Txid() {}

    /** The text form: 16 lower-case hexadecimal digits. */
    public static String format(long txid) {
        return Hex64.format(txid);
    }

    /**
     * Reads the text form: exactly 16 hexadecimal digits of either case.
     *
     * @throws IllegalArgumentException if the text has another form
     */
    public static long parse(CharSequence text) {
        return Hex64.parse(text, Hex64.DIGITS, "transaction id");
    }

    /**
     * Reads what a person typed: 1 to 16 hexadecimal digits of either case.
     *
     * @throws IllegalArgumentException if the text has another form
     */
    public static long parseShort(CharSequence text) {
        return Hex64.parse(text, 1, "transaction id");
    }

    /** Compares as unsigned numbers. */
    public static int compare(long a, long b) {
        return Long.compareUnsigned(a, b);
    }

    /**
     * Whether a file that holds the transactions {@code min..max} may follow what ends at {@code previousMax}: it may
     * overlap, must leave no gap and must go further.
     */
    public static boolean isContiguous(long previousMax, long min, long max) {
        return Long.compareUnsigned(min, previousMax + 1) <= 0 && Long.compareUnsigned(max, previousMax) > 0;
    }
}
