package io.ltxfs.ltx;

/** Unsigned 64-bit numbers as hexadecimal text. */
final class Hex64 {
    /** Digits of the full form. */
    static final int DIGITS = 16;

    private Hex64() {}

    /** 16 lower-case digits. */
    static String format(long value) {
        String digits = Long.toHexString(value);
        return "0".repeat(DIGITS - digits.length()) + digits;
    }

    /**
     * Reads digits of either case, without sign or prefix. ({@code Long.parseUnsignedLong} would also take a leading
     * plus.)
     *
     * @param digitsMin the fewest digits accepted; the most are 16
     * @param what the thing that is read, for the message
     */
    static long parse(CharSequence text, int digitsMin, String what) {
        int length = text.length();
        if (length < digitsMin || length > DIGITS) {
            String wanted = digitsMin == DIGITS ? "16" : digitsMin + " to 16";
            throw new IllegalArgumentException(
                    "invalid " + what + " \"" + text + "\": " + wanted + " hexadecimal digits are needed");
        }
        long value = 0;
        for (int i = 0; i < length; i++) {
            int digit = digit(text.charAt(i));
            if (digit < 0) {
                throw new IllegalArgumentException(
                        "invalid " + what + " \"" + text + "\": '" + text.charAt(i) + "' is not a hexadecimal digit");
            }
            value = value << 4 | digit;
        }
        return value;
    }

    private static int digit(char c) {
        if (c >= '0' && c <= '9') {
            return c - '0';
        }
        int lower = c | 0x20;
        return c < 0x80 && lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
    }
}
