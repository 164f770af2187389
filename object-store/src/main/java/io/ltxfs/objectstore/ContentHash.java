package io.ltxfs.objectstore;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * A name for contents: the first half of their SHA-256 in hexadecimal. Stores that make their ETags themselves use it;
 * equal contents have equal ETags, as in S3.
 */
public final class ContentHash {
    private static final int BYTES = 16;

    private final MessageDigest digest;

    /** The hash of nothing yet. */
    public ContentHash() {
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /** Takes bytes in. */
    public void update(byte[] bytes, int offset, int length) {
        digest.update(bytes, offset, length);
    }

    /** Takes what is left in a buffer in. */
    public void update(ByteBuffer bytes) {
        digest.update(bytes);
    }

    /** The hash of what was taken in; begins anew. */
    public String finish() {
        return HexFormat.of().formatHex(Arrays.copyOf(digest.digest(), BYTES));
    }

    /** The hash of some bytes. */
    public static String of(byte[] bytes, int offset, int length) {
        ContentHash hash = new ContentHash();
        hash.update(bytes, offset, length);
        return hash.finish();
    }
}
