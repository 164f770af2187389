package io.ltxfs.objectstore;

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
        throw new IllegalArgumentException("'" + url + "' is not a store's URL");
    }
}
