package io.ltxfs.ltx;

/**
 * What {@link Crc64#append} does, for second ranges of one length, such as pages: a table of 16 KiB instead of a
 * multiplication. May be used by many threads.
 */
public final class Crc64Appender {
    private static final int VALUES = 256;

    private final long[] products = new long[Long.BYTES * VALUES];

    /** For second ranges of so many bytes. */
    public Crc64Appender(long secondLength) {
        for (int place = 0; place < Long.BYTES; place++) {
            for (int value = 0; value < VALUES; value++) {
                products[place * VALUES + value] = Crc64.append((long) value << Byte.SIZE * place, 0, secondLength);
            }
        }
    }

    /** The CRC of two ranges one behind the other, from the CRC of each. */
    public long append(long first, long second) {
        long result = second;
        long rest = first;
        for (int place = 0; place < products.length; place += VALUES) {
            result ^= products[place + (int) (rest & 0xff)];
            rest >>>= Byte.SIZE;
        }
        return result;
    }
}
