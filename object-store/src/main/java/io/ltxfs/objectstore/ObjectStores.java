package io.ltxfs.objectstore;

import io.ltxfs.objectstore.s3.S3Store;
import io.ltxfs.objectstore.s3.S3Url;

/** Opens stores by their URLs. */
public final class ObjectStores {
    private ObjectStores() {}

    /**
     * Opens a store: {@code file:///abs/dir}, {@code file:/abs/dir}, {@code /abs/dir}, or
     * {@code s3://bucket/prefix?endpoint=…&region=…&path-style=…}. Makes no request.
     *
     * @throws IllegalArgumentException if the URL is wrong, naming the part and what is allowed
     */
    public static ObjectStore open(String url) {
        if (url.startsWith("s3:")) {
            return S3Store.open(S3Url.parse(url));
        }
        throw new IllegalArgumentException("'" + url + "' is not a store's URL");
    }
}
