package io.ltxfs.objectstore.s3;

import org.jspecify.annotations.Nullable;

/** How S3 writes ETags, keys and ranges. */
final class S3Text {
    private S3Text() {}

    /** An ETag without quotes; empty if there is none. */
    static String etag(@Nullable String sent) {
        if (sent == null) {
            return "";
        }
        String strong = sent.startsWith("W/") ? sent.substring(2) : sent;
        return strong.length() > 1 && strong.startsWith("\"") && strong.endsWith("\"")
                ? strong.substring(1, strong.length() - 1)
                : strong;
    }

    /** An ETag as the server wants to read it. */
    static String sentEtag(S3Url url, String etag) {
        return url.etagQuotes() ? '"' + etag + '"' : etag;
    }

    /** Whether a key is one that a store of ours may have; others are not ours. */
    static boolean isKey(String key) {
        if (key.isEmpty()) {
            return false;
        }
        for (String part : key.split("/", -1)) {
            if (part.isEmpty() || part.equals(".") || part.equals("..")) {
                return false;
            }
        }
        return true;
    }
}
