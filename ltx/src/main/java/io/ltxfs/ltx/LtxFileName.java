package io.ltxfs.ltx;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The name of an LTX file: {@code <MinTXID>-<MaxTXID>.ltx}, lower-case hexadecimal. Names are ordered by first, then
 * by last transaction.
 *
 * @param minTxid the first transaction in the file
 * @param maxTxid the last transaction in the file
 */
public record LtxFileName(long minTxid, long maxTxid) implements Comparable<LtxFileName> {
    private static final Pattern FORM = Pattern.compile("([0-9a-f]{16})-([0-9a-f]{16})\\.ltx");

    /** Reads a file name without directory; empty if it is not the name of an LTX file. */
    public static Optional<LtxFileName> parse(String name) {
        Matcher matcher = FORM.matcher(name);
        return matcher.matches()
                ? Optional.of(new LtxFileName(Txid.parse(matcher.group(1)), Txid.parse(matcher.group(2))))
                : Optional.empty();
    }

    @Override
    public int compareTo(LtxFileName other) {
        int byMin = Long.compareUnsigned(minTxid, other.minTxid);
        return byMin != 0 ? byMin : Long.compareUnsigned(maxTxid, other.maxTxid);
    }

    /** The name, 37 characters. */
    @Override
    public String toString() {
        return Txid.format(minTxid) + "-" + Txid.format(maxTxid) + ".ltx";
    }
}
