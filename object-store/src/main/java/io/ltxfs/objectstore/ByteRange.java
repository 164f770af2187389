package io.ltxfs.objectstore;

/**
 * A part of an object.
 *
 * @param offset of its first byte
 * @param length in bytes
 */
public record ByteRange(long offset, long length) {

    /**
     * What {@link ObjectStore#get(String, long, long)} gives of an object of a size.
     *
     * @param object the object as people write it
     * @throws StoreException {@link StoreException.Kind#RANGE} if the object ends before the range begins
     */
    public static ByteRange of(String object, long size, long offset, long length) throws StoreException {
        checkArguments(offset, length);
        if (offset < 0) {
            long start = Math.max(0, size + offset);
            return new ByteRange(start, Math.min(length, size - start));
        }
        if (offset >= size) {
            throw new StoreException(
                    StoreException.Kind.RANGE,
                    object + ": has " + size + " bytes, and byte " + offset
                            + " was asked for; it is cut short, or not the object it was taken for");
        }
        return new ByteRange(offset, Math.min(length, size - offset));
    }

    /**
     * Checks what can be checked without the object.
     *
     * @throws IllegalArgumentException if the length is below 1
     */
    public static void checkArguments(long offset, long length) {
        if (length < 1) {
            throw new IllegalArgumentException("a range of " + length + " bytes at " + offset);
        }
    }
}
