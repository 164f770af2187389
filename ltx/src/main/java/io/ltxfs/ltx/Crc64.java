package io.ltxfs.ltx;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;

/**
 * CRC-64/GO-ISO: polynomial x^64 + x^4 + x^3 + x + 1, reflected, initial value and final xor all ones. The CRC of the
 * nine ASCII bytes {@code 123456789} is {@code b90956c775a41001}.
 *
 * <p>The polynomial has only four low terms, so no table is needed. Shifting 64 bits through the register multiplies
 * it by x^64, which is congruent to x^4 + x^3 + x + 1: a word costs a few shifts. In the reflected form the term x^k
 * is a shift to the right by k; what falls out at the right is of degree 64 and more, and comes back in at the left
 * ({@code << 63}, {@code << 61}, {@code << 60}), to be multiplied with the rest. One byte is the same with only the
 * top eight bits occupied, where nothing falls out. This runs several times as fast as a byte table and leaves the
 * caches to the pages.
 *
 * <p>One register is a chain in which each step waits for the one before, so a long range is cut into stripes: four
 * neighbouring pieces of 64 bytes run through registers of their own at the same time and are then put together. That
 * is cheap because squaring is linear here: x^512 = (x^64)^8 is congruent to x^32 + x^24 + x^8 + 1, as sparse as
 * before.
 *
 * <p>The functions work piecewise: {@code update(update(0, a), b)} is the CRC of {@code a} followed by {@code b}.
 */
public final class Crc64 {
    private static final VarHandle ARRAY_LE =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle BUFFER_LE =
            MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    /** Bytes that go through one register before the four are put together. */
    private static final int PIECE_SIZE = 64;

    private static final int STRIPE_SIZE = 4 * PIECE_SIZE;

    /** The polynomial 1, reflected. */
    private static final long ONE = 1L << 63;

    /** x^64, reflected: x^4 + x^3 + x + 1. */
    private static final long POLYNOMIAL = 0xD800000000000000L;

    private Crc64() {}

    /**
     * Continues a CRC over a range of an array.
     *
     * @param crc the value returned so far, 0 to begin
     */
    public static long update(long crc, byte[] bytes, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, bytes.length);
        long state = ~crc;
        int i = offset;
        int end = offset + length;
        for (; i <= end - STRIPE_SIZE; i += STRIPE_SIZE) {
            long second = 0;
            long third = 0;
            long fourth = 0;
            for (int j = i; j < i + PIECE_SIZE; j += Long.BYTES) {
                state = word(state ^ (long) ARRAY_LE.get(bytes, j));
                second = word(second ^ (long) ARRAY_LE.get(bytes, j + PIECE_SIZE));
                third = word(third ^ (long) ARRAY_LE.get(bytes, j + 2 * PIECE_SIZE));
                fourth = word(fourth ^ (long) ARRAY_LE.get(bytes, j + 3 * PIECE_SIZE));
            }
            state = piece(piece(piece(state) ^ second) ^ third) ^ fourth;
        }
        for (; i <= end - Long.BYTES; i += Long.BYTES) {
            state = word(state ^ (long) ARRAY_LE.get(bytes, i));
        }
        for (; i < end; i++) {
            state = oneByte(state, bytes[i]);
        }
        return ~state;
    }

    /**
     * Continues a CRC over a range of a buffer, heap or direct. The range is absolute; position, limit and byte order
     * of the buffer are neither used nor changed, except that the range must lie below the limit.
     *
     * @param crc the value returned so far, 0 to begin
     */
    public static long update(long crc, ByteBuffer buffer, int position, int length) {
        Objects.checkFromIndexSize(position, length, buffer.limit());
        if (buffer.hasArray()) {
            return update(crc, buffer.array(), buffer.arrayOffset() + position, length);
        }
        long state = ~crc;
        int i = position;
        int end = position + length;
        for (; i <= end - STRIPE_SIZE; i += STRIPE_SIZE) {
            long second = 0;
            long third = 0;
            long fourth = 0;
            for (int j = i; j < i + PIECE_SIZE; j += Long.BYTES) {
                state = word(state ^ (long) BUFFER_LE.get(buffer, j));
                second = word(second ^ (long) BUFFER_LE.get(buffer, j + PIECE_SIZE));
                third = word(third ^ (long) BUFFER_LE.get(buffer, j + 2 * PIECE_SIZE));
                fourth = word(fourth ^ (long) BUFFER_LE.get(buffer, j + 3 * PIECE_SIZE));
            }
            state = piece(piece(piece(state) ^ second) ^ third) ^ fourth;
        }
        for (; i <= end - Long.BYTES; i += Long.BYTES) {
            state = word(state ^ (long) BUFFER_LE.get(buffer, i));
        }
        for (; i < end; i++) {
            state = oneByte(state, buffer.get(i));
        }
        return ~state;
    }

    /** Continues a CRC over the four big-endian bytes of a number. */
    public static long updateInt(long crc, int value) {
        long state = ~crc;
        state = oneByte(state, (byte) (value >>> 24));
        state = oneByte(state, (byte) (value >>> 16));
        state = oneByte(state, (byte) (value >>> 8));
        state = oneByte(state, (byte) value);
        return ~state;
    }

    /** The CRC of a whole array. */
    public static long of(byte[] bytes) {
        return update(0, bytes, 0, bytes.length);
    }

    /**
     * The CRC of two ranges one behind the other, from the CRC of each.
     *
     * @param first the CRC of the first one
     * @param second the CRC of the second one
     * @param secondLength the second one's length in bytes
     */
    public static long append(long first, long second, long secondLength) {
        return multiply(first, zeros(secondLength)) ^ second;
    }

    /** x<sup>8n</sup>, which multiplied with a CRC is what n bytes of zeros behind the data do to it. */
    private static long zeros(long bytes) {
        long power = ONE >>> 8; // x^8
        long result = ONE;
        for (long n = bytes; n != 0; n >>>= 1) {
            if ((n & 1) != 0) {
                result = multiply(result, power);
            }
            power = multiply(power, power);
        }
        return result;
    }

    /** The product of two polynomials, reflected as the CRC is. */
    private static long multiply(long a, long b) {
        long product = 0;
        long shifted = b;
        for (long rest = a; rest != 0; rest <<= 1) {
            if (rest < 0) {
                product ^= shifted;
            }
            // Times x: a shift to the right; what falls out is x^64.
            shifted = (shifted >>> 1) ^ (POLYNOMIAL & -(shifted & 1));
        }
        return product;
    }

    private static long word(long v) {
        long r = v ^ (v << 63) ^ (v << 61) ^ (v << 60);
        return r ^ (r >>> 1) ^ (r >>> 3) ^ (r >>> 4);
    }

    /** What {@link #word} does for 64 bits of zeros, for 512. */
    private static long piece(long v) {
        long o = (v << 56) ^ (v << 40) ^ (v << 32);
        return v ^ (v >>> 8) ^ (v >>> 24) ^ (v >>> 32) ^ o ^ (o >>> 1) ^ (o >>> 3) ^ (o >>> 4);
    }

    private static long oneByte(long state, byte b) {
        long w = (state ^ b) << 56;
        return (state >>> 8) ^ w ^ (w >>> 1) ^ (w >>> 3) ^ (w >>> 4);
    }
}
